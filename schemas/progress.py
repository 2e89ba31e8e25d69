"""Progress on standard error: a line that moves in a terminal, now and then a line in a log."""

import math
import os
import sys
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TextIO, TypeVar

from schemas.plain_text import printable
from schemas.wording import duration, per_time

if TYPE_CHECKING:
    from tqdm import tqdm

_Item = TypeVar("_Item")

SECONDS_BETWEEN_LINES: Final = 30.0
_BEFORE_FIRST_LINE: Final = 0.001  # seconds: nothing is said before anything is done
CLEAR_LINE: Final = "\r\x1b[K"
"""What takes a moving line off a terminal."""

_DONE: Final = "{n_fmt} of {total_fmt}{unit}{pace}{postfix}"
_LOG_LINE: Final = f"{{desc}}: {_DONE}"
_MOVING_LINE: Final = f"{{l_bar}}{{bar}}| {_DONE}"


def is_terminal(file: TextIO) -> bool:
    """Return whether a file is a terminal that can write over its line."""
    return file.isatty() and os.environ.get("TERM", "") != "dumb"


def progress_bar(
    items: Iterable[_Item] | None = None,
    *,
    task: str,
    unit: str,
    total: int | None = None,
    shown: bool = True,
    delay: float = 0.0,
    leave: bool = True,
    scaled: bool = False,
) -> "tqdm[_Item]":
    """Return a bar that shows how much is done, the rate and the time left.

    Args:
        items: What to go through; None if `update` is called by hand.
        task: What is being done, such as `train`.
        unit: What is counted, in the plural.
        total: How many there are, if `items` cannot tell.
        shown: Whether anything is shown.
        delay: Seconds before the bar appears.
        leave: Whether it stays in a terminal when it is done.
        scaled: Whether large numbers are shown as 1.2k or 3.4M.
    """
    options: dict[str, Any] = {
        "desc": task,
        "unit": f" {unit}",
        "total": total,
        "unit_scale": scaled,
    }
    if shown and not is_terminal(sys.stderr):
        options |= {"file": _LogLines(), "bar_format": _LOG_LINE, "miniters": 1}
        options |= {"delay": max(delay, _BEFORE_FIRST_LINE)}
        options |= {"mininterval": SECONDS_BETWEEN_LINES, "maxinterval": math.inf}
    else:
        options |= {"bar_format": _MOVING_LINE, "dynamic_ncols": True}
        options |= {"delay": delay, "leave": leave}
    source: Any = items
    bar: tqdm[_Item] = _bar_class()(source, disable=not shown, **options)
    return bar


@cache
def _bar_class() -> "type[tqdm[Any]]":
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]  # it has no parameters when it runs
        """Tells rate and time left in our words, and nothing of them before anything is done."""

        @property
        def format_dict(self) -> Any:  # noqa: ANN401 - as tqdm's
            facts = super().format_dict
            done, elapsed = facts["n"] - facts["initial"], facts["elapsed"]
            rate = facts["rate"] or (done / elapsed if elapsed else 0.0)
            if not done or not rate:
                return {**facts, "pace": ""}
            told = f"{tqdm.format_sizeof(rate)}/s" if facts["unit_scale"] else per_time(rate)
            left = duration((facts["total"] - facts["n"]) / rate)
            return {**facts, "pace": f", {told}, {left} left"}

    return Bar


class _LogLines:
    """Turns what tqdm draws over and over into lines of their own."""

    def write(self, text: str) -> None:
        if line := printable(text.replace("\r", "").strip()):
            sys.stderr.write(f"{line}\n")

    def flush(self) -> None:
        sys.stderr.flush()
