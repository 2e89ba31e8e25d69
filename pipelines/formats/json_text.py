"""JSON texts: one object a line, or a whole document."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pipelines.formats.item import INVALID_UTF8, MALFORMED_JSON, Item, Origin
from schemas.record import FailedRecord


def items(lines: Iterable[bytes], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Parse each line that is not blank; a line that is no UTF-8 or no JSON fails alone."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield parse_line(number, line, origin)


def parse_line(number: int, line: bytes, origin: Origin) -> Item | FailedRecord:
    """Parse one line of JSON."""
    try:
        return Item(number, _load(line.decode("utf-8")))
    except UnicodeDecodeError as error:
        return origin.failed(number, INVALID_UTF8, f"the line is not UTF-8: {error}", line)
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
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
