"""The records of one file, whatever its format."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from pipelines.formats import (
    delimited,
    huggingface,
    json_list,
    json_text,
    mapped,
    natural_questions,
    parquet,
    squad,
)
from pipelines.formats.item import EMPTY_FILE, Item, Origin
from pipelines.formats.stream import Stream, open_file
from schemas.record import FailedRecord, Record

Items = Iterator[Item | FailedRecord]

LINES: Final[dict[str, Callable[[Iterable[bytes], Origin], Items]]] = {
    "jsonl": json_text.items,
    "csv": delimited.csv_items,
    "tsv": delimited.tsv_items,
    "nq": json_text.items,
}
DOCUMENTS: Final[dict[str, Callable[[bytes, Origin], Items]]] = {
    "json": json_list.items,
    "squad": squad.items,
}
TEXTS: Final = (*LINES, *DOCUMENTS)
FILES: Final = (*TEXTS, "parquet")
TABLES: Final = {"csv": ",", "tsv": "\t"}  # and the separator that their extension promises
# Their layout is fixed, so a mapping that is meant for another source does them no harm.
_FIXED: Final = ("nq", "squad")


def read_file(path: str, format: str, origin: Origin) -> Iterator[Record | FailedRecord]:
    """Yield the records and failed records of one file, in order.

    A damaged file gives what stands before the damage, then one failed record `truncated_file`
    or `corrupt_file`; a file with nothing in it one failed record `empty_file`.

    Args:
        path: The file; `.gz`, `.bz2` and `.zst` are decompressed.
        format: One of `FILES`.
        origin: What the file lends to its records.
    """
    if format in _FIXED:
        origin = replace(origin, fields=())
    stream = Stream(path, origin.dialect.encoding)
    records = failures = 0
    for result in _to_records(format, file_items(stream, format, origin), origin):
        records += isinstance(result, Record)
        failures += isinstance(result, FailedRecord)
        yield result
    if stream.fault:
        detail = f"the file breaks off after {records} records and {failures} failed ones"
        yield origin.failed(0, stream.fault, f"{detail}; fetch it again")
    elif records + failures == 0:
        yield origin.failed(0, EMPTY_FILE, "there is nothing in the file")


def read_dataset(
    path: str, split: str, streaming: bool, origin: Origin
) -> Iterator[Record | FailedRecord]:
    """Yield the records and failed records of one split of a Hugging Face dataset."""
    return mapped.read_items(huggingface.items(path, split, streaming, origin), origin)


def file_items(stream: Stream, format: str, origin: Origin) -> Items:
    """Yield the items of one file before they are made records, and those that cannot be read.

    Args:
        stream: The file, not read yet; look at its `fault` afterwards.
        format: One of `FILES`.
        origin: What the file lends to its records.
    """
    if format in LINES:
        yield from LINES[format](stream.lines(), origin)
    elif format in DOCUMENTS:
        document = stream.read()
        if document.strip() and not stream.fault:
            yield from DOCUMENTS[format](document, origin)
    else:
        with open_file(stream.path) as file:
            yield from parquet.items(file, origin)


def _to_records(format: str, items: Items, origin: Origin) -> Iterator[Record | FailedRecord]:
    if format == "nq":
        return natural_questions.read_items(items, origin)
    return mapped.read_items(items, origin)
