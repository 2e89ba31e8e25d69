"""A table as the bytes of a sorted Parquet file, the same in whatever order its rows came."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

ROW_GROUP_ROWS: Final = 5_000
ROW_GROUP_BYTES: Final = 16 << 20
# Bytes of rows that are taken at a time: Arrow's columns of strings hold 2 GiB at most.
_TAKEN_BYTES: Final = 512 << 20
# Bytes of a table from which rows are taken. While one is put together, its rows are there twice.
_CHUNK_BYTES: Final = 32 << 20


def join_tables(tables: Iterable[pa.Table]) -> pa.Table:
    """Return a table of many small ones, which need not be in memory at the same time."""
    return pa.concat_tables(_in_chunks(tables))


def encode(table: pa.Table, order: Sequence[str] = ()) -> bytes:
    """Return a Parquet file with bounded row groups.

    Args:
        table: The rows, in any order.
        order: The columns by which they are sorted; without any they stay as they are.
    """
    by = [(name, "ascending") for name in order]
    places = np.asarray(pc.sort_indices(table, by) if by else range(table.num_rows), np.int64)
    chunks = list(_in_chunks([table]))
    step = min(ROW_GROUP_ROWS, max(1, _TAKEN_BYTES * table.num_rows // max(table.nbytes, 1)))
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, compression="zstd") as writer:
        for start in range(0, len(places), step):
            part = _without_bitmaps(_take(chunks, places[start : start + step]))
            rows = max(1, part.num_rows * ROW_GROUP_BYTES // max(part.nbytes, 1))
            writer.write_table(part, row_group_size=rows)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _in_chunks(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the rows in tables that can be taken from; one that is large enough is not copied."""
    batches: list[pa.RecordBatch] = []
    size = 0
    for table in tables:
        for batch in table.to_batches():
            batches.append(batch)
            size += batch.nbytes
            if size >= _CHUNK_BYTES:
                yield pa.Table.from_batches(batches).combine_chunks()
                batches, size = [], 0
    if batches or not table.num_rows:
        yield pa.Table.from_batches(batches, table.schema).combine_chunks()


def _take(chunks: Sequence[pa.Table], places: NDArray[np.int64]) -> pa.Table:
    """Return the rows at places that are counted through all chunks, in the order of the places."""
    firsts = np.cumsum([0, *(chunk.num_rows for chunk in chunks[:-1])])
    of = np.searchsorted(firsts, places, side="right") - 1
    held = [np.flatnonzero(of == number) for number in range(len(chunks))]
    parts = [
        chunk.take(pa.array(places[own] - first))
        for chunk, own, first in zip(chunks, held, firsts, strict=True)
    ]
    if len(parts) == 1:
        return parts[0]
    taken = pa.concat_tables(parts).combine_chunks()
    return taken.take(pa.array(np.argsort(np.concatenate(held))))


def _without_bitmaps(table: pa.Table) -> pa.Table:
    """Return the table without bitmaps that say that nothing is null, as if it were made of rows.

    A stream leaves them out. With them, the size of a table depends on how it came about.
    """
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return pa.ipc.open_stream(sink.getvalue()).read_all()
