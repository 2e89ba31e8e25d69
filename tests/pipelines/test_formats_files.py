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
    data = b"\n".join(part.replace(b"\n", b"\r") for part in parts)
    stream = Stream("unused")
    chunks = [data[i : i + size] for i in range(0, len(data), size)]
    stream.chunks = lambda: iter(chunks)
    expected = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert list(stream.lines()) == (expected[:-1] if expected[-1] == b"" else expected)


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
