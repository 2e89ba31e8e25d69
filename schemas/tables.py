"""Tables for a terminal and for Markdown: columns aligned, cells that cannot break out."""

from collections.abc import Iterable, Sequence
from shutil import get_terminal_size
from textwrap import wrap
from typing import Final

_MOST_COLUMNS: Final = 100
_LEAST_COLUMNS: Final = 20  # of a column that is wrapped
_ALIGNMENTS: Final = {"l": "left", "r": "right"}


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    """Return a table for a terminal, its columns two spaces apart.

    It fits the terminal, and 100 columns elsewhere, if wrapping its last column, set left, can
    make it.

    Args:
        head: Titles of the columns.
        rows: The cells.
        alignment: A letter for each column, `l` for left or `r` for right, such as `lrr`.
    """
    cells = [tuple(row) for row in (head, *rows)]
    if alignment.endswith("l"):
        cells = _wrap_last(cells, min(_MOST_COLUMNS, get_terminal_size((_MOST_COLUMNS, 0)).columns))
    lines = _tabulate(cells, (), alignment, "plain").split("\n")
    return "\n".join(line.rstrip() for line in lines)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    """Return a Markdown table that is aligned in its source, too; cells may hold Markdown.

    Args:
        head: Titles of the columns.
        rows: The cells.
        alignment: A letter for each column, `l` for left or `r` for right, such as `lrr`.
    """
    cells = [[_in_one_cell(cell) for cell in row] for row in [head, *rows]]
    return _tabulate(cells[1:], cells[0], alignment, "pipe")


def _wrap_last(rows: list[tuple[str, ...]], width: int) -> list[tuple[str, ...]]:
    """Return the rows with their last cells wrapped so that a table has a width.

    Where the other columns leave hardly any room, rows stay in one line each.
    """
    others = sum(max(map(len, column)) + 2 for column in list(zip(*rows, strict=True))[:-1])
    room = width - others
    if room < _LEAST_COLUMNS:
        return rows
    wrapped = (wrap(row[-1], room, break_long_words=False, break_on_hyphens=False) for row in rows)
    return [(*row[:-1], "\n".join(last)) for row, last in zip(rows, wrapped, strict=True)]


def _tabulate(
    rows: Sequence[Sequence[str]], head: Sequence[str], alignment: str, style: str
) -> str:
    from tabulate import tabulate

    sides = [_ALIGNMENTS[letter] for letter in alignment]
    return tabulate(rows, head, tablefmt=style, colalign=sides, disable_numparse=True)


def _in_one_cell(text: str) -> str:
    """Return the text on one line, with nothing that would end a cell."""
    return " ".join(text.split()).replace("|", "\\|")
