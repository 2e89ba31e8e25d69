"""When two texts are the same one: what variants are found, what merely looks alike is not."""

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.leaks.rules import EvaluationItem, find_leaks, make_index
from pipelines.text.overlap import find_words, gram_hashes, make_postings, text_key
from schemas.record import Record

WORDS = st.lists(st.text("abcdefghij", min_size=2, max_size=6), min_size=8, max_size=60)
PUNCTUATION = st.sampled_from([" ", ", ", "; ", "\n", " - ", "! ", " “", "”. ", "\u00a0", "' "])


def leaks(item, record_id="r", question="Who?", passage="Nobody did."):
    record = Record(record_id, "d", "train", question, passage)
    return [leak.reason for leak in find_leaks(record, [("set", make_index([item]))])]


@st.composite
def dressed(draw, words):
    """The same words in another case, with other punctuation."""
    text = "".join(word + draw(PUNCTUATION) for word in words)
    return draw(st.sampled_from([text, text.upper(), text.title(), f"«{text}»"]))


@given(st.data(), WORDS)
def test_case_and_punctuation_hide_neither_question_nor_passage(data, words):
    planted, found = data.draw(dressed(words)), data.draw(dressed(words))
    assert leaks(EvaluationItem("", planted, ""), question=found) == ["contaminated_question"]
    assert leaks(EvaluationItem("", "", planted), passage=found) == ["contaminated_passage"]


@given(st.data(), WORDS, WORDS, WORDS)
def test_a_passage_inside_a_longer_text_is_found(data, words, before, after):
    distinct = [f"{word}{n}" for n, word in enumerate([*words, *words])]  # 16 words at least
    text = " ".join([*before, data.draw(dressed(distinct)), *after])
    assert leaks(EvaluationItem("", "", " ".join(distinct)), passage=text) == [
        "contaminated_passage"
    ]


@given(WORDS, WORDS, st.integers(0, 9999), st.integers(0, 9999))
def test_unrelated_texts_are_never_found(evaluated, words, one, other):
    unrelated = [f"x{word}" for word in words]
    item = EvaluationItem(f"q{one}", " ".join(evaluated), " ".join(evaluated))
    assert leaks(item, f"q{other}", " ".join(unrelated), " ".join(unrelated)) == []


def test_words_in_common_without_order_are_no_leak():
    passage = " ".join(f"word{n}" for n in range(60))
    mixed = " ".join(f"word{n * 7 % 60}" for n in range(60))
    item = EvaluationItem("", "Who won the first war in the north?", passage)
    question = "Who won the first war in the north of the country?"
    assert leaks(item, question=question, passage=mixed) == []


@pytest.mark.parametrize(
    ("shared", "found"), [(20, True), (14, False)], ids=["13 of 53 runs", "7 of 53 runs"]
)
def test_a_quotation_is_no_copy_but_a_fifth_is(shared, found):
    quoted = [f"word{n}" for n in range(60)]
    other = [*quoted[:shared], *(f"other{n}" for n in range(60 - shared))]
    reasons = leaks(EvaluationItem("", "", " ".join(quoted)), passage=" ".join(other))
    assert bool(reasons) == found


def test_boilerplate_of_many_passages_ties_nothing_to_one_of_them():
    stock = "This condition is inherited in a pattern which means that both copies are changed."
    items = [
        EvaluationItem("", "", f"{stock} Disease {n} is seen in {n} of all people.")
        for n in range(11)
    ]
    index = [("set", make_index(items))]
    other = Record("r", "d", "train", "Is it?", f"{stock} Another one is rarer by far.")
    assert find_leaks(other, index) == []
    assert [leak.reason for leak in find_leaks(
        Record("r", "d", "train", "Is it?", items[3].passage), index
    )] == ["contaminated_passage"]  # fmt: skip


@pytest.mark.parametrize(
    ("record_id", "counts"),
    [
        ("56beb4343aeaaa14008c925b", True),
        ("56BEB4343AEAAA14008C925B", True),
        ("-3290814144789249484", True),
        ("1f0e3dad-99908345-f7439f8f-fabdffc4".replace("-", ""), True),
        ("123e4567-e89b-12d3-a456-426614174000", True),
        ("17", False),
        ("q3", False),
        ("0000001_1-1", False),
        ("0000000000000017", False),
        ("train-00000-of-00001.parquet:17", False),
        ("", False),
    ],
)
def test_ids_count_when_nobody_else_can_have_them(record_id, counts):
    item = EvaluationItem(record_id.lower(), "What?", "")
    assert leaks(item, record_id) == (["contaminated_id"] if counts else [])


def test_texts_without_a_letter_are_the_same_as_nothing():
    item = EvaluationItem("", "?!", "... --- ...")
    assert leaks(item, question="!?", passage="--- ... ---") == []


def test_a_name_as_passage_ties_nothing():
    assert leaks(EvaluationItem("", "Who?!", "Marie Curie"), passage="Marie Curie") == [
        "contaminated_question"
    ]
    assert leaks(EvaluationItem("", "Who else?", "Marie Curie"), passage="Marie Curie") == []


def test_marks_stay_with_their_letters():
    assert find_words("हिन्दी में") == ["हिन्दी", "में"]
    assert find_words("ﬁne CAFÉ cafe\u0301 6½ don't") == [
        "fine", "café", "café", "61", "2", "don", "t",
    ]  # fmt: skip


def test_keys_are_the_same_in_every_process():
    code = (
        "import json; from pipelines.text.overlap import *;"
        "print(json.dumps([text_key('k', ['a', 'b']).hex(), gram_hashes('abcdefgh', 3).tolist()]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [
        text_key("k", ["ab"]).hex(),
        gram_hashes("abcdefgh", 3).tolist(),
    ]


@given(st.lists(st.text("ab", max_size=30), min_size=1, max_size=8), st.text("ab", max_size=30))
def test_postings_count_what_a_set_would(texts, text):
    def runs(value):
        return {value[i : i + 3] for i in range(len(value) - 2)}

    postings = make_postings([gram_hashes(t, 3) for t in texts])
    owners, shared = postings.overlaps(gram_hashes(text, 3))
    expected = {n: len(runs(t) & runs(text)) for n, t in enumerate(texts) if runs(t) & runs(text)}
    assert dict(zip(owners.tolist(), shared.tolist(), strict=True)) == expected
    assert postings.sizes.tolist() == [len(runs(t)) for t in texts]
    assert np.all(np.diff(postings.hashes.astype(object)) >= 0)
