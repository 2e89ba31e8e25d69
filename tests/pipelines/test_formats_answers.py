"""Answers: their layouts, printed ones, where they stand, and marks that there is none."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import mapped
from pipelines.formats.answers import find_start
from pipelines.formats.item import Item, Origin
from pipelines.formats.literals import unprinted
from schemas.record import Answer, FailedRecord

ORIGIN = Origin(path="dir/file", name="file", dataset="set")
BILBAO = {"text": ["Bilbao", "two words"], "answer_start": [3, 10]}


def read(*values):
    items = [Item(n, {"question": "q", **value}) for n, value in enumerate(values, start=1)]
    return list(mapped.read_items(items, ORIGIN))


def reasons(results):
    return [r.reason if isinstance(r, FailedRecord) else "ok" for r in results]


@pytest.mark.parametrize(
    "printed",
    [
        str(BILBAO),
        json.dumps(BILBAO),
        repr({"text": np.array(BILBAO["text"], dtype=object), "answer_start": np.array([3, 10])}),
        repr([{"text": "Bilbao", "answer_start": 3}, {"text": "two words", "answer_start": 10}]),
        str(tuple({"text": t, "answer_start": s} for t, s in zip(*BILBAO.values(), strict=True))),
    ],
)
def test_a_printed_list_or_object_is_read_as_what_was_printed(printed):
    (record,) = read({"context": "in Bilbao two words", "answers": printed})
    assert record.answers == (Answer("Bilbao", 3), Answer("two words", 10))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            str(np.array(["one", "two words", "it's"] * 9, dtype=object)),
            ["one", "two words", "it's"] * 9,
        ),
        (repr(np.array(["one\nline"])), ["one\nline"]),
        ("array([], dtype=object)", []),
        ("[np.str_('a'), nan]", ["a", None]),
        ("('a', 'b')", ["a", "b"]),
        ("[3 10]", [3, 10]),
    ],
)
def test_what_numpy_prints_is_taken_apart(text, value):
    assert unprinted(text, numbers=True) == value


@pytest.mark.parametrize(
    "text",
    [
        "['Run,' he said]",
        "(1912)",
        "[citation needed]",
        "{x | x > 0}",
        "[12]",
        "('Go')",
        "[[Paris]]",
    ],
)
def test_a_text_in_brackets_stays_a_text(text):
    assert unprinted(text) == text


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=8,
    )
)
def test_any_printed_value_is_read_or_stays_a_text(value):
    answers = {"text": [value]}
    assert unprinted(repr(answers)) == answers
    assert unprinted(json.dumps(answers)) == answers


@given(st.text("[]{}()'\"\\,:a1 array", max_size=15))
def test_no_text_makes_the_parser_raise_anything_but_its_own_error(text):
    try:
        unprinted(text, numbers=True)
    except ValueError as error:
        assert "cannot be read" in str(error)


def test_a_printed_object_that_was_cut_is_refused_by_name():
    (failure,) = read({"context": "c", "answers": "{'text': array(['a', ..., 'z'])}"})
    assert failure.reason == "answer_not_text"
    assert "cannot be read" in failure.detail


@pytest.mark.parametrize(
    ("text", "start"),
    [("answers.text", "answers.answer_start"), ("answers_text", "answers_start")],
)
def test_flattened_answers_are_found(text, start):
    (record,) = read({"context": "in Bilbao", text: ["Bilbao"], start: [3]})
    assert record.answers == (Answer("Bilbao", 3),)


def test_a_printed_list_of_passages_is_joined_and_a_printed_object_is_named():
    record, failure = read({"context": "['one' 'two']"}, {"context": "{'text': ['one']}"})
    assert record.passage == "one\ntwo"
    assert failure.reason == "passage_not_text"
    assert "passage=NAME.KEY" in failure.detail


@pytest.mark.parametrize(
    ("passage", "text", "given", "start"),
    [
        ("In 1912 there were 12 ships", "12", 0, 19),
        ("Startups and an art fair", "art", 0, 16),
        ("Startups and an art fair", "art", 2, 2),  # it fits, so it is meant
        ("artists like the art fair", "art", 0, 17),
        ("In 1912", "12", 0, -1),
        ("In 1912s", "1912", 4, 3),  # miscounted by one
        ("12 ships and 12 boats", "12", 0, 0),
        ("é é é the cat, the dog", "the", len("é é é the cat, ".encode()), 15),
        ("😀 😀 the cat, the dog", "the", len("😀 😀 the cat, ".encode("utf-16-le")) // 2, 13),
    ],
)
def test_a_start_that_does_not_fit_is_a_hint(passage, text, given, start):
    assert find_start(passage, text, given) == start


@pytest.mark.parametrize(
    "signs",
    [
        {"answers": {"text": [""], "answer_start": [-1]}},
        {"answers": [{"text": "", "answer_start": -1}]},
        {"answers": {"text": [None], "answer_start": [-1]}},
        {"answers": "{'text': array([], dtype=object), 'answer_start': array([], dtype=int32)}"},
        {"answers": [], "plausible_answers": [{"text": "c", "answer_start": 0}]},
        *({"answers": ["c"], "is_impossible": mark} for mark in (1, 1.0, True, "true", "1")),
        *({"answers": ["c"], "answerable": mark} for mark in (0, False, "False")),
        *({"answers": [t]} for t in ("No Answer Present.", "CANNOTANSWER", "No answer", "")),
        {"answers": "CANNOTANSWER"},
        {"answers": "", "answer_start": "-1"},
    ],
)
def test_a_question_that_its_passage_does_not_answer_is_refused(signs):
    assert reasons(read({"context": "c", **signs})) == ["impossible_question"]


@pytest.mark.parametrize(
    "signs",
    [
        *({"answers": ["c"], "is_impossible": mark} for mark in (0, 0.0, False, "false", None)),
        {"answers": ["c"], "answer_start": [-1]},
        {"answers": None},
        {"answers": float("nan")},
        {"answers": {"text": [float("inf")], "answer_start": [float("nan")]}},
        {"answers": []},
        {"answers": ["c"], "plausible_answers": []},
        {"answers": ["unknown"]},
    ],
)
def test_a_question_without_such_marks_is_kept(signs):
    assert reasons(read({"context": "c", **signs})) == ["ok"]


def test_an_empty_list_or_cell_among_answers_is_no_mark():
    values = [{"context": "c", "answers": found} for found in (["c"], [], None, "", "[]")]
    assert set(reasons(read(*values))) == {"ok"}


def test_a_passage_that_says_that_there_is_no_answer_is_none():
    assert reasons(read({"answer": "No Answer Present."})) == ["impossible_question"]


def test_true_and_false_are_answered_yes_and_no():
    records = read({"context": "c", "answer": True}, {"context": "c", "answer": False})
    assert [r.answers[0].text for r in records] == ["yes", "no"]


@pytest.mark.parametrize("nothing", [float("nan"), float("-inf"), None, "nan", "NaN", "<NA>"])
def test_what_stands_for_nothing_is_missing(nothing):
    no_question = Item(1, {"question": nothing, "context": "c"})
    no_passage = Item(2, {"question": "q", "context": nothing})
    found = reasons(mapped.read_items([no_question, no_passage], ORIGIN))
    assert found == ["missing_question", "missing_passage"]


def test_missing_titles_and_answers_are_empty_and_words_stay_words():
    nan = float("nan")
    empty, words = read(
        {"context": "c", "title": nan, "answers": nan},
        {"context": "c", "title": "NaN", "answers": ["None"]},
    )
    assert (empty.title, empty.answers) == ("", ())
    assert (words.title, words.answers) == ("NaN", (Answer("None"),))


def test_whole_numbers_that_became_floats_are_whole_again():
    first, second = read(
        {"id": 7.0, "context": "in 1995", "answers": 1995.0},
        {"id": 8.0, "context": "5.0 percent", "answers": 5.0},
    )
    assert (first.record_id, first.answers[0].text) == ("7", "1995")
    assert second.answers[0].text == "5.0"
