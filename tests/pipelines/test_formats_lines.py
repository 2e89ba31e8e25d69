"""Formats of one item a line: JSON lines, CSV and TSV."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats import delimited, json_text, mapped
from pipelines.formats.dialect import parse_dialect
from pipelines.formats.item import Item, Origin
from schemas.record import Answer, FailedRecord, Record

ORIGIN = Origin(path="dir/file", name="file", dataset="set")


def jsonl(*lines, origin=ORIGIN):
    return list(mapped.read_items(json_text.items(lines, origin), origin))


def rows(reader, *lines):
    return list(reader(lines, ORIGIN))


def reasons(results):
    return [r.reason if isinstance(r, FailedRecord) else "ok" for r in results]


GOOD = b'{"question": "who?", "context": "someone did", "answers": ["someone"], "title": "t"}'


def test_a_line_becomes_a_record_named_for_its_place():
    assert jsonl(b"", GOOD) == [
        Record("file:2", "set", "train", "who?", "someone did", "t", (Answer("someone"),))
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "malformed_json"),
        (b'{"a": ' * 100_000, "malformed_json"),
        (b'{"question": "\xff"}', "invalid_utf8"),
        (b"[1]", "not_an_object"),
        (b'{"context": "c"}', "missing_question"),
        (b'{"question": "q"}', "missing_passage"),
        (b'{"question": " ", "context": "c"}', "empty_question"),
        (b'{"question": "q", "context": ""}', "empty_passage"),
        (b'{"question": {"text": "q"}, "context": "c"}', "question_not_text"),
        (b'{"question": "q", "context": true}', "passage_not_text"),
        (b'{"question": "q", "context": "c", "answers": [{"x": 1}]}', "answer_not_text"),
        (b'{"question": "\\ud800", "context": "c"}', "invalid_utf8"),
        (b'{"question": "q", "context": "c", "is_impossible": true}', "impossible_question"),
    ],
)
def test_a_bad_line_fails_alone_with_its_reason(line, reason):
    results = jsonl(GOOD, line, GOOD)
    assert reasons(results) == ["ok", reason, "ok"]
    assert (results[1].source, results[1].line) == ("dir/file", 2)
    results[1].raw.encode("utf-8")
    assert 0 < len(results[1].raw) <= 1000


def test_a_missing_question_names_the_columns_that_were_found():
    (failure,) = jsonl(b'{"prompt": "q", "context": "c"}')
    assert "question=NAME" in failure.detail
    assert "prompt, context" in failure.detail


def test_a_line_without_its_context_does_not_take_its_short_answer_for_the_passage():
    with_context = b'{"question": "q", "context": "c", "answer": "a"}'
    assert reasons(jsonl(b'{"question": "q", "answer": "a"}', with_context)) == [
        "missing_passage",
        "ok",
    ]


def test_a_list_of_passages_is_joined_with_line_breaks():
    fields = (("question", "QUESTION"), ("passage", "CONTEXTS"))
    origin = Origin("f", "f", "set", fields=fields)
    (record,) = jsonl(b'{"QUESTION": "q", "CONTEXTS": ["one", null, "two"]}', origin=origin)
    assert record.passage == "one\ntwo"


def test_nul_bytes_and_odd_line_breaks_stay_in_the_text():
    line = json.dumps({"question": "q\0", "context": "a\u2028b\x85c"}, ensure_ascii=False)
    (record,) = jsonl(line.encode())
    assert (record.question, record.passage) == ("q\0", "a\u2028b\x85c")


def test_split_and_license_are_read_where_they_are_mapped():
    origin = Origin("f", "f", "set", "test", "MIT", (("split", "part"), ("license", "terms")))
    own = b'{"question": "q", "context": "c", "part": "dev", "terms": "CC0-1.0"}'
    none = b'{"question": "q", "context": "c"}'
    odd = b'{"question": "q", "context": "c", "part": "holdout"}'
    first, second, third = jsonl(own, none, odd, origin=origin)
    assert (first.split, first.license) == ("validation", "CC0-1.0")
    assert (second.split, second.license) == ("test", "MIT")
    assert third.reason == "unknown_split"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ("cat", [Answer("cat")]),
        (["cat", "cat", " ", None, 7], [Answer("cat"), Answer("7")]),
        ({"text": ["cat"], "answer_start": [2]}, [Answer("cat", 2)]),
        ({"text": "cat", "answer_start": 2}, [Answer("cat", 2)]),
        ([{"text": "cat", "answer_start": 12}], [Answer("cat", 12)]),
        ([{"string": "cat", "start": "10"}], [Answer("cat", 12)]),  # the nearest place
        ([{"text": "cat", "answer_start": 3}], [Answer("cat", 2)]),
        ([{"text": "cat", "answer_start": 99}], [Answer("cat", 12)]),
        ([{"text": "dog", "answer_start": 2}], [Answer("dog", -1)]),
        ([{"text": "cat", "answer_start": -1}], [Answer("cat", -1)]),
        ([{"text": "cat", "answer_start": float("nan")}], [Answer("cat", -1)]),
        (None, []),
    ],
)
def test_answers_are_placed_where_their_text_stands(answers, expected):
    item = Item(1, {"question": "q", "context": "a cat and a cat", "answers": answers})
    (record,) = mapped.read_items([item], ORIGIN)
    assert list(record.answers) == expected


@pytest.mark.parametrize("fields", [(), (("answers", "answers.text"),), (("answers", ""),)])
@pytest.mark.parametrize(
    "signs", [{"answers": {"text": [], "answer_start": []}}, {"is_impossible": "True"}]
)
def test_impossible_questions_are_refused_however_answers_are_mapped(fields, signs):
    origin = Origin("f", "f", "set", fields=fields)
    item = Item(1, {"question": "q", "context": "c", **signs})
    assert reasons(mapped.read_items([item], origin)) == ["impossible_question"]


def test_an_empty_list_of_answers_is_no_sign_of_an_impossible_question():
    assert reasons(jsonl(b'{"question": "q", "context": "c", "answers": []}')) == ["ok"]


def test_quoted_fields_hold_delimiters_quotes_and_line_breaks():
    results = rows(delimited.csv_items, b"a,b\r", b'1,"x,\r', b'""y"""\r', b"", b"2,z\r")
    assert results == [
        Item(2, {"a": "1", "b": 'x,\r\n"y"'}),
        Item(5, {"a": "2", "b": "z"}),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'3,"open', "malformed_row"),
        (b'"open,3', "malformed_row"),
        (b'3,"a" b', "malformed_row"),
        (b"3,4,5", "wrong_column_count"),
        (b"3", "wrong_column_count"),
        (b"3,\xff", "invalid_utf8"),
    ],
)
@pytest.mark.parametrize("after", [[b'4,"d"', b'5,"e"'], [b"4,d", b"5,e"]])
def test_a_bad_row_fails_and_the_rows_after_it_survive(line, reason, after):
    first, bad, *rest = rows(delimited.csv_items, b"a,b", b"2,c", line, *after)
    assert (bad.reason, bad.line) == (reason, 3)
    assert [item.value["b"] for item in (first, *rest)] == ["c", "d", "e"]


