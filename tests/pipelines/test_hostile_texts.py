"""Texts that made a rule quadratic: nothing on the way of a record may take more than linear time.

No clock is read: with the old rules these texts take minutes to hours.
"""

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from pipelines.answers.spans import project_answer
from pipelines.checks import FieldPair, run_checks
from pipelines.checks.length import ends_as_question
from pipelines.text.english import foreign_language
from pipelines.text.normalise import normalise_record, normalise_text, whole_words
from pipelines.text.numerals import dense_digits, lost_numbers, numbers
from pipelines.text.relatedness import shared_part
from schemas.manifest import Calibration
from schemas.record import Answer, Record
from translators.segmentation import is_translatable, split_passage

SIZE = 100_000
TEXTS = {
    "a word": "a" * SIZE,
    "a capital word": "A" * SIZE,
    "spaces": "a" + " " * SIZE + "b",
    "line breaks": "1" + "\n" * SIZE + "b",
    "lines": "1\n" * (SIZE // 2),
    "combining marks": "a" + "\u0301\u0323" * (SIZE // 2),
    "joined marks": "\u0f73" * SIZE,
    "brackets": "(" * SIZE,
    "closing brackets": "a" + ". )" * (SIZE // 3) + "x",
    "digits": "1" * SIZE,
    "numbers": " ".join(map(str, range(10_000, 10_000 + SIZE // 6))),
    "less-than": "<" * SIZE,
    "tags": "<a" * (SIZE // 2),
    "dotted": "a." * (SIZE // 2),
    "question marks": "?" * SIZE + "a",
    "full stops": "." * SIZE + "a",
    "letters": "a " * (SIZE // 2),
    "at signs": "a@" * (SIZE // 2),
    "Chinese": "漢" * SIZE,
    "flags": "\U0001f1e9" * SIZE,
}
CALIBRATION = Calibration(median=0.0, mad=0.1, rows=100, origin="run")


@pytest.mark.parametrize("lang", ["es", "zh-Hans"])
@pytest.mark.parametrize("name", TEXTS)
def test_checks(name, lang):
    text = TEXTS[name]
    for field in ("question", "passage", "answer"):
        pair = FieldPair(
            field=field,
            lang=lang,
            source=text,
            target=f"{text} la",
            finished=True,
            calibration=CALIBRATION,
            sentences=((0, len(text), 0, len(text) + 3),),
            source_passage=text,
            target_passage=text[::-1],
            overlap=CALIBRATION,
            answers=(text[: SIZE // 2], "12"),
        )
        assert run_checks(pair)


@pytest.mark.parametrize("name", TEXTS)
def test_reading_and_segmentation(name):
    text = TEXTS[name]
    answers = (Answer(text[: SIZE // 2], 0), Answer(text[: SIZE // 2], -1), Answer("zz", 5))
    record = normalise_record(Record("1", "d", "train", text, text, answers=answers))
    assert record.passage == unicodedata.normalize("NFC", record.passage)
    assert foreign_language(record.passage) is not None
    segments = split_passage(record.passage)
    assert all(is_translatable(segment.text) is not None for segment in segments)
    assert "".join(record.passage.split()) == "".join(
        "".join(segment.text.split()) for segment in segments
    )


@pytest.mark.parametrize("spaced", [True, False])
@pytest.mark.parametrize("name", TEXTS)
def test_answers(name, spaced):
    text, half = TEXTS[name], TEXTS[name][: SIZE // 2]
    spans = ((0, len(text), 0, len(text)),)
    found = project_answer(Answer(half, 0), half + ".", text, text, spans, spaced, half)
    assert found.start == -1 or text.startswith(found.text, found.start)


MARKS = st.text("a\u00e9\u0301\u0323\u0344\u0f71\u0f72\u0f73\u0f74\u0345\u05b0", max_size=80)


@given(MARKS)
def test_long_runs_of_marks_are_ordered_as_unicode_has_it(text):
    assert normalise_text(text) == unicodedata.normalize("NFC", text)


@given(st.text("ab .-1", max_size=40), st.text("ab .-1", min_size=1, max_size=4))
def test_whole_words_are_those_between_other_characters(passage, text):
    pattern = rf"(?<![\p{{L}}\p{{N}}]){regex.escape(text)}(?![\p{{L}}\p{{N}}])"
    assert whole_words(passage, text) == [m.start() for m in regex.finditer(pattern, passage)]


@given(st.text("12 .a", max_size=40), st.text("12 .a", max_size=40))
def test_lost_numbers_stand_nowhere_in_the_target(source, target):
    dense = dense_digits(target)
    assert lost_numbers(source, target, 1) == {n for n in numbers(source) if n not in dense}


@given(st.text("a?. \u061f\n", max_size=10))
def test_only_what_is_no_word_may_follow_a_question_mark(text):
    assert ends_as_question(text) == bool(regex.search(r"[?？؟;;՞፧⁇]\W*$", text))


@given(st.text("abc ", max_size=8), st.text("abc ", max_size=30))
def test_many_runs_of_characters_are_counted_as_few_are(question, passage):
    few = shared_part(question, passage, "es")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.text.relatedness._MANY", -1)
        assert shared_part(question, passage, "es") == few
