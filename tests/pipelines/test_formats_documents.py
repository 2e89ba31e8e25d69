"""Formats whose items have a layout of their own: JSON documents, SQuAD, Natural Questions."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import json_list, json_text, mapped, natural_questions, squad
from pipelines.formats.item import Item, Origin
from schemas.record import Answer, FailedRecord, Record

ORIGIN = Origin(path="dir/file", name="file", dataset="set")


def read(content, reader=json_list.items, origin=ORIGIN):
    document = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(mapped.read_items(reader(document, origin), origin))


def reasons(results):
    return [r.reason if isinstance(r, FailedRecord) else "ok" for r in results]


PAIR = {"question": "q", "context": "c"}


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ([PAIR, {**PAIR, "id": 7}], ["file:1", "7"]),
        ({"data": [PAIR], "version": 1}, ["file:1"]),
        ({"a1": PAIR, "a2": PAIR}, ["a1", "a2"]),
    ],
)
def test_objects_are_found_in_a_list_under_data_or_by_id(content, ids):
    assert [record.record_id for record in read(content)] == ids


def test_pubmedqa_is_read_with_a_mapping():
    fields = (("question", "QUESTION"), ("passage", "CONTEXTS"), ("answers", "final_decision"))
    document = {"1571": {"QUESTION": "why?", "CONTEXTS": ["a", "b"], "final_decision": "yes"}}
    assert read(document, origin=Origin("f", "f", "pubmedqa", fields=fields)) == [
        Record("1571", "pubmedqa", "train", "why?", "a\nb", "", (Answer("yes"),))
    ]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"{", "malformed_json"),
        (b"[" * 100_000, "malformed_json"),
        (b'"text"', "not_a_list"),
        (b'{"question": "q"}', "not_a_list"),
    ],
)
def test_a_document_without_items_is_one_failure(document, reason):
    (failure,) = read(document)
    assert (failure.reason, failure.line) == (reason, 0)


def test_bytes_that_are_no_utf8_fail_their_item_alone():
    good = b'{"question": "q", "context": "c"}'
    bad = b'{"question": "\xff", "context": "c"}'
    assert reasons(read(b"[" + b",".join([good, bad, good]) + b"]")) == ["ok", "invalid_utf8", "ok"]


def test_one_object_a_line_in_a_json_file_is_read():
    lines = b'{"question": "q", "context": "c"}\n{"question": "r", "context": "d"}\n'
    assert [(r.record_id, r.question) for r in read(lines)] == [("file:1", "q"), ("file:2", "r")]


NESTED = {
    "context": "The cat sat.",
    "id": "paragraph",
    "qas": [
        {"id": "s1", "question": "Who sat?", "answers": [{"text": "cat", "answer_start": 4}]},
        {"question": "Did it run?", "is_impossible": 1, "answers": []},
    ],
}


@pytest.mark.parametrize(
    "content",
    [
        [NESTED],
        {"data": [NESTED]},
        [{"title": "Cats", "paragraphs": [NESTED]}],
        [{**NESTED, "qas": {"question": ["Who sat?"], "answers": [["cat"]], "qid": ["s1"]}}],
    ],
)
def test_questions_nested_in_their_paragraphs_become_records_of_their_own(content):
    record, *rest = read(content)
    assert (record.record_id, record.question, record.passage) == ("s1", "Who sat?", "The cat sat.")
    assert [answer.text for answer in record.answers] == ["cat"]
    assert reasons(rest) in ([], ["impossible_question"])


def test_nested_questions_are_read_line_by_line_behind_the_header_of_mrqa():
    lines = [json.dumps(value).encode() for value in ({"header": {"dataset": "x"}}, NESTED, NESTED)]
    results = list(mapped.read_items(json_text.items(lines, ORIGIN), ORIGIN))
    assert reasons(results) == ["ok", "impossible_question"] * 2
    assert results[1].record_id == "paragraph"


def test_several_questions_in_one_record_are_refused():
    several = [
        {"question": ["one?", "two?"], "context": "c"},
        {"question": ["one?"], "context": "c"},
    ]
    assert reasons(read(several)) == ["several_questions", "ok"]


def squad_document(*questions, context="The cat sat."):
    return {"data": [{"title": "Cats", "paragraphs": [{"context": context, "qas": questions}]}]}


WHO = {"id": "s1", "question": "Who sat?", "answers": [{"text": "cat", "answer_start": 4}]}


@pytest.mark.parametrize("reader", [json_list.items, squad.items])
def test_a_squad_question_becomes_a_record(reader):
    assert read(squad_document(WHO), reader) == [
        Record("s1", "set", "train", "Who sat?", "The cat sat.", "Cats", (Answer("cat", 4),))
    ]


def test_impossible_squad_questions_are_failures():
    impossible = {**WHO, "is_impossible": True, "answers": [], "plausible_answers": []}
    possible = {**WHO, "is_impossible": False}
    results = read(squad_document(impossible, possible, impossible))
    assert reasons(results) == ["impossible_question", "ok", "impossible_question"]
    assert [results[0].line, results[2].line] == [1, 3]
    assert results[0].record_id == "s1"


@pytest.mark.parametrize(
    "place", [7, None, [], {"title": "t"}, {"paragraphs": 7}, {"paragraphs": [{"qas": 1}]}]
)
def test_a_misplaced_part_of_squad_costs_that_part_only(place):
    document = squad_document(WHO)
    document["data"].insert(0, place)
    assert reasons(read(document, squad.items)) == ["not_squad", "ok"]


def test_a_squad_source_that_is_not_squad_says_what_to_write():
    (failure,) = read([PAIR], squad.items)
    assert failure.reason == "not_squad"
    assert "json:PATH" in failure.detail


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["data", "paragraphs", "qas", "context", "question", "answers", "id"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values, st.sampled_from([json_list.items, squad.items]))
def test_any_document_gives_records_and_failures_and_never_raises(content, reader):
    assert all(isinstance(result, Record | FailedRecord) for result in read(content, reader))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_document_or_a_failure(document):
    assert all(isinstance(result, Record | FailedRecord) for result in read(document))


def nq(value):
    (result,) = natural_questions.read_items([Item(1, value)], ORIGIN)
    (same,) = mapped.read_items([Item(1, value)], ORIGIN)  # recognised without being named
    assert result == same
    return result


TEXT = "<P> The cat sat <B> on </B> the mat . </P> <P> No . </P>"
WORDS = TEXT.split(" ")
SPAN = {"start_token": 0, "end_token": 10}
NONE = {"start_token": -1, "end_token": -1}
ANNOTATION = {
    "long_answer": SPAN,
    "short_answers": [{"start_token": 3, "end_token": 7}, {"start_token": 11, "end_token": 12}],
    "yes_no_answer": "NONE",
}
EXPECTED = Record(
    "5", "set", "train", "who sat", "The cat sat on the mat .", "Cats", (Answer("sat on", 8),)
)


def simplified(*annotations):
    return {
        "example_id": 5,
        "question_text": "who sat",
        "document_title": "Cats",
        "document_text": TEXT,
        "annotations": list(annotations),
    }


def test_simplified_natural_questions_give_the_long_answer_without_tags():
    assert nq(simplified(ANNOTATION)) == EXPECTED


def test_original_natural_questions_give_the_same():
    value = simplified(ANNOTATION)
    del value["document_text"]
    value["document_tokens"] = [{"token": w, "html_token": w[0] == "<"} for w in WORDS]
    assert nq(value) == EXPECTED


def test_hugging_face_natural_questions_give_the_same():
    tokens = {"token": WORDS, "is_html": [w[0] == "<" for w in WORDS]}
    short = {"start_token": [3], "end_token": [7], "text": ["sat on"]}
    value = {
        "id": "5",
        "question": {"text": "who sat", "tokens": ["who", "sat"]},
        "document": {"title": "Cats", "tokens": tokens},
        "annotations": {
            "id": ["a"],
            "long_answer": [SPAN],
            "short_answers": [short],
            "yes_no_answer": [-1],
        },
    }
    assert nq(value) == EXPECTED


def test_the_long_answer_that_most_annotators_marked_is_taken():
    other = {**ANNOTATION, "long_answer": {"start_token": 10, "end_token": 14}}
    empty = {"long_answer": NONE, "short_answers": [], "yes_no_answer": "NONE"}
    yes = {"long_answer": SPAN, "short_answers": [], "yes_no_answer": "YES"}
    record = nq(simplified(other, empty, ANNOTATION, yes))
    assert record.passage == EXPECTED.passage
    assert record.answers == (Answer("sat on", 8), Answer("yes"))


def test_a_question_without_long_answer_fails():
    empty = {"long_answer": NONE, "short_answers": [], "yes_no_answer": "NONE"}
    assert nq(simplified(empty)).reason == "no_long_answer"


def test_qed_gives_its_paragraph_and_every_answer_span():
    value = {
        "example_id": -7,
        "question_text": "who sat",
        "title_text": "Cats",
        "paragraph_text": "The cat sat .",
        "original_nq_answers": [
            [{"start": 4, "end": 7, "string": "cat"}],
            [{"start": 4, "end": 7, "string": "cat"}, {"start": 0, "end": 3, "string": "The"}],
        ],
    }
    answers = (Answer("cat", 4), Answer("The", 0))
    assert nq(value) == Record("-7", "set", "train", "who sat", "The cat sat .", "Cats", answers)


@pytest.mark.parametrize(
    "value",
    [
        {},
        7,
        {"question_text": "q", "annotations": [{}]},
        {"question_text": "q", "annotations": 7},
        {"question_text": "q", "original_nq_answers": [7]},
        {"document": {}, "question": {}, "annotations": {}},
        {**simplified(ANNOTATION), "document_text": 7},
    ],
)
def test_what_is_not_natural_questions_fails_and_does_not_raise(value):
    (result,) = natural_questions.read_items([Item(1, value)], ORIGIN)
    assert result.reason in ("not_natural_questions", "no_long_answer")


def test_natural_questions_lines_pass_json_failures_through():
    items = json_text.items([b"{"], ORIGIN)
    assert reasons(natural_questions.read_items(items, ORIGIN)) == ["malformed_json"]