def test_a_header_that_cannot_be_read_fails_the_file():
    assert reasons(rows(delimited.csv_items, b'a,"b" c', b"1,2")) == ["malformed_header"]


def test_a_field_may_be_longer_than_the_csv_module_allows_by_default():
    (item,) = rows(delimited.csv_items, b"a,b", b"1," + b"x" * 300_000)
    assert len(item.value["b"]) == 300_000


def test_quotes_in_tsv_are_text_where_they_enclose_no_field():
    lines = [b"a\tb", b'"Yes" he said\t2', b'"x\ty"\t3', b'"open\t4']
    assert [item.value["a"] for item in rows(delimited.tsv_items, *lines)] == [
        '"Yes" he said',
        "x\ty",
        '"open',
    ]


@pytest.mark.parametrize(
    ("lines", "passages"),
    [
        # a quote that is opened in one row and closed in another
        ([b'1\t"a b', b"2\tc", b'3\td"', b"4\te"], ['"a b', "c", 'd"', "e"]),
        # a field with line breaks, as the csv module writes it
        ([b'1\t"a', b"", b'b"', b"2\tc"], ["a\n\nb", "c"]),
        ([b'1\t"a ""b"" c"', b'2\t"'], ['a "b" c', '"']),
    ],
)
def test_a_line_of_a_tsv_with_as_many_fields_as_the_header_is_a_row(lines, passages):
    found = rows(delimited.tsv_items, b'id\t"text"', *lines)
    assert [item.value["text"] for item in found] == passages


