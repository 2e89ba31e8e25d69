"""The Parquet files of corpora: which ones, in what order, and whether they can be read."""

import glob
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.command import UsageError
from schemas.corpus_layout import MANIFEST_NAME
from schemas.manifest import FileEntry, Manifest, ManifestError, load_manifest
from schemas.regular_file import open_regular
from schemas.row import SCHEMA_VERSION, has_meaning, row_schema

FIELDS: Final = (
    *("question", "passage", "group_id", "passage_id"),
    *("lang", "dataset", "split", "mono", "cross"),
)
NEEDED: Final = ("question", "passage", "lang")

_log = logging.getLogger(__name__)

_ROW_FIELDS: Final = {name: name for name in FIELDS}


@dataclass(frozen=True, slots=True)
class ParquetSource:
    """One Parquet file.

    Attributes:
        path: Where it is.
        columns: Its column for each of our fields, as far as it has them.
        dataset: Name of the dataset, where there is no column for it.
        lang: Language of all rows, where there is no column for it.
        split: The split to read, where there is a column for it; None for all rows.
        languages: The languages to read; None for all.
        entry: What the manifest of its corpus says of it; None without a manifest.
    """

    path: Path
    columns: Mapping[str, str]
    dataset: str = ""
    lang: str | None = None
    split: str | None = None
    languages: tuple[str, ...] | None = None
    entry: FileEntry | None = None


def is_corpus(path: str | Path) -> bool:
    """Return whether a folder is meant to be a corpus built by tandemqa, whole or not."""
    return any(os.path.lexists(Path(path) / name) for name in (MANIFEST_NAME, "quarantine"))


def find_shards(corpus: Path, split: str, languages: Sequence[str] | None) -> list[ParquetSource]:
    """Return the shards of a corpus built by tandemqa, in the order of language and bucket.

    Raises:
        UsageError: If the corpus is incomplete or of another version, or files are missing.
    """
    manifest = read_manifest(corpus)
    if manifest.faults:
        _log.warning("%s: its build found faults: %s", corpus, "; ".join(manifest.faults))
    entries = [f for f in manifest.files if f.kind == "row" and f.split == split]
    if not entries:
        splits = sorted({f.split for f in manifest.files if f.kind == "row"})
        raise UsageError(f"{corpus}: no split {split!r}; it has {', '.join(splits) or 'no rows'}")
    entries = [f for f in entries if languages is None or f.lang in languages]
    changed = [f.path for f in entries if _is_changed(corpus, f)]
    if changed:
        raise UsageError(
            f"{corpus}: {len(changed)} files are missing or changed since the build, such as "
            f"{changed[0]}; see `tandemqa verify {corpus}`"
        )
    return [
        ParquetSource(corpus / f.path, _ROW_FIELDS, entry=f)
        for f in sorted(entries, key=lambda f: (f.lang, f.path))
    ]


def read_manifest(corpus: Path) -> Manifest:
    """Return the manifest of a corpus.

    Raises:
        UsageError: If it is missing, damaged or of another schema version.
    """
    try:
        return load_manifest(str(corpus))
    except ManifestError as error:
        raise UsageError(str(error)) from error


def find_parquet(
    pattern: str,
    split: str,
    languages: Sequence[str] | None,
    fields: Mapping[str, str] | None,
) -> list[ParquetSource]:
    """Return the Parquet files of a path, folder or glob, their columns mapped to our fields.

    Args:
        pattern: Path of a file or folder, or a glob.
        split: Only its rows, where the files have a column for it.
        languages: Only rows in these; where the files have no column for it, the one language
            they are in.
        fields: Column by field of `FIELDS`; columns with a field's own name need none. Without,
            the files must be shards of a corpus.

    Raises:
        UsageError: If there is no file, or the schema of one does not fit; with all differences.
    """
    paths = list(expand(pattern))
    if not paths:
        raise UsageError(f"{pattern}: no corpus and no Parquet file there")
    unknown = sorted(set(fields or ()) - set(FIELDS))
    if unknown:
        raise UsageError(f"fields {', '.join(unknown)}: unknown; wanted {', '.join(FIELDS)}")
    chosen = tuple(languages) if languages else None
    if fields is None:
        return [_one_shard(path, split, chosen) for path in paths]
    dataset = Path(pattern).stem if len(paths) == 1 else paths[0].parent.name
    return [
        replace(_mapped_file(path, fields, chosen), dataset=dataset, split=split) for path in paths
    ]


