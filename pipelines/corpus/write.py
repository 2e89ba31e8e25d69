"""Write shards, quarantine and failed records as Parquet; then the manifest, last of all."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton, PCollection

from pipelines.corpus.sorted_file import encode, join_tables
from pipelines.io.progress import advance
from pipelines.io.storage import is_local, join, write_bytes
from pipelines.local.processes import in_one_process
from pipelines.shuffle.group import GroupInLists
from pipelines.translation.segment import Segmented, SegmentedRecord
from schemas.corpus_layout import Place, file_path
from schemas.identity import bucket
from schemas.manifest import FileEntry
from schemas.record import FailedRecord, failed_records_to_table
from schemas.row import QuarantinedRow, Row, quarantine_to_table, rows_to_table

# All rows of one file, in lists.
_Shard = tuple[Place, Iterable[list[Any]]]

# Characters of English text in one shard, about: its rows fit well into a worker's memory.
SHARD_CHARACTERS: Final = 48_000_000


@dataclass(eq=False)
class WriteRows(beam.PTransform[PCollection[Row], PCollection[FileEntry]]):
    """Write accepted rows: one file for each split, language and bucket of groups."""

    output: str
    shards: PCollection[int]
    measured: bool = False

    def expand(self, rows: PCollection[Row]) -> PCollection[FileEntry]:
        result: PCollection[FileEntry] = (
            rows
            | "Place" >> beam.Map(_place_row, AsSingleton(self.shards))
            | "Shard" >> GroupInLists()
            | "Write" >> _Write(self.output, self.measured)
        )
        return result


@dataclass(eq=False)
class WriteQuarantine(beam.PTransform[PCollection[QuarantinedRow], PCollection[FileEntry]]):
    """Write quarantined rows: one file for each language and bucket of groups."""

    output: str
    shards: PCollection[int]
    measured: bool = False

    def expand(self, items: PCollection[QuarantinedRow]) -> PCollection[FileEntry]:
        result: PCollection[FileEntry] = (
            items
            | "Place" >> beam.Map(_place_quarantined, AsSingleton(self.shards))
            | "Shard" >> GroupInLists()
            | "Write" >> _Write(self.output, self.measured)
        )
        return result


@dataclass(eq=False)
class WriteFailedRecords(beam.PTransform[PCollection[FailedRecord], PCollection[FileEntry]]):
    """Write the source items that became no row in any language."""

    output: str

    def expand(self, failures: PCollection[FailedRecord]) -> PCollection[FileEntry]:
        result: PCollection[FileEntry] = (
            failures
            | "Place" >> beam.Map(_place_failed)
            | "Shard" >> GroupInLists()
            | "Write" >> _Write(self.output)
        )
        return result


@dataclass(eq=False)
class _Write(beam.PTransform[PCollection[_Shard], PCollection[FileEntry]]):
    """Write one file for each place; the connections to an object store are of one process."""

    output: str
    measured: bool = False

    def expand(self, shards: PCollection[_Shard]) -> PCollection[FileEntry]:
        with nullcontext() if is_local(self.output) else in_one_process():
            written: PCollection[FileEntry] = shards | beam.Map(_write, self.output, self.measured)
        return written


@dataclass(eq=False)
class CountShards(beam.PTransform[PCollection[Segmented], PCollection[int]]):
    """Decide how many shards each language gets: as asked, or (0) by the size of the texts."""

    shards: int

    def expand(self, records: PCollection[Segmented]) -> PCollection[int]:
        result: PCollection[int] = (
            records
            | "Characters" >> beam.MapTuple(_count_characters)
            | "Sum" >> beam.CombineGlobally(sum)
            | "Choose" >> beam.Map(_choose_shards, self.shards)
        )
        return result


def _count_characters(group_id: str, segmented: SegmentedRecord) -> int:
    return len(segmented.record.question) + len(segmented.record.passage)


def _choose_shards(characters: int, shards: int) -> int:
    return shards or max(1, -(-characters // SHARD_CHARACTERS))


def _place_row(row: Row, shards: int) -> tuple[Place, Any]:
    return ("row", row.split, row.lang, bucket(row.group_id, shards), shards), row


def _place_quarantined(item: QuarantinedRow, shards: int) -> tuple[Place, Any]:
    number = bucket(item.row.group_id, shards)
    return ("quarantine", "", item.row.lang, number, shards), item


def _place_failed(failure: FailedRecord) -> tuple[Place, Any]:
    return ("failed_record", "", "", 0, 1), failure


_ORDERS: Final = {
    "row": ("group_id",),
    "quarantine": ("group_id",),
    "failed_record": ("source", "line", "record_id", "reason", "raw"),
}


def _to_table(kind: str, measured: bool) -> Callable[[Iterable[Any]], pa.Table]:
    if kind == "failed_record":
        return failed_records_to_table
    return partial(rows_to_table if kind == "row" else quarantine_to_table, measured=measured)


def _write(shard: _Shard, output: str, measured: bool = False) -> FileEntry:
    """Write one file, sorted, and return its entry in the manifest.

    A shard is in memory as tables, which take a third of the bytes of rows.
    """
    place, lists = shard
    table = join_tables(map(_to_table(place[0], measured), lists))
    content = encode(table, _ORDERS[place[0]])
    path = file_path(place)
    write_bytes(join(output, path), content)
    if place[0] != "failed_record":  # is written while records are still read, and is no row
        advance("write", table.num_rows)
    return FileEntry(
        path=path,
        kind=place[0],
        split=place[1],
        lang=place[2],
        rows=table.num_rows,
        size=len(content),
        sha256=sha256(content).hexdigest(),
    )