@pytest.mark.parametrize("header", ['id\t"text', '"id\ttext"', '"id"\t"text"'])
def test_stray_quotes_in_the_header_of_a_tsv_are_no_part_of_names(header):
    (item,) = rows(delimited.tsv_items, header.encode(), b"1\ta")
    assert item.value == {"id": "1", "text": "a"}


def test_a_stray_quote_in_a_csv_file_does_not_swallow_rows_with_ids():
    results = rows(delimited.csv_items, b"id,text", b'q1,"a b', b"q2,c", b'q3,28"', b"q4,e")
    assert reasons(results) == ["malformed_row", "ok", "ok", "ok"]
    prose = rows(delimited.csv_items, b"id,text", b'1,"a', b"7, b", b'c, d"', b"2,e")
    assert [item.value["text"] for item in prose] == ["a\n7, b\nc, d", "e"]


@pytest.mark.parametrize("separator", [";", "|", "\t", ","])
@pytest.mark.parametrize("reader", [delimited.csv_items, delimited.tsv_items])
def test_the_separator_is_the_one_that_gives_a_question_and_a_passage(separator, reader):
    table = [f"question{separator}context", f"who?{separator}a man"]
    (item,) = rows(reader, *(line.encode() for line in table))
    assert item.value == {"question": "who?", "context": "a man"}


def test_excel_names_the_separator_in_its_own_first_line():
    (item,) = rows(delimited.csv_items, b"sep=;\r", b"a;b\r", b"1;2,3\r")
    assert item == Item(3, {"a": "1", "b": "2,3"})


def test_a_table_without_a_header_is_read_with_the_names_the_user_gives():
    origin = Origin("f", "f", "set", dialect=parse_dialect(separator="tab", columns=("a", "b")))
    assert [i.value for i in delimited.csv_items([b"1\t2"], origin)] == [{"a": "1", "b": "2"}]
    assert [i.value for i in delimited.csv_items([b"A\tb", b"1\t2"], origin)] == [
        {"a": "1", "b": "2"}
    ]


def test_cells_that_pandas_writes_for_nothing_are_missing():
    table = [b"question,context,answer,title", b"who?,a,nan,<NA>", b"how many?,None came,None,b"]
    first, second = (item.value for item in rows(delimited.csv_items, *table))
    assert (first["answer"], first["title"]) == (None, None)
    assert second["answer"] == "None"


def test_two_columns_of_one_name_are_refused_where_they_are_needed():
    for table in (
        [b"question,answer,answer", b"q,a,b"],
        [b"question,Answer,answer ", b"q,a,b"],
        [b"Question,question,context", b"q,r,c"],
    ):
        results = mapped.read_items(delimited.csv_items(table, ORIGIN), ORIGIN)
        assert reasons(results) == ["repeated_column"]
    notes = [b"question,context,note,note,,", b"q,c,1,2,,"]
    assert reasons(mapped.read_items(delimited.csv_items(notes, ORIGIN), ORIGIN)) == ["ok"]
    line = b'{"question": "q", "context": "c", "context": "d", "x": 1, "x": 2}'
    assert reasons(jsonl(line)) == ["repeated_column"]
    assert reasons(jsonl(b'{"question": "q", "context": "c", "x": 1, "x": 2}')) == ["ok"]


@pytest.mark.parametrize("answer", [["blue"], "blue", ["blue", "white"], "Sinclair Lewis", 7, True])
def test_short_answers_never_become_a_passage(answer):
    line = json.dumps({"question": "which colour?", "answer": answer}).encode()
    (failure,) = jsonl(line)
    assert failure.reason == "missing_passage"
    assert "only short answers in 'answer', such as" in failure.detail
    origin = Origin("f", "f", "set", fields=(("passage", "answer"),))
    if not isinstance(answer, bool):
        assert reasons(jsonl(line, origin=origin)) == ["ok"]


def test_sentences_under_answer_are_passages():
    lines = [b'{"question": "who?", "answer": "A man from the old town."}', GOOD]
    assert reasons(jsonl(*lines[:1])) == ["ok"]


