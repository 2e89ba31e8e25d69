"""From Parquet files to memory-mapped Arrow: texts file by file, then integers over all files."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from datasets.table import MemoryMappedTable
from numpy.typing import NDArray

from schemas.command import UsageError
from schemas.identity import content_id
from schemas.language import select_languages
from schemas.manifest import FileEntry
from trainer.corpora.clusters import connect
from trainer.corpora.corpus_files import ParquetSource, check_schema

FORMAT: Final = 2  # part of the names of kept files: raise it when their content changes
TEXT_COLUMNS: Final = ("question", "passage")

_KEY: Final = pa.binary(16)
_BATCH_ROWS: Final = 8192
_TEXT_SCHEMA: Final = pa.schema(
    [
        ("question", pa.string()),
        ("passage", pa.string()),
        ("group_key", _KEY),
        ("passage_key", _KEY),
        ("lang", pa.string()),
        ("dataset", pa.string()),
        ("mono", pa.int8()),
        ("cross", pa.int8()),
    ]
)


def write_texts(file: ParquetSource, path: Path) -> None:
    """Write the rows of a Parquet file that are to be read as Arrow.

    Raises:
        UsageError: If the file is damaged, or rows have no question, passage or language.
    """
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, _TEXT_SCHEMA) as writer:
        for table in _read_tables(file):
            writer.write_table(table)


def _read_tables(file: ParquetSource) -> Iterator[pa.Table]:
    """Yield the rows that are to be read, in our columns."""
    columns = list(dict.fromkeys(file.columns.values()))
    try:
        with pq.ParquetFile(file.path, memory_map=True) as parquet:
            if file.entry:
                _check_file(file.path, file.entry, parquet)
            for batch in parquet.iter_batches(_BATCH_ROWS, columns=columns):
                batch.validate(full=True)
                if file.entry:
                    _check_rows(file.path, file.entry, batch)
                table = _select_rows(pa.table(batch), file)
                if table.num_rows:
                    yield _Texts(file, table).convert()
    except (OSError, pa.ArrowException, UnicodeError) as error:
        raise UsageError(f"{file.path}: not readable as Parquet ({error})") from error


def _check_file(path: Path, entry: FileEntry, parquet: pq.ParquetFile) -> None:
    """Refuse a file of a corpus that has other columns or rows than it should."""
    check_schema(path, parquet.schema_arrow)
    if parquet.metadata.num_rows != entry.rows:
        raise UsageError(f"{path}: {parquet.metadata.num_rows} rows, {entry.rows} in the manifest")


def _check_rows(path: Path, entry: FileEntry, batch: pa.RecordBatch) -> None:
    """Refuse rows of another split or language than their file is for."""
    for name, wanted in (("split", entry.split), ("lang", entry.lang)):
        if pc.unique(batch[name].cast(pa.string())).to_pylist() != [wanted]:
            raise UsageError(f"{path}: holds rows whose {name} is not {wanted}")


def _select_rows(table: pa.Table, file: ParquetSource) -> pa.Table:
    if "split" in file.columns and file.split:
        table = _keep(table, file.columns["split"], [file.split])
    if "lang" in file.columns and file.languages:
        column = file.columns["lang"]
        present = pc.unique(table[column].cast(pa.string())).drop_null().to_pylist()
        table = _keep(table, column, select_languages(file.languages, present)[0])
    return table


def _keep(table: pa.Table, column: str, wanted: Sequence[str]) -> pa.Table:
    values = table[column].cast(pa.string())
    return table.filter(pc.is_in(values, value_set=pa.array(wanted, pa.string())))


@dataclass(frozen=True, slots=True)
class _Texts:
    """Rows of a Parquet file, on their way to our columns."""

    file: ParquetSource
    rows: pa.Table

    def convert(self) -> pa.Table:
        question, passage = self._text("question"), self._text("passage")
        groups = self._values("group_id", pa.string())
        passages = self._values("passage_id", pa.string())
        columns = {
            "question": question,
            "passage": passage,
            "group_key": _keys(groups) if groups is not None else _text_keys(question, passage),
            "passage_key": _keys(passages) if passages is not None else _text_keys(passage),
            "lang": self._values("lang", pa.string(), self.file.lang),
            "dataset": self._values("dataset", pa.string(), self.file.dataset),
            "mono": self._values("mono", pa.int8(), 1),
            "cross": self._values("cross", pa.int8(), 1),
        }
        return pa.table(columns, schema=_TEXT_SCHEMA)

    def _text(self, field: str) -> pa.Array:
        texts = self._values(field, pa.string())
        blank = pc.sum(pc.equal(pc.utf8_length(texts), 0)).as_py()
        if blank:
            raise UsageError(f"{self.file.path}: {blank} rows have an empty {field}")
        return texts

    def _values(
        self, field: str, kind: pa.DataType, otherwise: str | int | None = None
    ) -> pa.Array | None:
        """Return a column of the file, else a constant; None without either."""
        name = self.file.columns.get(field)
        if name is None:
            constant = pa.scalar(otherwise, kind)
            return None if otherwise is None else pa.repeat(constant, self.rows.num_rows)
        values = self.rows[name].combine_chunks().cast(kind)
        if values.null_count:
            raise UsageError(f"{self.file.path}: {values.null_count} rows have no {name} ({field})")
        return values


def _text_keys(*columns: pa.Array) -> pa.Array:
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([bytes.fromhex(content_id(*row)) for row in rows], _KEY)


def _keys(ids: pa.Array) -> pa.Array:
    """Return ids as 16 bytes: those of tandemqa as they are, others by their hash."""
    texts = ids.to_pylist()
    if all(len(text) == 32 for text in texts):
        try:
            content = bytes.fromhex("".join(texts))  # all at once, which is ten times as fast
        except ValueError:
            content = b""
        if len(content) == 16 * len(texts):
            buffers = [None, pa.py_buffer(content)]
            return pa.FixedSizeBinaryArray.from_buffers(_KEY, len(texts), buffers)
    return pa.array(map(_key, texts), _KEY)


def _key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text) if len(text) == 32 else b""
    except ValueError:
        key = b""
    return key if len(key) == 16 else bytes.fromhex(content_id(text))


def write_index(tables: Sequence[MemoryMappedTable], path: Path) -> None:
    """Write group, passage, question, language, dataset and tags of all rows as integers.

    Numbers are given in the order of first appearance to groups, passages and questions, in
    alphabetical order to languages and datasets, whose names stand in the metadata.
    """
    group, _ = _number(_column(tables, "group_key"))
    passage, _ = _number(_column(tables, "passage_key"))
    lang, languages = _number_names(_column(tables, "lang"))
    source, sources = _number_names(_column(tables, "dataset"))
    columns = {
        "group": group.astype(np.int64),
        "passage_group": _one_for_each_group(group, passage).astype(np.int64),
        "question_group": _number_questions(tables, group, lang).astype(np.int64),
        "lang": lang.astype(np.int16),
        "source": source.astype(np.int16),
        "mono": _column(tables, "mono").to_numpy(),
        "cross": _column(tables, "cross").to_numpy(),
    }
    names = {"languages": json.dumps(languages), "sources": json.dumps(sources)}
    table = pa.table(columns).replace_schema_metadata(names)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def _column(tables: Sequence[MemoryMappedTable], name: str) -> pa.ChunkedArray:
    chunks = [chunk for table in tables for chunk in table.column(name).chunks]
    return pa.chunked_array(chunks, _TEXT_SCHEMA.field(name).type)


def _number(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], pa.Array]:
    """Return the number of each value, and the values by number."""
    encoded = column.dictionary_encode()
    numbers = np.concatenate([chunk.indices.to_numpy() for chunk in encoded.chunks])
    return numbers, encoded.chunk(0).dictionary


def _number_names(column: pa.ChunkedArray) -> tuple[NDArray[np.int32], list[str]]:
    numbers, values = _number(column)
    names = values.to_pylist()
    place = {value: place for place, value in enumerate(sorted(names))}
    return np.array([place[value] for value in names], np.int32)[numbers], sorted(names)


def _one_for_each_group(group: NDArray[np.int32], passage: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return passage numbers that are the same in all rows of a group.

    Where translations of one passage have ids of their own, they are joined through the groups
    they are in.
    """
    of_group = np.empty(int(group.max()) + 1, np.int32)
    of_group[group] = passage
    return passage if (of_group[group] == passage).all() else connect(group, passage)


def _number_questions(
    tables: Sequence[MemoryMappedTable], group: NDArray[np.int32], lang: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return a number for each question, the same for groups that ask the same.

    Each group is judged by its question in the language that has the most rows, which in a corpus
    is English, or another one where it has none in that; capital letters do not count.
    """
    order = np.argsort(lang != np.bincount(lang).argmax(), kind="stable")
    _, first = np.unique(group[order], return_index=True)
    judged = np.zeros(len(group), bool)
    judged[order[first]] = True
    # Unlike `take`, it is not bound to 2 GiB of text in all rows together.
    texts = _column(tables, "question").filter(pa.array(judged))
    numbers, _ = _number(pc.utf8_lower(pc.utf8_trim_whitespace(texts)))
    of_group = np.empty(len(first), np.int32)
    of_group[group[judged]] = numbers
    return of_group[group]
