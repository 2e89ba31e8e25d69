"""One bad value is one failed record, in Parquet files and Hugging Face datasets alike."""

import random
from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.formats.item import Origin
from pipelines.formats.reader import read_dataset, read_file
from schemas.record import FailedRecord, Record

ROWS = 3
BAD = 1  # the row with the value that cannot be read


UNREADABLE = {
    "a date beyond all calendars": pa.array([1, 2**31 - 1, 1], pa.int32()).cast(pa.date32()),
    "a date before all calendars": pa.array([1, -(2**31), 1], pa.int32()).cast(pa.date32()),
    "a date of milliseconds": pa.array([0, 2**62, 0], pa.int64()).view(pa.date64()),
    "a time beyond all calendars": pa.array([0, 2**62, 0]).view(pa.timestamp("us")),
    "a duration without end": pa.array([0, 2**62, 0]).view(pa.duration("s")),
    "an unknown time zone": pa.array([None, 1, None]).view(pa.timestamp("us", "Mars/Olympus")),
    "a list of dates": pa.array([[1], [2**31 - 1], []], pa.list_(pa.int32())).cast(
        pa.list_(pa.date32())
    ),
    "a date in an object": pa.StructArray.from_arrays(
        [pa.array([1, 2**31 - 1, 1], pa.int32()).cast(pa.date32())], ["day"]
    ),
    "text that is no UTF-8": pa.Array.from_buffers(
        pa.string(),
        3,
        [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffb")],
    ),
}
NOT_TEXT = {
    "binary": pa.array([b"a", b"\xff\0", b"b"]),
    "decimals": pa.array([Decimal("1.5"), Decimal("1e37"), Decimal(0)]),
    "durations": pa.array([timedelta(1), timedelta(2), timedelta(3)]),
    "objects": pa.array([{"a": 1}, {"a": 2}, {"a": 3}]),
    "maps": pa.array([[("a", 1)], [("c", 3)], [("b", 2)]], pa.map_(pa.string(), pa.int64())),
    "booleans": pa.array([True, False, True]),
}
AS_TEXT = {
    "a dictionary": pa.array(["one", "two", "three"]).dictionary_encode(),
    "large text": pa.array(["one", "two", "three"], pa.large_string()),
    "views": pa.array(["one", "two", "three"], pa.string_view()),
    "huge whole numbers": pa.array([2**63, 2**64 - 1, 0], pa.uint64()),
    "an extension": pa.ExtensionArray.from_storage(
        pa.uuid(), pa.array([bytes(16)] * 3, pa.binary(16))
    ),
}
TEXT = pa.array(["a text", "another text", "a third text"])


def read_parquet(tmp_path, table):
    path = str(tmp_path / "a.parquet")
    pq.write_table(table, path)
    return list(read_file(path, "parquet", Origin(path, "a", "set")))


def read_saved(tmp_path, table):
    import datasets

    folder = str(tmp_path / "saved")
    dataset = datasets.Dataset(table)
    dataset.save_to_disk(folder)
    return list(read_dataset(folder, "", False, Origin(folder, "a", "set")))


def read_streamed(tmp_path, table):
    pq.write_table(table, tmp_path / "train.parquet")
    return list(read_dataset(str(tmp_path), "train", True, Origin("a", "a", "set")))


def skip_unknown(reader, name):
    if reader is not read_parquet and name in ("maps", "an extension"):
        pytest.skip("datasets has no such type")


READERS = pytest.mark.parametrize("reader", [read_parquet, read_saved, read_streamed])


@READERS
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_value_that_cannot_be_read_fails_its_row_alone_and_is_named(tmp_path, reader, name):
    table = pa.table({"question": TEXT, "context": TEXT, "id": UNREADABLE[name]})
    results = reader(tmp_path, table)
    assert [type(r) for r in results] == [Record, FailedRecord, Record]
    assert results[BAD].reason in ("unreadable_value", "invalid_utf8")
    assert "'id'" in results[BAD].detail
    assert results[BAD].line == BAD + 1


@READERS
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_column_that_nobody_needs_may_be_unreadable(tmp_path, reader, name):
    table = pa.table({"question": TEXT, "context": TEXT, "seen": UNREADABLE[name]})
    assert [type(r) for r in reader(tmp_path, table)] == [Record] * ROWS


@READERS
@pytest.mark.parametrize("name", NOT_TEXT)
def test_values_that_are_no_text_fail(tmp_path, reader, name):
    skip_unknown(reader, name)
    table = pa.table({"question": NOT_TEXT[name], "context": TEXT})
    results = reader(tmp_path, table)
    assert {r.reason for r in results} == {"question_not_text"}
    assert len(results) == ROWS


@READERS
@pytest.mark.parametrize("name", AS_TEXT)
def test_unusual_types_end_as_records_or_failed_records(tmp_path, reader, name):
    skip_unknown(reader, name)
    results = reader(tmp_path, pa.table({"question": AS_TEXT[name], "context": TEXT}))
    assert len(results) == ROWS


def test_json_inside_of_a_dataset_is_read_as_what_it_is(tmp_path):
    import datasets

    rows = [
        {"question": "q", "context": "c", "answers": {"text": ["c"]}},
        {"question": "p", "context": "d", "answers": "d"},
    ]
    dataset = datasets.Dataset.from_list(rows, on_mixed_types="use_json")
    dataset.save_to_disk(str(tmp_path / "saved"))
    records = list(read_dataset(str(tmp_path / "saved"), "", False, Origin("a", "a", "set")))
    assert [[a.text for a in record.answers] for record in records] == [["c"], ["d"]]


@pytest.mark.parametrize("checksums", [True, False])
def test_a_damaged_row_group_costs_its_own_rows(tmp_path, checksums):
    texts = [
        f"text {row} " + "".join(random.Random(row).choices("abcdef", k=50)) for row in range(300)
    ]
    table = pa.table({"question": texts, "context": texts})
    path = tmp_path / "a.parquet"
    pq.write_table(
        table, path, row_group_size=100, write_page_checksum=checksums, use_dictionary=False
    )
    place = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[place : place + 200] = bytes(200)
    path.write_bytes(content)
    results = list(read_file(str(path), "parquet", Origin(str(path), "a", "set")))
    failed = [r for r in results if isinstance(r, FailedRecord)]
    assert [r.reason for r in failed] == ["malformed_parquet"]
    assert "rows 101 to 200" in failed[0].detail
    assert [r.record_id for r in results if isinstance(r, Record)] == [
        f"a:{row}" for row in (*range(1, 101), *range(201, 301))
    ]


def test_page_checksums_are_verified(tmp_path):
    path = tmp_path / "a.parquet"
    texts = [f"text {row}" for row in range(10)]
    table = pa.table({"question": texts, "context": texts})
    pq.write_table(table, path, write_page_checksum=True, compression="none", use_dictionary=False)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"text 7", b"text 8", 1))
    results = list(read_file(str(path), "parquet", Origin(str(path), "a", "set")))
    assert [r.reason for r in results] == ["malformed_parquet"]


def test_any_flipped_bit_ends_in_records_or_failed_records(tmp_path):
    path = tmp_path / "a.parquet"
    texts = [f"text {row}" for row in range(20)]
    pq.write_table(pa.table({"question": texts, "context": texts}), path, row_group_size=10)
    content = path.read_bytes()
    for seed in range(200):
        damaged = bytearray(content)
        bit = random.Random(seed).randrange(8 * len(content))
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        results = list(read_file(str(path), "parquet", Origin(str(path), "a", "set")))
        assert results
        for result in results:
            str(result).encode()
