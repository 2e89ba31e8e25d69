"""Whole files: compression, damage, Parquet and Hugging Face datasets."""

import bz2
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.dialect import Dialect
from pipelines.formats.item import Origin
from pipelines.formats.reader import read_dataset, read_file
from pipelines.formats.stream import Stream
from schemas.record import Answer, FailedRecord, Record

PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
    "": bytes,
}
LINES = [json.dumps({"question": f"q{i}", "context": f"c{i} " + "x" * i}) for i in range(200)]
TEXT = "\n".join(LINES).encode()


def read(path, format="jsonl", **origin):
    return list(read_file(str(path), format, Origin(str(path), path.name, "set", **origin)))


@pytest.mark.parametrize("suffix", PACK)
def test_files_are_decompressed_by_their_extension(tmp_path, suffix):
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(PACK[suffix](b"\xef\xbb\xbf" + TEXT + b"\r\n"))
    assert [r.question for r in read(path)] == [f"q{i}" for i in range(200)]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_files_joined_after_compression_are_read_to_the_end(tmp_path, suffix):
    path = tmp_path / f"a.jsonl{suffix}"
    half = len(TEXT) // 2
    path.write_bytes(PACK[suffix](TEXT[:half]) + PACK[suffix](TEXT[half:]))
    assert len(read(path)) == 200


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_a_truncated_file_gives_what_stands_before_the_cut_and_one_failure(tmp_path, suffix):
    path = tmp_path / f"a.jsonl{suffix}"
    packed = PACK[suffix](TEXT)
    path.write_bytes(packed[: len(packed) * 3 // 4])
    *records, failure = read(path)
    assert [r.question for r in records] == [f"q{i}" for i in range(len(records))]
    assert (failure.reason, failure.line) == ("truncated_file", 0)
    assert f"after {len(records)} records" in failure.detail


def test_a_cut_gzip_file_gives_most_of_its_records(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(TEXT)[:-4])
    assert len(read(path)) == 199 + 1  # the last line has no end, so it may be cut as well


def test_a_quoted_field_that_the_cut_leaves_open_costs_its_row_only(tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b'question,context\nq1,c1\nq2,"c2\nq3,c3\n')[:-4])
    assert [getattr(r, "reason", "ok") for r in read(path, "csv")] == [
        "ok",
        "malformed_row",
        "ok",
        "truncated_file",
    ]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_a_file_that_is_not_what_its_extension_says_is_corrupt(tmp_path, suffix):
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(TEXT)
    assert [r.reason for r in read(path)] == ["corrupt_file"]


@pytest.mark.parametrize("format", ["jsonl", "csv", "tsv", "json", "squad", "nq"])
@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_one_failure(tmp_path, format, content):
    path = tmp_path / "a"
    path.write_bytes(content)
    assert [(r.reason, r.line) for r in read(path, format)] == [("empty_file", 0)]


def test_a_truncated_document_is_one_failure(tmp_path):
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(json.dumps([{"question": "q" * 500}]).encode())[:-12])
    assert [r.reason for r in read(path, "json")] == ["truncated_file"]


@given(st.lists(st.binary(max_size=20), max_size=6), st.integers(1, 7))
def test_lines_are_split_at_line_feeds_alone_wherever_chunks_end(parts, size):
    data = b"\n".join([b"head", *(part.replace(b"\n", b"\r") for part in parts)])
    stream = Stream("unused")
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    stream.chunks = lambda: iter(chunks)
    expected = data.split(b"\n")
    assert list(stream.lines()) == (expected[:-1] if expected[-1] == b"" else expected)


@given(st.lists(st.text('a"é,', max_size=9).map(str.encode), max_size=6), st.data())
def test_lines_that_end_as_on_an_old_mac_are_split_wherever_chunks_end(parts, data):
    ends = [data.draw(st.sampled_from([b"\r", b"\r\n", b"\n"])) for _ in parts]
    text = b"head\r" + b"".join(part + b"x" + end for part, end in zip(parts, ends, strict=True))
    stream = Stream("unused")
    size = data.draw(st.integers(1, 7))
    stream.chunks = lambda: iter([text[i : i + size] for i in range(0, len(text), size)])
    if parts:
        assert list(stream.lines()) == [b"head", *(part + b"x" for part in parts)]


