"""Parquet files, read by batches of rows."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.formats.fields import parse_path, resolve
from pipelines.formats.item import Item, Origin
from schemas.file_reasons import INVALID_UTF8
from schemas.reason import declare_reason
from schemas.record import FailedRecord

MALFORMED_PARQUET: Final = declare_reason(
    "malformed_parquet", "a Parquet file that cannot be read to its end"
)

BATCH_ROWS: Final = 1000
# What recognising Natural Questions and impossible questions takes.
_LAYOUT_COLUMNS: Final = {"document", "annotations", "answers", "is_impossible"}


def items(file: BinaryIO, origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the rows of a Parquet file as objects with the columns that the mapping needs."""
    read = 0
    try:
        table = pq.ParquetFile(file)
        columns = _needed(table.schema_arrow.names, origin)
        for item in batch_items(table.iter_batches(BATCH_ROWS, columns=columns), origin):
            yield item
            read += 1
    except (pa.ArrowException, OSError) as error:
        # An error number comes from the file system, and trying again may help.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        detail = f"cannot be read beyond row {read}: {error}"
        yield origin.failed(0, MALFORMED_PARQUET, detail)


def batch_items(batches: Iterable[pa.RecordBatch], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the rows of batches as objects, numbered from 1."""
    first = 1
    for batch in batches:
        try:
            rows = batch.to_pylist()
        except UnicodeDecodeError:  # Parquet files are not checked for this when written
            rows = [_row(batch.slice(index, 1)) for index in range(batch.num_rows)]
        for number, row in enumerate(rows, start=first):
            if isinstance(row, UnicodeDecodeError):
                yield origin.failed(number, INVALID_UTF8, f"the row is not UTF-8: {row}")
            else:
                yield Item(number, row)
        first += batch.num_rows


def _row(row: pa.RecordBatch) -> dict[str, Any] | UnicodeDecodeError:
    try:
        return dict(row.to_pylist()[0])
    except UnicodeDecodeError as error:
        return error


def _needed(names: list[str], origin: Origin) -> list[str]:
    """Return the columns to read; all of them when question or passage is not among them."""
    paths = resolve(names, origin.fields)
    used = {path if path in names else str(parse_path(path)[0]) for path in paths.values()}
    if not {"question", "passage"} <= paths.keys() or not used <= set(names):
        return names
    return [name for name in names if name in used | _LAYOUT_COLUMNS]
