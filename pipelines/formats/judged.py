"""Collections: passages, queries and relevance judgements in files of their own."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pyarrow as pa

from pipelines.formats.item import BadItem, Origin, optional_text
from pipelines.formats.parquet import MALFORMED_PARQUET
from pipelines.formats.stream import CutLine, Stream, list_tree, open_file
from schemas.collection_entries import (
    TABLES,
    Entry,
    Fault,
    Judgement,
    parse_lines,
    parse_rows,
    read_table,
)
from schemas.collection_files import Part, format_of, is_language, locate_parts
from schemas.language import parse_language
from schemas.record import FailedRecord
from schemas.splits import split_name

FORMATS: Final = ("beir", "msmarco")
_ENGLISH: Final = parse_language("en")


class Passage(NamedTuple):
    """A passage or a query, with the id that judgements use."""

    id: str
    title: str
    text: str


def list_parts(path: str) -> list[Part]:
    """Return the English files of a collection, a folder or a zip file, sorted.

    Of a collection in several languages these are the English ones; what has no language belongs
    to all.

    Raises:
        ValueError: If it has several languages or parts, and none is English.
    """
    parts = locate_parts(path, list_tree)
    labels = {part.lang for part in parts} - {""}
    english = {label for label in labels if _is_english(label)}
    if len(labels) > 1 and not english:
        raise ValueError(f"it holds {', '.join(sorted(labels))}, but nothing in English")
    return [part for part in parts if part.lang in english | {""} or len(labels) == 1]


def split_of(part: Part) -> str:
    """Return the split of a record that judgements make; `train` where their file names none."""
    return split_name(part.split) or "train"


def read_part(
    part: Part, origin: Origin, stream: Stream
) -> Iterator[Passage | Judgement | FailedRecord]:
    """Yield what is in one file, in order; `stream` then knows whether it broke off."""
    format = format_of(part.path)
    cut: list[tuple[int, CutLine]] = []
    if format in TABLES:
        entries = parse_rows(part.role, _rows(part.path, format))
    else:
        entries = parse_lines(part.role, format, _set_aside(stream.lines(), cut))
    try:
        for entry in entries:
            yield _to_result(entry, origin)
    except pa.ArrowException as error:
        yield origin.failed(0, MALFORMED_PARQUET, f"the file cannot be read to its end: {error}")
    for number, line in cut:
        yield origin.too_long(number, line)


def _set_aside(lines: Iterator[bytes], cut: list[tuple[int, CutLine]]) -> Iterator[bytes]:
    """Yield the lines, and nothing in the place of those that are too long; `cut` takes them."""
    for number, line in enumerate(lines, start=1):
        if isinstance(line, CutLine):
            cut.append((number, line))
        yield b"" if isinstance(line, CutLine) else line


def _is_english(label: str) -> bool:
    return is_language(label) and parse_language(label) == _ENGLISH


def _rows(path: str, format: str) -> Iterator[dict[str, Any]]:
    with open_file(path) as file:
        yield from read_table(file, format)


def _to_result(entry: Entry, origin: Origin) -> Passage | Judgement | FailedRecord:
    if isinstance(entry, Fault):
        return origin.failed(entry.line, entry.reason, entry.detail, entry.raw)
    if isinstance(entry, Judgement):
        return entry
    try:
        title, text = optional_text("title", entry.title), optional_text("text", entry.text)
    except BadItem as bad:
        return origin.failed(entry.line, bad.reason, bad.detail, entry.text, entry.id)
    return Passage(entry.id, title, text)
