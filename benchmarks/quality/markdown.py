"""Tables and numbers of QUALITY.md."""

from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    titles = list(head)
    return "\n".join(["| " + " | ".join(titles) + " |", "|---" * len(titles) + "|", *lines])


def percent(part: float, whole: float, digits: int = 1) -> str:
    """Return a share in percent; a dash for a share of nothing."""
    return f"{100 * part / whole:.{digits}f}" if whole else "–"
