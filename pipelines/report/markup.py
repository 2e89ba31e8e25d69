"""HTML from plain text: whatever is not markup is escaped, so nothing can be forgotten."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_VOID: Final = frozenset({"meta", "rect", "path"})


class Markup(str):
    """Text that is HTML already; only `element` and `fragment` make it."""

    __slots__ = ()


Content = str | Markup


def element(name: str, *content: Content, **attributes: str | int | float | None) -> Markup:
    """Return an element; `_` in attribute names is `-`, and a final one is dropped.

    Attributes that are None are left out.
    """
    opening = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{opening}/>")
    return Markup(f"<{name}{opening}>{fragment(*content)}</{name}>")


def fragment(*content: Content) -> Markup:
    """Return contents one after the other, with plain text escaped."""
    return Markup("".join(c if isinstance(c, Markup) else escape(c) for c in content))


def table(head: Sequence[Content], rows: Iterable[Sequence[Content]], text: int = 1) -> Markup:
    """Return a table that scrolls by itself when it is wider than the page.

    Args:
        head: Names of the columns; the first column names the rows.
        rows: The cells.
        text: How many columns from the left hold text; the others hold numbers, set right.
    """
    kinds = ["text" if place < text else "number" for place in range(len(head))]
    header = fragment(
        *(
            element("th", name, scope="col", class_=kind)
            for name, kind in zip(head, kinds, strict=True)
        )
    )
    body = []
    for first, *others in rows:
        cells = [
            element("td", cell, class_=kind) for cell, kind in zip(others, kinds[1:], strict=True)
        ]
        body.append(element("tr", element("th", first, scope="row", class_="text"), *cells))
    return element(
        "div",
        element("table", element("thead", element("tr", header)), element("tbody", *body)),
        class_="scroll",
        tabindex=0,
    )
