"""The few notations that values of options have: `a,b`, `NAME=VALUE`, and one or many."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError


def split_words(value: object) -> tuple[str, ...]:
    """Return the parts of `a,b` or of a YAML list.

    Raises:
        ValueError: If a part is no text or number; YAML reads `no`, Norwegian, as false.
    """
    parts = value.split(",") if isinstance(value, str) else value
    parts = parts if isinstance(parts, list | tuple) else [parts]
    if any(isinstance(part, bool) or not isinstance(part, str | int | float) for part in parts):
        raise ValueError(
            f"{value}: wanted names such as a,b or [a, b], in quotes where YAML takes them for "
            "something else: 'no'"
        )
    return tuple(str(part).strip() for part in parts if str(part).strip())


def split_pairs(value: object) -> tuple[tuple[str, str], ...]:
    """Return the pairs of `NAME=VALUE` texts, or of a YAML mapping.

    Raises:
        PydanticCustomError: If a text has no `=`, or nothing before it.
    """
    if isinstance(value, Mapping):
        return tuple((str(name), "" if part is None else str(part)) for name, part in value.items())
    pairs: list[tuple[str, str]] = []
    for item in as_list(value):
        if isinstance(item, Mapping):
            pairs += split_pairs(item)
            continue
        name, found, part = str(item).partition("=")
        if not (name.strip() and found):
            raise PydanticCustomError("pair", "{text}", {"text": str(item)})
        pairs.append((name.strip(), part.strip()))
    return tuple(pairs)


def as_list(value: object) -> list[Any]:
    """Return several values as they are, and one as a list of it."""
    return list(value) if isinstance(value, list | tuple) else [value]


Words = Annotated[tuple[str, ...], BeforeValidator(split_words)]
"""Names divided by commas."""
Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(split_pairs)]
"""NAME=VALUE texts, or a mapping."""
Many = Annotated[tuple[str, ...], BeforeValidator(as_list)]
"""Texts; in YAML one of them may stand alone."""