def expand(pattern: str) -> Iterator[Path]:
    """Yield the Parquet files of a path, folder or glob.

    Raises:
        UsageError: If there is something else than files and folders, such as a named pipe.
    """
    if Path(pattern).is_dir():
        found = sorted(Path(pattern).rglob("*.parquet"))
    else:
        found = list(map(Path, sorted(glob.glob(pattern, recursive=True))))  # noqa: PTH207
    for path in found:
        if not path.is_file() and not path.is_dir():
            raise UsageError(f"{path}: not a regular file")
        if path.is_file():
            yield path


def _one_shard(path: Path, split: str, languages: tuple[str, ...] | None) -> ParquetSource:
    check_schema(path, _read_schema(path))
    return ParquetSource(path, _ROW_FIELDS, split=split, languages=languages)


def check_schema(path: Path, schema: pa.Schema) -> None:
    """Refuse a file that is no shard of a corpus.

    Raises:
        UsageError: With all differences.
    """
    faults = list(_schema_faults(schema))
    if faults:
        raise UsageError(
            f"{path}: not a shard of schema version {SCHEMA_VERSION}: {'; '.join(faults)}. "
            "Other Parquet files can be trained on with --fields, such as question=COLUMN"
        )


def _mapped_file(
    path: Path, fields: Mapping[str, str], languages: tuple[str, ...] | None
) -> ParquetSource:
    schema = _read_schema(path)
    columns = {
        field: fields.get(field, field)
        for field in FIELDS
        if field in fields or field in schema.names
    }
    lang = languages[0] if languages and len(languages) == 1 and "lang" not in columns else None
    faults = list(_mapping_faults(schema, columns, lang))
    if faults:
        raise UsageError(
            f"{path}: {'; '.join(faults)}. Its columns: {', '.join(schema.names)}; map them with "
            "--fields, such as question=COLUMN"
        )
    return ParquetSource(path, columns, lang=lang, languages=languages)


def _read_schema(path: Path) -> pa.Schema:
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException, UnicodeError) as error:
        raise UsageError(f"{path}: not readable as Parquet ({error})") from error


def _schema_faults(found: pa.Schema) -> Iterator[str]:
    """Yield every difference to the schema of shards."""
    version = (found.metadata or {}).get(b"tandemqa.schema_version", b"none").decode()
    if version != SCHEMA_VERSION:
        yield f"schema version {version}"
    wanted = row_schema(has_meaning(found))
    for field in wanted:
        if field.name not in found.names:
            yield f"no column {field.name}"
        elif found.names.count(field.name) > 1:
            yield f"column {field.name} is there twice"
        elif found.field(field.name).type != field.type:
            yield f"{field.name} is {found.field(field.name).type}, wanted {field.type}"
    for name in found.names:
        if name not in wanted.names:
            yield f"unknown column {name}"


def _mapping_faults(
    found: pa.Schema, columns: Mapping[str, str], lang: str | None
) -> Iterator[str]:
    """Yield everything that keeps a file from being read."""
    for field in NEEDED:
        if field not in columns and not (field == "lang" and lang):
            more = ", or exactly one language to read" if field == "lang" else ""
            yield f"no column {field} (or one mapped to it{more})"
    for field, name in columns.items():
        if name not in found.names:
            yield f"no column {name} for {field}"
        elif field in ("mono", "cross") and not pa.types.is_boolean(found.field(name).type):
            yield f"{name} ({field}) is {found.field(name).type}, wanted bool"
        elif field in ("question", "passage", "lang") and not _is_text(found.field(name).type):
            yield f"{name} ({field}) is {found.field(name).type}, wanted string"


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_changed(corpus: Path, entry: FileEntry) -> bool:
    """Return whether a file is missing, of another size, or no regular file of the corpus."""
    try:
        with open_regular(corpus, entry.path) as file:
            return os.fstat(file.fileno()).st_size != entry.size
    except OSError:
        return True
