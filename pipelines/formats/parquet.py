"""Parquet files, read by batches of rows."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.formats.answers import MARK_COLUMNS
from pipelines.formats.fields import fold, parse_path, resolve
from pipelines.formats.item import REPEATED_COLUMN, Item, Origin
from schemas.file_reasons import INVALID_UTF8
from schemas.reason import declare_reason
from schemas.record import FailedRecord

MALFORMED_PARQUET: Final = declare_reason(
    "malformed_parquet", "a Parquet file that cannot be read to its end"
)

UNREADABLE_VALUE: Final = declare_reason(
    "unreadable_value", "a value that cannot be read, such as a date beyond all calendars"
)

BATCH_ROWS: Final = 1000
# What recognising layouts and impossible questions takes.
_LAYOUT_COLUMNS: Final = {
    *("document", "annotations", "answers", "answer", "supporting_facts"),
    *MARK_COLUMNS,
    *("positive_passages", "passages", "entity_pages", "search_results"),
    *("document_plaintext", "passage_answer_candidates"),
}


def items(file: BinaryIO, origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the rows of a Parquet file as objects with the columns that the mapping needs.

    All columns are read for a witness, who wants to know which are ignored.
    """
    with _damage_told(origin, "the file cannot be read") as damage:
        table = pq.ParquetFile(file, page_checksum_verification=True)
        names = table.schema_arrow.names
        needed = needed_columns(names, origin)
        if twins := [name for name in needed if names.count(name) > 1]:
            detail = f"{names.count(twins[0])} columns are named {twins[0]!r}; rename all but one"
            damage.append(origin.failed(0, REPEATED_COLUMN, detail))
    if damage:
        yield from damage
        return
    columns = names if origin.witness else needed
    first = 1
    for group in range(table.num_row_groups):
        rows = table.metadata.row_group(group).num_rows
        batches = table.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns)
        what = f"rows {first} to {first + rows - 1}, or some of them, cannot be read"
        with _damage_told(origin, what) as damage:
            yield from batch_items(batches, origin, needed, first)
        yield from damage
        first += rows


@contextmanager
def _damage_told(origin: Origin, what: str) -> Iterator[list[FailedRecord]]:
    """Put a failed record into the list when what is done in the block meets damage."""
    damage: list[FailedRecord] = []
    try:
        yield damage
    except Exception as error:  # of Arrow, of names that are not UTF-8, of sizes beyond memory
        # An error number comes from the file system, and trying again may help.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        damage.append(origin.failed(0, MALFORMED_PARQUET, f"{what}: {error}"))


def batch_items(
    batches: Iterable[pa.RecordBatch | pa.Table],
    origin: Origin,
    needed: Collection[str],
    first: int = 1,
) -> Iterator[Item | FailedRecord]:
    """Yield the rows of batches as objects; one with a value that cannot be read fails alone.

    Args:
        batches: Rows.
        origin: What they were read from.
        needed: Columns without which a row is of no use; the others may be unreadable.
        first: Number of the first row.
    """
    for batch in batches:
        try:
            rows = batch.to_pylist()
        except Exception:  # of dates, time zones, durations, texts...: each has errors of its own
            for index in range(batch.num_rows):
                yield _row(batch.slice(index, 1), first + index, origin, needed)
        else:
            for number, row in enumerate(rows, start=first):
                yield Item(number, row)
        first += batch.num_rows


def _row(
    row: pa.RecordBatch | pa.Table, number: int, origin: Origin, needed: Collection[str]
) -> Item | FailedRecord:
    """Return a row, read value by value."""
    value: dict[str, Any] = {}
    for name in row.column_names:
        try:
            (value[name],) = row.column(name).to_pylist()
        except Exception as error:
            if name in needed:
                reason = INVALID_UTF8 if isinstance(error, UnicodeDecodeError) else UNREADABLE_VALUE
                detail = f"the value of {name!r} cannot be read: {error or type(error).__name__}"
                return origin.failed(number, reason, detail, value)
    return Item(number, value)


def needed_columns(names: list[str], origin: Origin) -> list[str]:
    """Return the columns to read; all of them when question or passage is not among them."""
    paths = resolve(names, origin.fields)
    used = {path if path in names else str(parse_path(path)[0]) for path in paths.values()}
    if not {"question", "passage"} <= paths.keys() or not used <= set(names):
        return names
    return [name for name in names if name in used or fold(name) in _LAYOUT_COLUMNS]
