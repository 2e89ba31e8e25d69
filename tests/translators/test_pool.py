import pytest

from translators.pool import TranslatorPool
from translators.translator import Translation, TranslationError
from translators.usage import Usage


class Shouting:
    """A translator that writes in capitals, and cannot read some words."""

    def __init__(self, fails=()):
        self.fails = fails
        self.done = 0
        self.closed = False

    def translate(self, texts, target):
        if any(word in text for text in texts for word in self.fails):
            raise TranslationError("cannot read it")
        self.done += len(texts)
        return [Translation(text.upper()) for text in texts]

    def take_usage(self):
        return Usage(batches=self.done)

    def close(self):
        self.closed = True


@pytest.fixture
def pool():
    members = []

    def make():
        members.append(Shouting(fails=("poison",)))
        return members[-1]

    pool = TranslatorPool(make, 3)
    pool.members = members
    yield pool
    pool.close()
    assert all(member.closed for member in members)


def test_texts_come_back_in_order_and_all_members_work(pool):
    texts = [f"{'a' * (n % 37)} text {n}" for n in range(384)]
    assert [t.text for t in pool.translate(texts, "es")] == [text.upper() for text in texts]
    assert [member.done for member in pool.members] == [128, 128, 128]
    assert pool.take_usage().batches == 384


def test_a_few_texts_wake_one_member_only(pool):
    assert [t.text for t in pool.translate(["one", "two"], "es")] == ["ONE", "TWO"]
    assert [member.done for member in pool.members] == [2, 0, 0]
    assert pool.translate([], "es") == []


def test_what_fails_costs_no_other_text(pool):
    texts = [f"text {n}" for n in range(200)] + ["poison"]
    *good, bad = pool.translate(texts, "es")
    assert [t.text for t in good] == [text.upper() for text in texts[:-1]]
    assert bad.error == "failed"
