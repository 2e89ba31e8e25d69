"""Tables for a terminal and for Markdown: columns aligned, cells that cannot break out."""

from collections.abc import Iterable, Sequence
from typing import Final

_ALIGNMENTS: Final = {"l": "left", "r": "right"}


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    """Return a table for a terminal, its columns two spaces apart.

    Args:
        head: Titles of the columns.
        rows: The cells.
        alignment: A letter for each column, `l` for left or `r` for right, such as `lrr`.
    """
    lines = _tabulate([head, *rows], (), alignment, "plain").split("\n")
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


def _tabulate(
    rows: Sequence[Sequence[str]], head: Sequence[str], alignment: str, style: str
) -> str:
    from tabulate import tabulate

    sides = [_ALIGNMENTS[letter] for letter in alignment]
    return tabulate(rows, head, tablefmt=style, colalign=sides, disable_numparse=True)


def _in_one_cell(text: str) -> str:
    """Return the text on one line, with nothing that would end a cell."""
    return " ".join(text.split()).replace("|", "\\|")
