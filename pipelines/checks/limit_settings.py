"""Limits of checks as the user sets them: `NAME=VALUE`."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from difflib import get_close_matches

from pipelines.checks import Limits


def parse_limits(texts: Iterable[str]) -> Limits:
    """Return the limits with some of them changed.

    Args:
        texts: Such as `passage_spreads=5`.

    Raises:
        ValueError: If a name is unknown or a value no number; all problems at once.
    """
    kinds = {field.name: type(getattr(Limits(), field.name)) for field in fields(Limits)}
    values: dict[str, float] = {}
    problems = []
    for text in texts:
        name, _, value = text.partition("=")
        if name not in kinds:
            near = get_close_matches(name, kinds, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(kinds)}"
            problems.append(f"--limits {text}: no such limit; {hint}")
            continue
        try:
            values[name] = kinds[name](value)
        except ValueError:
            problems.append(f"--limits {text}: wanted a number")
    if problems:
        raise ValueError("; ".join(problems))
    return Limits(**values)  # type: ignore[arg-type]  # of the field's own type, see above


def changed_limits(limits: Limits) -> dict[str, float]:
    """Return the limits that are not the default."""
    default = asdict(Limits())
    return {name: value for name, value in asdict(limits).items() if value != default[name]}
