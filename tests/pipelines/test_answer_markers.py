"""Answers are marked in their own sentence, and read again from its translation."""

from pipelines.answers.markers import mark_answer, read_marked
from pipelines.answers.spans import project_answer
from pipelines.translation.segment import segment_record, translatable_segments
from schemas.record import Answer, Record
from tests.pipelines.test_build import rows_of
from translators.segmentation import split_passage

PASSAGE = "The town is old.  It was built by Roman engineers in 71. Nobody knows why."


def mark(text: str, start: int | None = None, passage: str = PASSAGE) -> list[str]:
    start = passage.index(text) if start is None else start
    return [s.text for s in mark_answer(Answer(text, start), passage, split_passage(passage))]


def test_the_sentence_of_the_answer_is_marked():
    assert mark("Roman engineers") == ["It was built by [Roman engineers] in 71."]


def test_there_is_nothing_to_mark_without_a_place_or_within_one_sentence():
    assert mark("Roman engineers", -1) == []
    assert mark("Roman engineers", 3) == []
    assert mark("in 71. Nobody knows") == []
    assert mark("Nobody knows why.") == []


def test_a_sentence_with_marks_of_its_own_is_left_alone():
    passage = "He was born [sic] in Rome."
    assert mark("Rome", None, passage) == []


def test_marks_are_read_only_when_there_is_exactly_one_pair():
    assert read_marked("Fue construida por [ ingenieros romanos ] en 71.") == "ingenieros romanos"
    assert read_marked("Fue construida por ingenieros romanos] en 71.") == ""
    assert read_marked("[Fue] construida por [ingenieros].") == ""
    assert read_marked("Fue [] construida.") == ""


def test_what_stood_between_marks_is_found_in_the_plain_translation():
    source = "It was built by Roman engineers."
    target = "La hicieron ingenieros de Roma."
    spans = ((0, len(source), 0, len(target)),)
    answer = Answer("Roman engineers", 16)
    lost = project_answer(answer, "técnicos romanos", source, target, spans)
    assert lost.method == "none"
    found = project_answer(
        answer, "técnicos romanos", source, target, spans, marked="ingenieros de Roma"
    )
    assert (found.text, found.method) == ("ingenieros de Roma", "marker")
    near = project_answer(
        answer, "técnicos romanos", source, target, spans, marked="Ingenieros de la Roma"
    )
    assert (near.text, near.method) == ("ingenieros de Roma", "marker")


def test_marked_sentences_are_translated_only_when_they_are_asked_for():
    answer = Answer("Roman engineers", PASSAGE.index("Roman"))
    record = Record("1", "d", "train", "Who built it?", PASSAGE, answers=(answer,))
    plain = set(translatable_segments(segment_record(record)).values())
    marked = set(translatable_segments(segment_record(record, markers=True)).values())
    assert marked - plain == {"It was built by [Roman engineers] in 71."}


def test_a_build_finds_by_marks_what_it_does_not_find_otherwise(
    tmp_path, build, questions, apertium
):
    passage = "His last work was played for the first time in Vienna on 7 May 1824. Many came."
    answer = {"text": "7 May 1824", "start": passage.index("7 May")}
    item = {"id": "1", "question": "When was his last work played?", "passage": passage}
    source = questions({**item, "answers": [answer]})

    def found(output: str, *options: str) -> dict:
        assert build("--input", source, "--quiet", *options, output=output) == 0
        (row,) = rows_of(tmp_path / output, "es")
        return row

    plain, marked = found("plain"), found("marked", "--answer-markers")
    assert plain["answers"][0]["method"] == "none"
    assert marked["answers"][0]["method"] == "marker"
    assert marked["answers"][0]["text"] == "7 de mayo de 1824"
    assert marked["passage"] == plain["passage"]
