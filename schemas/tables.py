"""Tables for a terminal and for Markdown: columns aligned, cells that cannot break out."""

from collections.abc import Iterable, Sequence
from shutil import get_terminal_size
from textwrap import wrap
from typing import Final

_MOST_COLUMNS: Final = 100
_LEAST_COLUMNS: Final = 16  # of a column that is wrapped
_ALIGNMENTS: Final = {"l": "left", "r": "right"}


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    """Return a table for a terminal, its columns two spaces apart.

    It fits the terminal, and 100 columns elsewhere, if wrapping columns that are set left can make
    it.

    Args:
        head: Titles of the columns.
        rows: The cells.
        alignment: A letter for each column, `l` for left or `r` for right, such as `lrr`.
    """
    cells = [tuple(row) for row in (head, *rows)]
    width = min(_MOST_COLUMNS, get_terminal_size((_MOST_COLUMNS, 0)).columns)
    cells = _fit(cells, alignment, width)
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


def _fit(rows: list[tuple[str, ...]], alignment: str, width: int) -> list[tuple[str, ...]]:
    """Return the rows with texts wrapped so that a table has a width.

    The last columns give way first. Where all of them leave too little room, rows stay in one line
    each.
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    over = sum(widths) + 2 * (len(widths) - 1) - width
    for place in reversed(range(len(widths))):
        if over > 0 and alignment[place] == "l":
            words = (len(word) for cell in columns[place] for word in cell.split())
            less = min(over, max(0, widths[place] - max(_LEAST_COLUMNS, *words)))
            widths[place] -= less
            over -= less
    if over > 0:
        return rows
    return [tuple(map(_wrapped, row, widths)) for row in rows]


def _wrapped(cell: str, width: int) -> str:
    if len(cell) <= width:
        return cell
    return "\n".join(wrap(cell, width, break_long_words=False, break_on_hyphens=False))


def _tabulate(
    rows: Sequence[Sequence[str]], head: Sequence[str], alignment: str, style: str
) -> str:
    from tabulate import tabulate

    sides = [_ALIGNMENTS[letter] for letter in alignment]
    return tabulate(rows, head, tablefmt=style, colalign=sides, disable_numparse=True)


def _in_one_cell(text: str) -> str:
    """Return the text on one line, with nothing that would end a cell."""
    return " ".join(text.split()).replace("|", "\\|")
