"""Collections on disk as judged sets: folders and zip files, read where they are."""

import bz2
import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Final

import pyarrow as pa
import zstandard

from schemas.collection_entries import TABLES, Entry, parse_lines, parse_rows, read_table
from schemas.collection_files import (
    ROLES,
    WANTED,
    Part,
    choose_split,
    format_of,
    is_language,
    locate_parts,
)
from schemas.command import UsageError
from schemas.language import SOURCE_LANGUAGE, canonical_code, select_languages
from schemas.splits import split_name
from trainer.benchmarks.judged_sets import JudgedSet, SetBuilder

_SPLITS: Final = ("test", "validation", "train")  # the first there is, if none is asked for
_INSIDE: Final = ".zip!/"  # between a zip file and a name in it
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DAMAGE: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, zstandard.ZstdError)


def read_collection(
    path: Path, languages: Sequence[str] = (), split: str | None = None
) -> dict[str, JudgedSet]:
    """Return the judged sets of a folder or a zip file by language.

    Args:
        path: The folder or zip file, in any layout that `schemas.collection_files` knows.
        languages: The language of its texts (English by default) where it has one set; else those
            to read, all there are when empty.
        split: Which judgements; the first there is of test, validation and train.

    Raises:
        UsageError: If something is missing, cannot be read or contradicts itself.
    """
    parts = locate_parts(str(path), _list_files)
    _require_roles(str(path), parts)
    labels = _choose_labels(path, parts, languages)
    return {lang: _read_set(path, parts, label, split) for lang, label in labels.items()}


def _require_roles(source: str, parts: Sequence[Part]) -> None:
    for role in ROLES:
        if all(part.role != role for part in parts):
            raise UsageError(f"{source}: no {role}; wanted {WANTED[role]}")


def _choose_labels(path: Path, parts: Sequence[Part], languages: Sequence[str]) -> dict[str, str]:
    """Return the labels of the parts to read by language."""
    labels = sorted({part.lang for part in parts if part.role == "judgements"})
    if labels == [""]:
        if len(languages) > 1:
            raise UsageError(
                f"{path}: one language, but {', '.join(languages)} are asked for; several have a "
                f"folder each, such as {path / languages[0] / 'corpus.jsonl'}"
            )
        return {canonical_code((languages or (SOURCE_LANGUAGE,))[0]): ""}
    found = ", ".join(labels)
    if not languages and len(labels) > 1 and not any(map(is_language, labels)):
        raise UsageError(f"{path}: several sets, {found}; choose with --languages {labels[0]}")
    chosen, missing = select_languages(languages, labels)
    if missing:
        raise UsageError(f"{path}: no {', '.join(missing)}; there is {found}")
    return {label: label for label in chosen}


def _read_set(path: Path, parts: Sequence[Part], label: str, split: str | None) -> JudgedSet:
    parts = [part for part in parts if part.lang in ("", label)]
    chosen = choose_split(parts, _find_split(path, parts, split))
    builder = SetBuilder(f"{path}, {label}" if label else str(path))
    _require_roles(builder.source, chosen)
    for part in chosen:
        try:
            builder.add(_read_part(part), part.path, part.role)
        except (*_DAMAGE, pa.ArrowException) as error:
            raise UsageError(f"{part.path}: cannot be read to its end: {error}") from error
    return builder.finish()


def _find_split(path: Path, parts: Sequence[Part], wanted: str | None) -> str:
    """Return the split of the judgements to read, as the files call it."""
    splits = sorted({part.split for part in parts if part.role == "judgements"})
    order = [split_name(wanted)] if wanted else [*_SPLITS, ""]
    for name in order:
        for split in splits:
            if split_name(split) == name:
                return split
    found = ", ".join(filter(None, splits)) or "one without a name"
    raise UsageError(f"{path}: no judgements of split {wanted}; there is {found}")


def _read_part(part: Part) -> Iterator[Entry]:
    format = format_of(part.path)
    with _open(part.path) as file:
        if format in TABLES:
            yield from parse_rows(part.role, read_table(file, format))
        else:
            yield from parse_lines(part.role, format, _lines(file))


def _list_files(path: str) -> Mapping[str, str]:
    """Return the files in a folder or zip file by their names in it; none if it is neither."""
    if Path(path).is_dir():
        root = Path(path)
        files = [file for file in root.rglob("*") if file.is_file()]
        return {file.relative_to(root).as_posix(): str(file) for file in files}
    if not path.endswith(".zip") or not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as archive:
        return {name: f"{path}!/{name}" for name in archive.namelist()}


@contextmanager
def _open(path: str) -> Iterator[io.BufferedReader]:
    """Open a file, or one in a zip file, decompressed; nothing is ever unpacked to disk."""
    with ExitStack() as stack:
        archive, inside, name = path.partition(_INSIDE)
        file: Any
        if inside:
            packed = stack.enter_context(zipfile.ZipFile(f"{archive}.zip"))
            file = stack.enter_context(packed.open(name))
        else:
            file = stack.enter_context(Path(path).open("rb"))
        decompress = _DECOMPRESS.get(PurePath(path).suffix.lower())
        yield io.BufferedReader(decompress(file) if decompress else file)


def _lines(file: io.BufferedReader) -> Iterator[bytes]:
    """Yield the lines of a file in UTF-8, or in UTF-16 where its byte order mark says so."""
    if file.peek(2)[:2] in _UTF16:
        for text in io.TextIOWrapper(file, encoding="utf-16", newline="\n"):
            yield text.rstrip("\n").encode("utf-8", "surrogatepass")
    else:
        for line in file:
            yield line.rstrip(b"\n")


def _open_zstd(file: BinaryIO) -> Any:  # noqa: ANN401 - zstandard has no type hints
    return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)


_DECOMPRESS: Final[Mapping[str, Callable[[BinaryIO], Any]]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".zst": _open_zstd,
}
