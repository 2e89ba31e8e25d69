"""Items that hold several questions: articles, their paragraphs and what is asked about them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pipelines.formats.fields import COMMON_NAMES, fold
from pipelines.formats.item import Item, Origin
from schemas.record import FailedRecord

# Lists of objects, from the outside in. What stands beside a list belongs to everything in it.
_LISTS: Final = ("data", "paragraphs", "qas", "qa_pairs", "questions")
_QUESTIONS: Final = frozenset(COMMON_NAMES["question"])
_HEADER: Final = {"header"}  # the first line of a file of MRQA


def explode(items: Iterable[Item | FailedRecord], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield one item for each question; items that hold no list of questions pass through."""
    for item in items:
        if isinstance(item, FailedRecord) or not _is_nested(item.value):
            if isinstance(item, FailedRecord) or not _is_header(item):
                yield item
            continue
        for number, flat in enumerate(_questions(item.value, {}), start=1):
            place = item.key or f"{origin.name}:{item.line}"
            yield Item(item.line, flat, f"{place}.{number}")


def _is_header(item: Item) -> bool:
    return item.line == 1 and isinstance(item.value, dict) and item.value.keys() == _HEADER


def _is_nested(value: object) -> bool:
    """Return whether an item is a list of objects, or has one of questions somewhere inside."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(inner, dict) for inner in value)
    if not isinstance(value, dict):
        return False
    if (name := _list_name(value)) is None:
        return False
    inner = _objects(value[name])
    return any(_is_nested(part) or _has_question(part) for part in inner)


def _questions(value: object, around: Mapping[str, Any]) -> Iterator[object]:
    if isinstance(value, list):
        for inner in value:
            yield from _questions(inner, around)
    elif not isinstance(value, dict):
        yield value
    elif (name := _list_name(value)) is None:
        yield _merge(around, value)
    else:
        own = _merge(around, {key: inner for key, inner in value.items() if key != name})
        yield from _questions(_objects(value[name]), own)


def _merge(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return both; the inner names win, and the id of a paragraph is not that of its questions."""
    known = {fold(key) for key in inner}
    ids = set(COMMON_NAMES["id"])
    left = {
        key: value
        for key, value in outer.items()
        if fold(key) not in known and (fold(key) not in ids or not ids & known)
    }
    return {**left, **inner}


def _list_name(value: Mapping[str, Any]) -> str | None:
    if value.keys().isdisjoint(_LISTS):
        return None
    return next((name for name in _LISTS if name in value and _objects(value[name])), None)


def _objects(value: object) -> list[Any]:
    """Return a list of objects, also one that Hugging Face stores as an object of lists."""
    if isinstance(value, dict) and value and all(isinstance(v, list) for v in value.values()):
        if not _has_question(value) or len({len(column) for column in value.values()}) != 1:
            return []
        return [dict(zip(value, row, strict=True)) for row in zip(*value.values(), strict=True)]
    is_list = isinstance(value, list) and any(isinstance(inner, dict) for inner in value)
    return value if is_list and isinstance(value, list) else []


def _has_question(value: object) -> bool:
    return isinstance(value, dict) and any(fold(key) in _QUESTIONS for key in value)
