"""The options of `train` and `evaluate`, and their values: texts from flags, anything from YAML."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.command import UsageError

Kind = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Option:
    """An option with a value.

    Attributes:
        kind: From text to value.
        metavar: What the help calls the value.
        text: What the help says.
        default: The value when it is not given; None is explained in the text.
    """

    kind: Kind
    metavar: str
    text: str
    default: Any = None


def words(value: object) -> tuple[str, ...]:
    """Return the parts of `a,b` or of a YAML list.

    Raises:
        ValueError: If a part is no text or number; YAML reads `no`, Norwegian, as false.
    """
    parts = value.split(",") if isinstance(value, str) else value
    parts = parts if isinstance(parts, list | tuple) else [parts]
    if any(isinstance(part, bool) or not isinstance(part, str | int | float) for part in parts):
        raise ValueError
    return tuple(str(part).strip() for part in parts if str(part).strip())


_WANTED: Final[dict[Kind, str]] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text, in quotes where YAML takes it for something else",
    words: "names such as a,b or [a, b], in quotes where YAML takes them for something else: 'no'",
}


def flag(name: str) -> str:
    """Return an option as the command line has it."""
    return f"--{name.replace('_', '-')}"


def convert(kinds: Mapping[str, Kind], merged: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with their values as their kinds have them; None, not given, stays.

    Args:
        kinds: The kinds of the options; others are left as they are.
        merged: The options.

    Raises:
        UsageError: If a value is not of its kind, with the option's name.
    """
    values = dict(merged)
    for name, value in merged.items():
        if name in kinds and value is not None:
            try:
                values[name] = _convert(kinds[name], value)
            except (ValueError, OverflowError):  # int(inf)
                raise UsageError(f"{flag(name)} {value}: wanted {_WANTED[kinds[name]]}") from None
    return values


def _convert(kind: Kind, value: object) -> object:
    if kind is words:
        return words(value)
    converted = kind(value) if isinstance(value, str | int | float) else None
    # YAML's `yes` is no number, its 2.5 no whole one, and a text such as 'false' no switch.
    if converted is None or isinstance(value, bool) != (kind is bool):
        raise ValueError
    if kind is int and isinstance(value, float) and value != converted:
        raise ValueError
    return converted
