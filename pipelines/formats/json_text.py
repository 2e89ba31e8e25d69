"""JSON texts: one object a line, objects over several lines, or a whole document."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

from pipelines.formats.item import ENCODING_ADVICE, Item, Origin, Repeated
from pipelines.formats.stream import CutLine, PartialLine
from schemas.file_reasons import INVALID_UTF8, MALFORMED_JSON
from schemas.record import FailedRecord

# In JSON no line breaks are inside strings, so that a line has whole strings only; one that does
# not end goes to the end of the line.
_STRUCTURE: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]]')
_BETWEEN: Final = b" \t\r,[]"  # what stands between the objects of a list
_LOOK_AHEAD: Final = 10_000  # lines that the first object may have

_Line = tuple[int, bytes]


def items(lines: Iterable[bytes], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Parse each line that is not blank; a line that is no UTF-8 or no JSON fails alone.

    Where the first object goes over several lines, objects are read wherever they end: one after
    the other, or in a list.
    """
    numbered: Iterator[_Line] = (
        (number, line) for number, line in enumerate(lines, start=1) if line.strip()
    )
    if (first := next(numbered, None)) is None:
        return
    if not isinstance(first[1], CutLine) and _is_open(first[1]):
        begun = [first]
        found = _first_object(begun, numbered)
        numbered = chain(begun, numbered)
        if found is not None and isinstance(parse_line(*found, origin), Item):
            yield from (parse_line(number, text, origin) for number, text in _objects(numbered))
            return
    else:
        numbered = chain([first], numbered)
    for number, line in numbered:
        yield from _parse_whole(number, line, origin)


def parse_line(number: int, line: bytes, origin: Origin) -> Item | FailedRecord:
    """Parse one line of JSON."""
    if isinstance(line, CutLine):
        return origin.too_long(number, line)
    try:
        return Item(number, _load(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        detail = f"the line is not UTF-8: {error}; {ENCODING_ADVICE}"
        return origin.failed(number, INVALID_UTF8, detail, line)
    except ValueError as error:
        return origin.failed(number, MALFORMED_JSON, f"the line is not JSON: {error}", line)


def parse_document(document: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Parse a document; bytes that are no UTF-8 become surrogates, so that only their item fails.

    Raises:
        ValueError: If it is not JSON.
    """
    return _load(document.decode("utf-8", "surrogateescape"))


def _load(text: str) -> Any:  # noqa: ANN401
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        for key in value:
            found = [inner for name, inner in pairs if name == key]
            if any(inner != found[0] for inner in found):
                value[key] = Repeated(key, found)
    return value


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_to_object)


def _parse_whole(number: int, line: bytes, origin: Origin) -> Iterator[Item | FailedRecord]:
    """Parse one line; several objects in it, or one and a comma, are no fault."""
    result = parse_line(number, line, origin)
    if isinstance(result, FailedRecord) and result.reason == MALFORMED_JSON:
        parts = [parse_line(number, text, origin) for _, text in _objects([(number, line)])]
        inside = [part for part in parts if isinstance(part, Item)]
        if inside and len(inside) == len(parts) and not _is_open(line):
            for place, item in enumerate(inside, start=1):
                name = f"{origin.name}:{number}.{place}" if len(inside) > 1 else ""
                yield item._replace(key=name)
            return
    yield result


def _is_open(line: bytes) -> bool:
    """Return whether a line has more opening brackets than closing ones."""
    marks = [match[0] for match in _STRUCTURE.finditer(line)]
    return sum(m in b"{[" for m in marks) > sum(m in b"}]" for m in marks)


def _first_object(begun: list[_Line], lines: Iterator[_Line]) -> _Line | None:
    """Return the first object of a file; `begun` takes the lines that were read for it."""

    def read() -> Iterator[_Line]:
        yield from begun[:1]
        for line in lines:
            begun.append(line)
            yield line
            if len(begun) == _LOOK_AHEAD:
                return

    return next(_objects(read()), None)


def _objects(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Yield line number and text of each object outside all others, and of what is between them.

    An object that does not end is given as far as it goes; of one beyond the limit of a line, the
    beginning.
    """
    depth = first = 0
    begun = PartialLine()
    for number, line in lines:
        if isinstance(line, CutLine):
            yield number, line
            depth, begun = 0, PartialLine()
            continue
        start = 0  # of what has not been given yet
        for match in _STRUCTURE.finditer(line):
            mark = match[0]
            if depth == 0 and mark == b"{":
                if (between := line[start : match.start()]).strip(_BETWEEN):
                    yield number, between
                depth, first, start = 1, number, match.start()
            elif depth and mark in b"{[":
                depth += 1
            elif depth and mark in b"}]":
                depth -= 1
                if depth == 0:
                    begun.add(line[start : match.end()])
                    yield first, begun.take()
                    start = match.end()
        if depth:
            begun.add(line[start:] + b"\n")
        elif (rest := line[start:]).strip(_BETWEEN):
            yield number, rest
    if begun.size:
        yield first, begun.take()