WIDE = {
    "utf-8-sig": "utf-8-sig",
    "utf-16 with a mark": "utf-16",
    "utf-16 without one": "utf-16-le",
    "utf-16-be without one": "utf-16-be",
    "utf-32": "utf-32",
}


@pytest.mark.parametrize("encoding", WIDE.values(), ids=WIDE)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_other_encodings_are_known_by_their_mark_or_their_zeros(tmp_path, encoding, suffix):
    path = tmp_path / f"a.csv{suffix}"
    text = 'question,context\r\ncafé?,"a\n😀"\r\n'
    path.write_bytes(PACK[suffix](text.encode(encoding)))
    assert [(r.question, r.passage) for r in read(path, "csv")] == [("café?", "a\n😀")]
    path = tmp_path / f"a.json{suffix}"
    path.write_bytes(PACK[suffix]('[{"question": "café?", "context": "c"}]'.encode(encoding)))
    assert [r.question for r in read(path, "json")] == ["café?"]


def test_half_characters_and_a_cut_in_utf16_fail_their_items_alone(tmp_path):
    path = tmp_path / "a.csv"
    rows = "question,context\nq,c\n\ud83d,c\nr,c\n".encode("utf-16", "surrogatepass")
    path.write_bytes(rows + "s,c".encode("utf-16-le")[:-1])
    reasons = [getattr(r, "reason", "ok") for r in read(path, "csv")]
    assert reasons == ["ok", "invalid_utf8", "ok", "invalid_utf8"]


@pytest.mark.parametrize("format", ["csv", "jsonl", "json"])
def test_windows_1252_is_read_where_the_user_allows_it_and_utf8_stays(tmp_path, format):
    path = tmp_path / f"a.{format}"
    texts = ["café".encode(), "café – x".encode("cp1252"), b"caf\x81"]
    if format == "csv":
        path.write_bytes(b"question,context\n" + b"".join(t + b",c\n" for t in texts))
    else:
        lines = [b'{"question": "' + t + b'", "context": "c"}' for t in texts]
        document = b"[" + b",\n".join(lines) + b"]"
        path.write_bytes(b"\n".join(lines) if format == "jsonl" else document)
    plain, allowed = read(path, format), read(path, format, dialect=Dialect("windows-1252"))
    assert [getattr(r, "reason", "ok") for r in plain] == ["ok", "invalid_utf8", "invalid_utf8"]
    assert [r.question for r in allowed[:2]] == ["café", "café – x"]
    assert allowed[2].reason == "invalid_utf8"


def write_parquet(path, table):
    pq.write_table(table, path, row_group_size=300)
    return path


def test_parquet_rows_become_records_with_nested_answers(tmp_path):
    rows = [
        {"id": 1, "question": "q", "context": "a cat", "answers": {"text": ["cat"], "start": [2]}},
        {"id": None, "question": None, "context": "c", "answers": None},
    ]
    path = write_parquet(tmp_path / "a.parquet", pa.Table.from_pylist(rows))
    record, failure = read(path, "parquet")
    assert record == Record("1", "set", "train", "q", "a cat", "", (Answer("cat", 2),))
    assert (failure.reason, failure.line) == ("missing_question", 2)


def test_parquet_is_read_beyond_one_batch_and_numbered_through(tmp_path):
    table = pa.table({"question": ["q"] * 2500, "text": ["t"] * 2500, "vector": [[0.5]] * 2500})
    records = read(write_parquet(tmp_path / "a.parquet", table), "parquet")
    assert [r.record_id for r in records] == [f"a.parquet:{i}" for i in range(1, 2501)]


