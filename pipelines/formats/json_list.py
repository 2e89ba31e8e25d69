"""A whole JSON document: a list of objects, an object around one, or SQuAD."""

import json
from collections.abc import Iterator
from typing import Any, Final

from pipelines.formats import json_text, squad
from pipelines.formats.item import Item, Origin
from pipelines.formats.json_text import parse_document
from schemas.file_reasons import MALFORMED_JSON
from schemas.reason import declare_reason
from schemas.record import FailedRecord

_NOT_A_LIST: Final = declare_reason("not_a_list", "a JSON document without a list of objects")


_AROUND: Final = ("data", "Data")  # TriviaQA writes it large


def items(document: bytes, origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the objects of a document.

    It may be a list of objects; an object with such a list under `data`; an object of objects,
    whose keys then are the ids; or SQuAD, which is recognised. Many files of this name hold one
    object a line instead.
    """
    try:
        content = parse_document(document)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # another object after the first
            yield from json_text.items(document.split(b"\n"), origin)
        else:
            yield origin.failed(0, MALFORMED_JSON, f"not one JSON text: {error}", document)
        return
    except ValueError as error:
        yield origin.failed(0, MALFORMED_JSON, f"not one JSON text: {error}", document)
        return
    if squad.recognise(content):
        yield from squad.explode(content["data"], origin)
    elif (entries := _entries(content)) is not None:
        for number, (key, value) in enumerate(entries, start=1):
            yield Item(number, value, key)
    else:
        detail = f"a {type(content).__name__} instead of a list of objects, alone or as `data`"
        yield origin.failed(0, _NOT_A_LIST, detail, document)


def _entries(content: object) -> list[tuple[str, Any]] | None:
    """Return the keys (empty in a list) and values of the items; None if these are not there."""
    inner = content
    if isinstance(content, dict):
        inner = next((content[key] for key in _AROUND if key in content), content)
    if isinstance(inner, list):
        return [("", value) for value in inner]
    if isinstance(inner, dict) and all(isinstance(value, dict) for value in inner.values()):
        return list(inner.items())
    return None
