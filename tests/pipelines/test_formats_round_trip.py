"""What is written in any format and dialect is read back as the same records."""

import bz2
import csv
import gzip
import io
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipelines.formats.dialect import Dialect
from pipelines.formats.item import Origin
from pipelines.formats.reader import read_dataset, read_file
from schemas.record import Answer

PACK = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-32", "windows-1252")
BOMLESS = {"utf-16-le-nomark": "utf-16-le", "utf-16-be-nomark": "utf-16-be"}
LINE_ENDS = ("\n", "\r\n", "\r")

# Quotes, separators, brackets and line breaks are what dialects differ in. The letters are in
# Windows-1252, and a text ends with one: it is neither printed, nor missing, nor an entity.
characters = st.sampled_from("abc é”–,;|\t\n\"'{}[]()\\#=&<: .0")
texts = st.tuples(st.sampled_from("Wé"), st.text(characters, max_size=20)).map("".join)


@st.composite
def records(draw):
    """Question, passage, title and an answer that stands in the passage."""
    before, answer, after = (draw(texts) + "." for _ in range(3))
    passage = f"{before} {answer} {after}"
    assume(passage.index(answer) == len(before) + 1)
    return {
        "question": draw(texts) + "?",
        "context": passage,
        "title": draw(texts),
        "answer": answer,
        "answer_start": len(before) + 1,
    }


tables = st.lists(records(), min_size=1, max_size=4)


def expected(table):
    return [
        (
            row["question"],
            row["context"],
            row["title"],
            (Answer(row["answer"], row["answer_start"]),),
        )
        for row in table
    ]


def read(data, name, format, dialect=None):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        origin = Origin(str(path), name, "set", dialect=dialect or Dialect())
        results = list(read_file(str(path), format, origin))
    return [(r.question, r.passage, r.title, r.answers) for r in results]


def encode(text, encoding):
    return text.encode(BOMLESS.get(encoding, encoding))


def named(encoding, but_not=()):
    """What a user would say of a file that has no mark; "" where there is no need."""
    known = {"windows-1252": "windows-1252", **BOMLESS}
    return "" if encoding in but_not else known.get(encoding, "")


encodings = st.sampled_from([*ENCODINGS, *BOMLESS])
packs = st.sampled_from(sorted(PACK))


@given(
    tables,
    st.sampled_from([("csv", s) for s in ",;|\t"] + [("tsv", "\t"), ("tsv", ",")]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from(["header", "sep=", "columns"]),
    st.sampled_from(LINE_ENDS),
    encodings,
    packs,
)
def test_tables(table, kind, quoting, head, line_end, encoding, pack):
    (format, separator), names = kind, list(table[0])
    buffer = io.StringIO()
    if head == "sep=":
        buffer.write(f"sep={separator}{line_end}")
    writer = csv.DictWriter(
        buffer, names, delimiter=separator, quoting=quoting, lineterminator=line_end
    )
    if head != "columns":
        writer.writeheader()
    writer.writerows(table)
    # Python 3.11 leaves a line feed without quotes where lines end with a carriage return; and
    # without a header the first line end may be one inside quotes.
    if line_end == "\r" and (head == "columns" or quoting == csv.QUOTE_MINIMAL):
        assume("\n" not in buffer.getvalue())
    assume(not _looks_like_rows(table, separator))
    dialect = Dialect(
        # A first line of names is in ASCII and shows how it is encoded; one of texts need not.
        encoding=named(encoding) if head == "columns" else named(encoding, but_not=BOMLESS),
        separator=separator if head == "columns" else "",
        columns=tuple(names) if head == "columns" else (),
    )
    data = PACK[pack](encode(buffer.getvalue(), encoding))
    assert read(data, f"a.{format}{pack}", format, dialect) == expected(table)


def _looks_like_rows(table, separator):
    """Whether the first line of a row and another have as many tabs or pipes as the header."""
    if separator not in "\t|":
        return False
    for row in table:
        first, *others = separator.join(map(str, row.values())).split("\n")
        wanted = len(row) - 1
        if first.count(separator) == wanted and wanted in {o.count(separator) for o in others}:
            return True
    return False


@given(
    tables,
    st.sampled_from(["lines", "pretty", "list", "pretty list", "commas", "joined", "by id"]),
    st.sampled_from(["json", "jsonl"]),
    st.booleans(),
    st.sampled_from(LINE_ENDS),
    encodings,
    packs,
)
def test_json(table, layout, format, ascii_only, line_end, encoding, pack):
    assume(layout != "by id" or format == "json")
    assume(format == "jsonl" or len(table) > 1 or layout in ("list", "pretty list", "by id"))
    assume(format == "jsonl" or layout != "commas")
    indent = 1 if layout.startswith("pretty") else None
    ones = [json.dumps(row, ensure_ascii=ascii_only, indent=indent) for row in table]
    if layout == "by id":
        text = json.dumps({f"k{n}": row for n, row in enumerate(table)}, ensure_ascii=ascii_only)
    elif layout.endswith("list"):
        text = json.dumps(table, ensure_ascii=ascii_only, indent=indent)
    else:
        text = {"commas": ",\n", "joined": ""}.get(layout, "\n").join(ones)
    dialect = Dialect(named(encoding, but_not=BOMLESS))
    data = PACK[pack](encode(text.replace("\n", line_end) + line_end, encoding))
    assert read(data, f"a.{format}{pack}", format, dialect) == expected(table)


@given(tables, st.sampled_from(["flat", "nested", "struct", "printed"]))
def test_parquet(table, layout):
    rows = [_layout(row, layout) for row in table]
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer)
    assert read(buffer.getvalue(), "a.parquet", "parquet") == expected(table)


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(tables, st.sampled_from(["flat", "nested", "struct", "printed"]))
def test_saved_datasets(table, layout):
    datasets = pytest.importorskip("datasets", reason="the datasets package is not installed")
    with tempfile.TemporaryDirectory() as folder:
        datasets.disable_progress_bars()
        datasets.Dataset.from_list([_layout(row, layout) for row in table]).save_to_disk(folder)
        results = list(read_dataset(folder, "", False, Origin(folder, "saved", "set")))
    assert [(r.question, r.passage, r.title, r.answers) for r in results] == expected(table)


def _layout(row, layout):
    answers = {"text": [row["answer"]], "answer_start": [row["answer_start"]]}
    if layout == "flat":
        return row
    rest = {name: row[name] for name in ("title", "context")}
    if layout == "nested":
        return {**rest, "qas": [{"question": row["question"], "answers": answers}]}
    found = answers if layout == "struct" else repr(answers)
    return {**rest, "question": row["question"], "answers": found}