def test_parquet_columns_with_dots_in_their_names_are_found(tmp_path):
    table = pa.table({"q.text": ["q"], "c": [{"t": ["one", "two"], "u": 1}], "other": [1]})
    fields = (("question", "q.text"), ("passage", "c.t[1]"))
    path = write_parquet(tmp_path / "a.parquet", table)
    assert [r.passage for r in read(path, "parquet", fields=fields)] == ["two"]


def test_parquet_columns_of_one_name_are_refused_where_they_are_needed(tmp_path):
    array = pa.array(["q"])
    names = ["question", "context", "note", "note"]
    path = write_parquet(tmp_path / "a.parquet", pa.table([array] * 4, names=names))
    assert [getattr(r, "reason", "ok") for r in read(path, "parquet")] == ["ok"]
    path = write_parquet(
        tmp_path / "b.parquet", pa.table([array] * 3, names=["question", "text", "text"])
    )
    assert [r.reason for r in read(path, "parquet")] == ["repeated_column"]


def test_marks_of_unanswerable_questions_are_seen_in_parquet(tmp_path):
    rows = [{"question": "q", "context": "c", "answerable": 0, "vector": [0.5]}]
    path = write_parquet(tmp_path / "a.parquet", pa.Table.from_pylist(rows))
    assert [r.reason for r in read(path, "parquet")] == ["impossible_question"]


def test_parquet_without_a_question_names_all_its_columns(tmp_path):
    path = write_parquet(tmp_path / "a.parquet", pa.table({"prompt": ["q"], "text": ["t"]}))
    (failure,) = read(path, "parquet")
    assert "prompt, text" in failure.detail


def test_a_parquet_text_that_is_no_utf8_fails_alone(tmp_path):
    array = pa.array([b"good", b"\xff", b"good"]).view(pa.string())
    path = write_parquet(tmp_path / "a.parquet", pa.table({"question": array, "text": array}))
    assert [getattr(r, "reason", "ok") for r in read(path, "parquet")] == [
        "ok",
        "invalid_utf8",
        "ok",
    ]


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.99])
def test_damaged_parquet_is_one_failure(tmp_path, keep):
    path = write_parquet(tmp_path / "a.parquet", pa.table({"question": ["q"], "text": ["t"]}))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    assert [r.reason for r in read(path, "parquet")] == ["malformed_parquet"]


def test_parquet_with_a_damaged_row_group_gives_the_rows_before_it(tmp_path):
    table = pa.table({"question": [f"q{i}" for i in range(3000)], "text": ["t"] * 3000})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, row_group_size=1000, use_dictionary=False, compression="gzip")
    group = pq.ParquetFile(path).metadata.row_group(2).column(0)
    data = bytearray(path.read_bytes())
    start = group.data_page_offset
    data[start : start + group.total_compressed_size] = b"\xff" * group.total_compressed_size
    path.write_bytes(data)
    results = read(path, "parquet")
    assert [r.record_id for r in results[:-1]] == [f"a.parquet:{i}" for i in range(1, 2001)]
    assert results[-1].reason == "malformed_parquet"
    assert "rows 2001 to 3000" in results[-1].detail


@pytest.mark.parametrize("streaming", [True, False])
def test_a_saved_hugging_face_dataset_is_read(tmp_path, streaming):
    datasets = pytest.importorskip("datasets", reason="the datasets package is not installed")
    rows = [
        {"question": "q", "context": "a cat", "answers": {"text": ["cat"], "answer_start": [2]}}
    ]
    datasets.Dataset.from_list(rows).save_to_disk(str(tmp_path / "saved"))
    origin = Origin("saved", "saved", "set")
    (record,) = read_dataset(str(tmp_path / "saved"), "", streaming, origin)
    assert record == Record("saved:1", "set", "train", "q", "a cat", "", (Answer("cat", 2),))


def test_failures_can_be_written_as_utf8(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"question,context\n\xff\xfe,c\n")
    (failure,) = read(path, "csv")
    assert isinstance(failure, FailedRecord)
    assert failure.raw.encode("utf-8")