def test_nothing_is_guessed_where_that_is_forbidden():
    strict = Origin("f", "f", "set", strict=True)
    line = b'{"question": "q", "context": "c", "passage": "p", "qid": 1}'
    (record,) = jsonl(line, origin=strict)
    assert (record.question, record.passage, record.record_id) == ("q", "p", "f:1")
    assert reasons(jsonl(b'{"query": "q", "context": "c"}', origin=strict)) == ["missing_question"]


PRETTY = json.dumps({"question": "q", "context": "{c}"}, indent=1)


@pytest.mark.parametrize(
    "text",
    [
        f"{PRETTY}\n{PRETTY}",
        f"{PRETTY}{PRETTY}",
        f"[\n{PRETTY},\n{PRETTY}\n]",
        "[" + PRETTY.replace("\n", "") + "," + PRETTY.replace("\n", "") + "]",
        PRETTY.replace("\n", "") + ",\n" + PRETTY.replace("\n", "") + ",",
        PRETTY.replace("\n", "") * 2,
    ],
)
def test_objects_are_read_wherever_their_lines_end(text):
    records = jsonl(*text.encode().split(b"\n"))
    assert [(r.question, r.passage) for r in records] == [("q", "{c}")] * 2
    assert len({r.record_id for r in records}) == 2


def test_a_file_of_objects_over_several_lines_that_breaks_off_loses_only_its_end():
    whole = f"{PRETTY}\n" * 2 + PRETTY[:-5]
    assert reasons(jsonl(*whole.encode().split(b"\n"))) == ["ok", "ok", "malformed_json"]


def test_whatever_stands_in_an_item_its_failure_can_be_written():
    line = b'{"question": null, "note \\ud83d": "cut", "id": "\\ud83d", "context": "c"}'
    _, failure = jsonl(GOOD, line)
    (failure.detail + failure.record_id + failure.raw).encode("utf-8")


lines = st.lists(
    st.binary(max_size=30).filter(lambda line: b"\n" not in line)
    | st.sampled_from([GOOD, b'{"question": 1}', b"null", b'{"question": "q", "answer": []}']),
    max_size=8,
)
row_lines = st.lists(
    st.text('a",\t\r\0é', max_size=8).map(str.encode) | st.binary(max_size=6), max_size=10
).map(lambda found: [line.replace(b"\n", b"") for line in found])


@given(lines)
def test_every_line_that_is_not_blank_is_a_record_or_a_failure(found):
    results = jsonl(*found)
    kept = [number for number, line in enumerate(found, start=1) if line.strip()]
    places = [r.line if isinstance(r, FailedRecord) else int(r.record_id[5:]) for r in results]
    assert places == kept


@given(row_lines, st.sampled_from([delimited.csv_items, delimited.tsv_items]))
def test_row_parsers_take_any_bytes_and_report_places_in_order(found, reader):
    places = [result.line for result in reader(found, ORIGIN)]
    assert places == sorted(set(places))
    assert set(places) <= set(range(1, len(found) + 1))


NOTHING = {"nan", "NaN", "NaT", "null", "NULL", "None", "N/A", "n/a"}
fields = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just('"'), max_size=8).filter(
    lambda cell: cell not in NOTHING
)


@given(
    st.lists(st.lists(fields, min_size=2, max_size=2), max_size=6),
    st.sampled_from([(",", delimited.csv_items), ("\t", delimited.tsv_items)]),
)
def test_what_the_csv_module_writes_is_read_back(table, layout):
    delimiter, reader = layout
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["a", "b"], *table])
    found = reader(buffer.getvalue().encode().split(b"\n"), ORIGIN)
    assert [list(item.value.values()) for item in found] == table


@given(st.lists(st.integers(0, 2), max_size=12))
def test_rows_in_are_rows_out_or_failures(kinds):
    made = [[b'1,"x"', b'1,"x', b"1,2,3"][kind] for kind in kinds]
    results = rows(delimited.csv_items, b"a,b", *made, b'1,"x"')
    good = sum(isinstance(result, Item) for result in results)
    assert good == kinds.count(0) + 1
    assert len(results) == len(kinds) + 1
