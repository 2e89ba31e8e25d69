"""Open the Parquet files of a corpus; what is not as the manifest says is never used."""

from hashlib import sha256
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.io.storage import read_below
from schemas.command import FailedRunError
from schemas.corpus_layout import FAILED_RECORD, ROW, SPLITS
from schemas.manifest import FileEntry
from schemas.record import FAILED_RECORD_SCHEMA
from schemas.regular_file import UnsafeFileError
from schemas.row import has_meaning, quarantine_schema, row_schema

# What pyarrow raises for content that is no Parquet, or holds text that is none.
_UNREADABLE: Final = (pa.ArrowException, OSError, UnicodeError)
_ID: Final = "^[0-9a-f]{32}$"


class DamagedCorpusError(FailedRunError):
    """A corpus is not what its manifest says; the message begins with the path of the file."""


class CorpusFile(pq.ParquetFile):  # type: ignore[misc]
    """A file of a corpus whose values are checked as they are read.

    Its hash is that of the manifest; but who wrote the manifest may have written anything into
    the file.
    """

    def __init__(self, entry: FileEntry, content: bytes) -> None:
        super().__init__(pa.BufferReader(content))
        self._entry = entry

    def read_row_group(self, *args: Any, **options: Any) -> pa.Table:  # noqa: ANN401
        """Return a row group, as pyarrow does.

        Raises:
            DamagedCorpusError: If it cannot be read, or holds what no build writes.
        """
        try:
            table = super().read_row_group(*args, **options)
            table.validate(full=True)
        except _UNREADABLE as error:
            raise DamagedCorpusError(
                f"{self._entry.path}: not readable as Parquet ({error})"
            ) from error
        _check_values(self._entry, table)
        return table

    def tables(self, columns: list[str] | None = None) -> list[pa.Table]:
        """Return the columns of all row groups, one by one."""
        return [self.read_row_group(n, columns=columns) for n in range(self.num_row_groups)]


def read_content(corpus: str, entry: FileEntry) -> bytes:
    """Return the bytes of a file of a corpus.

    Raises:
        DamagedCorpusError: If it is missing, no regular file, or changed since the build.
    """
    try:
        content = read_below(corpus, entry.path, entry.size)
    except FileNotFoundError:
        raise DamagedCorpusError(f"{entry.path}: missing") from None
    except UnsafeFileError as error:
        raise DamagedCorpusError(str(error).removeprefix(f"{corpus}/")) from None
    except OSError as error:
        raise DamagedCorpusError(f"{entry.path}: cannot be read ({error})") from error
    if len(content) != entry.size:
        raise DamagedCorpusError(
            f"{entry.path}: content changed ({len(content):,} bytes, {entry.size:,} in the "
            "manifest)"
        )
    if sha256(content).hexdigest() != entry.sha256:
        raise DamagedCorpusError(f"{entry.path}: content changed (SHA-256 differs)")
    return content


def open_file(corpus: str, entry: FileEntry) -> CorpusFile:
    """Return a file of a corpus, wherever the corpus is.

    Raises:
        DamagedCorpusError: As `read_content`, and if it has not the schema or number of rows that
            it should have.
    """
    content = read_content(corpus, entry)
    try:
        file = CorpusFile(entry, content)
        schema = file.schema_arrow
    except _UNREADABLE as error:
        raise DamagedCorpusError(f"{entry.path}: not readable as Parquet ({error})") from error
    wanted = _wanted_schema(entry.kind, has_meaning(schema))
    if not schema.equals(wanted, check_metadata=True):
        raise DamagedCorpusError(f"{entry.path}: schema changed ({_difference(schema, wanted)})")
    if file.metadata.num_rows != entry.rows:
        raise DamagedCorpusError(
            f"{entry.path}: {file.metadata.num_rows} rows, {entry.rows} in the manifest"
        )
    return file


def _wanted_schema(kind: str, measured: bool) -> pa.Schema:
    if kind == FAILED_RECORD:
        return FAILED_RECORD_SCHEMA
    return row_schema(measured) if kind == ROW else quarantine_schema(measured)


def _difference(found: pa.Schema, wanted: pa.Schema) -> str:
    names = [name for name in wanted.names if name not in found.names]
    if names:
        return f"columns missing: {', '.join(names)}"
    if repeated := {name for name in found.names if found.names.count(name) > 1}:
        return f"columns there twice: {', '.join(sorted(repeated))}"
    changed = [
        f"{field.name}: {found.field(field.name).type}, wanted {field.type}"
        for field in wanted
        if not found.field(field.name).equals(field)
    ]
    extra = [name for name in found.names if name not in wanted.names]
    return "; ".join(changed + [f"unknown column {name}" for name in extra]) or "metadata"


def _check_values(entry: FileEntry, table: pa.Table) -> None:
    """Refuse what the schema allows and no build writes."""
    for name in table.column_names:
        column = table.column(name)
        if pa.types.is_list(column.type) and pc.list_flatten(column).null_count:
            raise DamagedCorpusError(f"{entry.path}: holds nothing in a list of {name}")
    allowed = {
        "lang": [entry.lang],
        "split": [entry.split] if entry.kind == ROW else list(SPLITS),
    }
    for name, values in allowed.items():
        if name in table.column_names and entry.kind != FAILED_RECORD:
            found = pc.unique(table.column(name).cast(pa.string())).to_pylist()
            if set(found) - set(values):
                what = "language" if name == "lang" else name
                raise DamagedCorpusError(f"{entry.path}: holds rows of another {what}")
    for name in ("group_id", "passage_id"):
        if name in table.column_names and not _all_match(table.column(name), _ID):
            raise DamagedCorpusError(f"{entry.path}: holds a {name} that is none")


def _all_match(column: pa.ChunkedArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(column, pattern), min_count=0).as_py())
