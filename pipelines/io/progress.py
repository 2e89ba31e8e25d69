"""Progress of the steps that run in this process: done, rate and time left on one line.

Workers in other processes have nobody listening; their counters are Beam metrics.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from tqdm import tqdm

_UNITS: Final = {
    "read": "items",
    "segment": "records",
    "translate": "segments",
    "assemble": "records",
    "meaning": "records",
    "validate": "records",
    "write": "rows",
}
# Every record that was segmented is assembled and validated.
_AS_MANY_AS: Final = {"assemble": "segment", "meaning": "segment", "validate": "segment"}


class _Line:
    """The one line on standard error that shows the step at work."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self.totals: dict[str, int] = {}
        self.tokens = 0
        self.step = ""
        self.bar: tqdm[Any] | None = None
        self.lock = Lock()

    def advance(self, step: str, count: int, tokens: int) -> None:
        with self.lock:
            self.done[step] += count
            self.tokens += tokens
            if step == self.step and self.bar is not None:
                if tokens:
                    self.bar.set_postfix_str(f"{self.tokens:,} tokens", refresh=False)
                self.bar.update(count)
                return
            self.close()
            total = self.totals.get(step) or self.done.get(_AS_MANY_AS.get(step, "")) or None
            self.step = step
            self.bar = tqdm(
                None,
                desc=f"step {list(_UNITS).index(step) + 1} of {len(_UNITS)}, {step}",
                total=total,
                initial=self.done[step],
                unit=f" {_UNITS[step]}",
                file=sys.stderr,
                leave=False,
                mininterval=0.5,
                delay=1,
                unit_scale=True,
            )

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        self.bar, self.step = None, ""


_line: _Line | None = None


@contextmanager
def show_progress(enabled: bool) -> Iterator[None]:
    """Show progress while the block runs, if `enabled` and a person is looking."""
    global _line
    _line = line = _Line() if enabled and sys.stderr.isatty() else None
    try:
        yield
    finally:
        _line = None
        if line:
            line.close()


def expect(step: str, total: int) -> None:
    """Say how much there is to do in a step, so that the time left can be told."""
    if _line:
        _line.totals[step] = total


def advance(step: str, count: int, tokens: int = 0) -> None:
    """Say that `count` more units of a step are done, and the tokens that a server charges."""
    if _line:
        _line.advance(step, count, tokens)
