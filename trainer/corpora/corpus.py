"""Corpora as one table on disk: texts, and integers for group, passage, language and dataset."""

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import datasets
from datasets.table import ConcatenationTable, MemoryMappedTable

from schemas.command import UsageError
from schemas.files import cache_folder, kept_digest
from schemas.language import canonical_code, list_codes, select_languages
from schemas.progress import progress_bar
from trainer.corpora.corpus_files import ParquetSource, find_parquet, find_shards, is_corpus
from trainer.corpora.corpus_tables import FORMAT, TEXT_COLUMNS, write_index, write_texts
from trainer.corpora.int_columns import Ints, read_column
from trainer.corpora.table_cache import cache_key, cached


@dataclass(frozen=True, eq=False)
class CorpusTable:
    """One or several corpora, a row for each group and language; memory-mapped.

    Attributes:
        table: Columns `question`, `passage` (texts, first), then integers: `group` and
            `passage_group` (dense; the same group or passage has one number in all corpora),
            `question_group` (one number for groups that ask the same), `lang` and `source` (place
            in `languages` and `sources`), `mono` and `cross` (1 where the row may serve in such
            batches).
        languages: BCP-47 codes.
        sources: Names of datasets.
    """

    table: datasets.Dataset
    languages: tuple[str, ...]
    sources: tuple[str, ...]

    def column(self, name: str) -> Ints:
        """Return a column of integers, without touching the texts."""
        return read_column(self.table, name)


def open_corpus(
    paths: str | Path | Sequence[str | Path],
    *,
    split: str = "train",
    languages: Sequence[str] | None = None,
    fields: Mapping[str, str] | None = None,
    cache: Path | None = None,
) -> CorpusTable:
    """Open corpora as one table; what is opened the first time is converted and kept.

    Args:
        paths: Corpora built by tandemqa, or Parquet files, folders or globs of them.
        split: Only its rows. Files without a column for it are taken whole.
        languages: Only rows in these; all by default.
        fields: Column by field, for Parquet files that are not tandemqa's: `question`, `passage`,
            `group_id`, `passage_id`, `lang`, `dataset`, `split`, `mono`, `cross`. Without
            `group_id` each row is a group of its own, without `passage_id` passages are told
            apart by their text.
        cache: Where converted tables are kept; see `trainer.corpora.table_cache`.

    Raises:
        UsageError: If something is missing, or has another schema; with all differences.
    """
    languages = tuple(dict.fromkeys(map(canonical_code, languages or ()))) or None
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    if not named:
        raise UsageError("no corpus given")
    files = _find(named, split, languages, fields)
    folder = cache or cache_folder()
    names = _name_tables(files, folder)
    texts = _convert(files, names, folder)
    if not sum(table.num_rows for table in texts):
        raise UsageError(
            f"{', '.join(map(str, named))}: no rows in split {split!r}{_in(languages)}"
        )
    name = cache_key(FORMAT, names)
    path = cached(f"{name}-index.arrow", partial(write_index, texts), folder)
    index = MemoryMappedTable.from_file(str(path))
    metadata = index.schema.metadata
    found = tuple(json.loads(metadata[b"languages"]))
    _, missing = select_languages(languages or (), found)
    if missing:
        raise UsageError(
            f"no rows in {list_codes(missing)}; of the languages asked for, split {split!r} of "
            f"{', '.join(map(str, named))} has {', '.join(found)}"
        )
    return CorpusTable(
        table=datasets.Dataset(_side_by_side(texts, index), fingerprint=name),
        languages=found,
        sources=tuple(json.loads(metadata[b"sources"])),
    )


def _find(
    paths: Sequence[str | Path],
    split: str,
    languages: Sequence[str] | None,
    fields: Mapping[str, str] | None,
) -> list[ParquetSource]:
    files: list[ParquetSource] = []
    for path in paths:
        if is_corpus(path):
            files += find_shards(Path(path), split, languages)
        else:
            files += find_parquet(str(path), split, languages, fields)
    return files


def _name_tables(files: Sequence[ParquetSource], folder: Path) -> list[str]:
    """Return the name of each file's table: what is in the file, and how it is read.

    Raises:
        UsageError: If the content of a file is not what its manifest says.
    """

    def name(file: ParquetSource) -> str:
        try:
            digest = kept_digest(file.path, folder / "hashes")
        except OSError as error:
            raise UsageError(f"{file.path}: cannot be hashed ({error})") from error
        if file.entry and digest != file.entry.sha256:
            raise UsageError(
                f"{file.path}: changed since the build (SHA-256 is not that of the manifest); "
                "see `tandemqa verify`"
            )
        return f"{cache_key(FORMAT, digest, replace(file, path=Path()))}.arrow"

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(name, files))


def _convert(
    files: Sequence[ParquetSource], names: Sequence[str], folder: Path
) -> list[MemoryMappedTable]:
    """Return the texts of each file; several are converted at a time."""

    def convert(file: ParquetSource, name: str) -> MemoryMappedTable:
        path = cached(name, partial(write_texts, file), folder)
        return MemoryMappedTable.from_file(str(path))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        converted = pool.map(convert, files, names)
        progress = progress_bar(
            converted, task="open corpus", unit="files", total=len(files), delay=2
        )
        return list(progress)


def _side_by_side(
    texts: Sequence[MemoryMappedTable], index: MemoryMappedTable
) -> ConcatenationTable:
    """Return texts and integers as one table; nothing is copied."""
    blocks = []
    start = 0
    for table in texts:
        if table.num_rows:
            part = index.slice(start, table.num_rows)
            blocks.append([table.select(list(TEXT_COLUMNS)), part])
            start += table.num_rows
    return ConcatenationTable.from_blocks(blocks)


def _in(languages: Sequence[str] | None) -> str:
    return f" in {list_codes(languages)}" if languages else ""
