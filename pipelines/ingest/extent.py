"""About how much there is to read, from some places of each source."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final

from pipelines.formats.reader import LINES, read_file
from pipelines.formats.stream import COMPRESSIONS
from pipelines.ingest.source import Source, find_units
from pipelines.io.storage import is_local
from schemas.record import FailedRecord, Record

# What is looked at of a larger file: many are sorted by topic, and so by length.
_PLACES: Final = 16
_AT_A_PLACE: Final = 64 << 10  # bytes


@dataclass(frozen=True, slots=True)
class Extent:
    """About how much there is to read.

    Attributes:
        items: Records and items that fail.
        characters: English characters in the records.
        distinct: As many, where texts that several records share count once.
        sample: Records from these places.
    """

    items: int
    characters: int
    distinct: int
    sample: tuple[Record, ...]


def estimate_extent(sources: Iterable[Source]) -> Extent | None:
    """Return about how much there is to read; None unless all of it is plain lines on this machine.

    A source's other files are taken to be like its first one.
    """
    items = characters = distinct = 0
    sample: list[Record] = []
    for source in sources:
        files = find_units(source) if source.format in LINES and is_local(source.path) else []
        if not files or any(file.endswith(COMPRESSIONS) for file in files):
            return None
        size, found = _read_some(source, files[0])
        records = [result for result in found if isinstance(result, Record)]
        if len(records) <= len(found) // 2:  # such as objects that go over several lines
            return None
        share = sum(Path(file).stat().st_size for file in files) / size
        items += round(share * len(found))
        texts = [text for record in records for text in (record.question, record.passage)]
        characters += round(share * sum(map(len, texts)))
        distinct += round(share * sum(map(len, set(texts))))
        sample += records
    return Extent(items, characters, distinct, tuple(sample))


def _read_some(source: Source, path: str) -> tuple[int, list[Record | FailedRecord]]:
    """Return what stands in some places of a file, and the bytes that it takes."""
    size = Path(path).stat().st_size
    with Path(path).open("rb") as file:
        if size <= _PLACES * _AT_A_PLACE:
            some = file.read()
        else:
            places = [number * (size - _AT_A_PLACE) // (_PLACES - 1) for number in range(_PLACES)]
            some = b"".join(_whole_lines(file, place) for place in places)
    with TemporaryDirectory() as folder:
        copy = Path(folder, "some")
        copy.write_bytes(some)
        return len(some), list(read_file(str(copy), source.format, source.origin(path)))


def _whole_lines(file: BinaryIO, place: int) -> bytes:
    """Return the lines that begin and end at a place or behind it."""
    file.seek(place)
    found = file.read(_AT_A_PLACE)
    start = found.find(b"\n") + 1 if place else 0
    return found[start : max(start, found.rfind(b"\n") + 1)]
