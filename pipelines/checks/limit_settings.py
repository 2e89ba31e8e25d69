"""Limits of checks as the user sets them, and how they are described."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from pydantic import ValidationError

from pipelines.checks import Limits
from schemas.tables import text_table

_HEAD: Final = """\
Limits of checks, for --limits NAME=NUMBER. Lengths are ln(target characters / source
characters) minus the median of correct translations: -0.69 is half of the usual length.
Deviations are robust ones, estimated from the median distance to the median."""


def make_limits(pairs: Iterable[tuple[str, str]]) -> Limits:
    """Return the limits with some of them changed.

    Args:
        pairs: Such as `("passage_spreads", "5")`.

    Raises:
        ValueError: If a name is unknown or a value no number; all problems at once.
    """
    values = dict(pairs)
    try:
        return Limits.model_validate(values)
    except ValidationError as error:
        names = [str(fault["loc"][0]) for fault in error.errors()]
        faults = [f"--limits {name}={values[name]}: {_wanted(name)}" for name in names]
        raise ValueError("; ".join(faults)) from None


def describe_limits() -> str:
    """Return a table of all limits: name, default and meaning."""
    rows = [
        (name, f"{field.default:.4g}", field.description or "")
        for name, field in Limits.model_fields.items()
    ]
    return f"{_HEAD}\n\n{text_table(('name', 'default', 'meaning'), rows, 'lll')}\n"


def changed_limits(limits: Limits) -> dict[str, float]:
    """Return the limits that are not the default."""
    return limits.model_dump(exclude_defaults=True)


def _wanted(name: str) -> str:
    known = Limits.model_fields
    if name in known:
        return "wanted a whole number" if known[name].annotation is int else "wanted a number"
    near = get_close_matches(name, known, n=2)
    return "no such limit; " + (
        f"did you mean {' or '.join(near)}?" if near else "`--limits help` lists all"
    )
