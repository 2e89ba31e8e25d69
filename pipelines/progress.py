"""Progress of the steps that run in this process: done, rate and time left on one line.

Workers in other processes have nobody listening; their counters are Beam metrics.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from tqdm import tqdm

_UNITS = {
    "read": "records",
    "segment": "records",
    "translate": "segments",
    "assemble": "records",
    "validate": "records",
    "write": "rows",
}

_bars: dict[str, "tqdm[Any]"] = {}
_lock = Lock()
_listening = False


@contextmanager
def show_progress(enabled: bool) -> Iterator[None]:
    """Show progress on standard error while the block runs, if `enabled`."""
    global _listening
    _listening = enabled
    try:
        yield
    finally:
        _listening = False
        for bar in _bars.values():
            bar.close()
        _bars.clear()


def expect(step: str, total: int) -> None:
    """Say how much there is to do in a step, so that the time left can be told."""
    _move(step, 0, total)


def advance(step: str, count: int) -> None:
    """Say that `count` more units of a step are done."""
    _move(step, count, None)


def _move(step: str, count: int, total: int | None) -> None:
    if not _listening:
        return
    with _lock:
        if step not in _bars:
            _bars[step] = tqdm(
                None,
                desc=f"{step:>9}",
                unit=f" {_UNITS[step]}",
                file=sys.stderr,
                delay=1,
                mininterval=0.5,
                unit_scale=True,
            )
        bar = _bars[step]
        if total is not None:
            bar.total = total
        bar.update(count)
