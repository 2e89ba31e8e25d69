"""Answers are found by words that were learnt from the corpus itself, or not at all."""

import random
from dataclasses import replace

import numpy as np
import pytest

from pipelines.answers.spans import align_answer
from pipelines.answers.word_alignment import LEAST_PAIRS, align, learn_lexicon
from pipelines.judge.align_answers import align_group, sentence_pairs
from pipelines.translation.rows import Draft, Group
from schemas.record import Answer, Record
from schemas.row import RowAnswer
from tests.pipelines.report_corpus import make_row

WORDS = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in ("ln", "rt", "sm")]


def translate(word: str) -> str:
    """Return a word that looks like none of the English ones."""
    return "".join(chr(ord("а") + ord(letter) % 32) for letter in reversed(word)) + "ом"


@pytest.fixture(scope="module")
def pairs():
    chance = random.Random(5)
    sentences = [chance.sample(WORDS, 8) for _ in range(2 * LEAST_PAIRS)]
    return [(" ".join(s), " ".join(translate(w) for w in s)) for s in sentences]


@pytest.fixture(scope="module")
def lexicon(pairs):
    return learn_lexicon(pairs)


def test_an_answer_is_found_where_its_words_went(lexicon):
    source = "baln dert fism galn kort busm"
    target = " ".join(map(translate, source.split()))
    found = align(lexicon, source, target, (10, 19))
    assert source[10:19] == "fism galn"
    assert target[found.start : found.end] == f"{translate('fism')} {translate('galn')}"
    assert found.score > 0.8


def test_words_that_changed_places_are_followed(lexicon):
    source = "baln dert fism galn"
    target = " ".join(map(translate, ["dert", "baln", "galn", "fism"]))
    found = align(lexicon, source, target, (0, 4))
    assert target[found.start : found.end] == translate("baln")


def test_an_answer_whose_words_are_missing_is_not_found(lexicon):
    target = " ".join(map(translate, ["kort", "kirt", "kart", "kert"]))
    assert align(lexicon, "baln dert fism galn", target, (0, 9)) is None
    assert align(lexicon, "baln dert", "", (0, 4)) is None
    assert align(lexicon, "baln (dert)", "кто", (5, 6)) is None


def test_names_and_numbers_need_no_lexicon(lexicon):
    found = align(lexicon, "xyqw born 1971", "1971 раб xyqw", (0, 4))
    assert (found.start, found.end) == (9, 13)


def test_the_order_of_the_sentences_plays_no_part(pairs, lexicon):
    again = learn_lexicon(reversed([*pairs, *pairs]))
    assert np.array_equal(again.forward.values, lexicon.forward.values)
    assert again.target == lexicon.target


def test_too_few_sentences_teach_nothing(pairs):
    assert learn_lexicon(pairs[: LEAST_PAIRS - 1]) is None


SOURCE = "kort kert. baln dert fism galn."
TARGET = " ".join(map(translate, ["kort", "kert"])) + ". "
TARGET += " ".join(map(translate, ["baln", "dert", "fism", "galn"])) + "."
SPANS = ((0, 10, 0, TARGET.index(".") + 1), (11, 31, TARGET.index(".") + 2, len(TARGET)))


def group(method: str, start: int) -> Group:
    source = make_row(1, "en", question="", passage=SOURCE)
    answers = (RowAnswer("нет", start, method, 0.5),)
    texts = {"question": "", "passage": TARGET, "answers": answers, "sentence_map": SPANS}
    row = replace(make_row(1, "es"), lang="ru", **texts)
    record = Record("1", "d", "train", "", SOURCE, answers=(Answer("dert fism", 16),))
    return Group(record, source, (Draft(row, "", ()),))


def test_only_answers_without_a_place_are_aligned(lexicon):
    (draft,) = align_group(group("none", -1), {"ru": lexicon}).drafts
    answer = draft.row.answers[0]
    assert answer.text == f"{translate('dert')} {translate('fism')}"
    assert answer.method == "alignment" and 0.5 <= answer.confidence <= 1
    assert TARGET.startswith(answer.text, answer.start)
    placed = group("translated_exact", 0)
    assert align_group(placed, {"ru": lexicon}) == placed
    assert align_group(group("none", -1), {}) == group("none", -1)


def test_an_answer_without_a_place_in_english_has_none_in_another_language(lexicon):
    lost = RowAnswer("нет", -1, "none", 0.0)
    assert align_answer(Answer("dert", -1), lost, SOURCE, TARGET, SPANS, lexicon) is lost


def test_sentences_are_drawn_from_languages_with_spaces():
    drawn = list(sentence_pairs(group("none", -1)))
    assert [lang for lang, _ in drawn] == ["ru"] * 3
    assert ("kort kert.", TARGET[: SPANS[0][3]]) in [pair[1:] for _, pair in drawn]
