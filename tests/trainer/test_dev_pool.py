"""Held-out groups: whole passages, in all languages, and never trained on."""

import numpy as np
import pytest

from tests.trainer.tiny_encoder import make_table
from trainer.benchmarks.dev_pool import hold_out, make_dev_pool
from trainer.corpora.corpus import CorpusTable


@pytest.fixture
def corpus() -> CorpusTable:
    return CorpusTable(make_table(), ("en", "es", "ca"), ("tiny",))


def test_no_passage_is_on_both_sides_and_no_row_is_lost(corpus):
    rest, held_out = hold_out(corpus, 6)
    sides = [set(side.column("passage_group").tolist()) for side in (rest, held_out)]
    assert not sides[0] & sides[1]
    assert len(rest.table) + len(held_out.table) == len(corpus.table)
    assert len(set(held_out.column("group").tolist())) == 6


def test_at_most_a_tenth_is_held_out_and_always_the_same(corpus):
    _, held_out = hold_out(corpus, 1000)
    assert len(set(held_out.column("group").tolist())) == 6
    again = hold_out(corpus, 1000)[1]
    assert (again.column("group") == held_out.column("group")).all()


def test_a_question_is_answered_by_its_passage_in_every_language(corpus):
    rest, held_out = hold_out(corpus, 6)
    pool = make_dev_pool(held_out, 100)
    assert pool.languages == ("en", "es", "ca")
    assert len(pool.relevance) == 6
    for group, grades in pool.relevance.items():
        assert {name.split(":")[0] for name in grades} == {"en", "es", "ca"}
        row = int(np.flatnonzero(corpus.column("group") == int(group))[0])
        passage = corpus.column("passage_group")[row]
        assert set(grades) == {f"{lang}:{passage}" for lang in pool.languages}
    texts = {text for candidates in pool.candidates.values() for text in candidates.texts}
    assert not texts & set(rest.table["passage"])
    assert len(pool.candidates["es"].ids) == len(set(pool.candidates["es"].texts)) == 3


def test_the_pool_is_no_larger_than_asked(corpus):
    pool = make_dev_pool(corpus, 10)
    assert len(pool.relevance) == 10
    assert {len(questions.ids) for questions in pool.questions.values()} == {10}
