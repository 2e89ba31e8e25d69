from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from schemas.check import CHECK_TYPE, Check
from schemas.row import (
    MEANING_COLUMNS,
    QUARANTINE_SCHEMA,
    ROW_SCHEMA,
    QuarantinedRow,
    Row,
    RowAnswer,
    RowTranslator,
    quarantine_to_table,
    row_schema,
    rows_to_table,
)
from schemas.row_reader import table_to_quarantine, table_to_rows

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SMALL = st.integers(0, 9)
SHARE = st.floats(0, 1, width=32)
ROWS = st.builds(
    Row,
    **dict.fromkeys(
        ("group_id", "record_id", "dataset", "split", "lang", "question", "passage", "title"), TEXT
    ),
    passage_id=TEXT,
    license=TEXT,
    is_source=st.booleans(),
    mono=st.booleans(),
    cross=st.booleans(),
    answers=st.lists(st.builds(RowAnswer, TEXT, SMALL, TEXT, SHARE), max_size=2).map(tuple),
    sentence_map=st.lists(st.tuples(SMALL, SMALL, SMALL, SMALL), max_size=2).map(tuple),
    languages=st.lists(TEXT, max_size=2).map(tuple),
    checks=st.lists(
        st.builds(Check, TEXT, TEXT, st.none() | SHARE, st.none() | SHARE, TEXT), max_size=2
    ).map(tuple),
    score_min=st.none() | SHARE,
    score_mean=st.none() | SHARE,
    unknown_share=st.none() | SHARE,
    translator=st.none() | st.builds(RowTranslator, TEXT, TEXT, TEXT, TEXT, TEXT),
)


def test_schemas_name_the_fields_of_their_dataclasses():
    names = [field.name for field in fields(Row)]
    assert row_schema(measured=True).names == names
    assert ROW_SCHEMA.names == [name for name in names if name not in MEANING_COLUMNS]
    rest = [field.name for field in fields(QuarantinedRow) if field.name != "row"]
    assert QUARANTINE_SCHEMA.names == [*ROW_SCHEMA.names, *rest]
    assert [field.name for field in CHECK_TYPE] == [field.name for field in fields(Check)]


@given(st.lists(ROWS, max_size=3))
def test_rows_come_back_from_a_table_as_they_were(rows):
    table = rows_to_table(rows)
    assert table.schema.equals(ROW_SCHEMA, check_metadata=True)
    assert list(table_to_rows(table)) == rows


@given(ROWS, TEXT, st.lists(TEXT, max_size=2).map(tuple))
def test_quarantined_rows_come_back_from_a_table_as_they_were(row, text, texts):
    item = QuarantinedRow(row, "rejected", text, texts, text, text, text, texts)
    assert list(table_to_quarantine(quarantine_to_table([item]))) == [item]
