"""Tables and numbers of QUALITY.md."""

from collections.abc import Iterable

from schemas.tables import markdown_table


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    titles = list(head)
    return markdown_table(titles, [list(map(str, row)) for row in rows], "l" * len(titles))


def percent(part: float, whole: float, digits: int = 1) -> str:
    """Return a share in percent; a dash for a share of nothing."""
    return f"{100 * part / whole:.{digits}f}" if whole else "–"
