"""Progress of a run in one line: the step at work, its rate, and the time left for all steps.

The time left comes from what the steps at work took so far and, for those still to come, from what
they took in a small build of some records (`pipelines.rehearsal`). Where neither is known, none is
told. Workers in other processes have nobody listening; their counters are Beam metrics.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from threading import Event, Lock, Thread
from types import MappingProxyType
from typing import Final, NamedTuple

from schemas.plain_text import printable
from schemas.progress import CLEAR_LINE, SECONDS_BETWEEN_LINES, is_terminal
from schemas.wording import duration, per_time

READING: Final = ("read", "segment")
"""The steps that a plan runs."""
JUDGING: Final = ("meaning", "validate", "write")
"""The steps that judge a corpus again."""
ALL: Final = ("read", "segment", "translate", "assemble", *JUDGING)
"""The steps of a build, in order."""

_UNITS: Final = {
    "read": "items",
    "segment": "records",
    "translate": "segments",
    "assemble": "records",
    "meaning": "records",
    "validate": "records",
    "write": "rows",
}
_NAMES: Final = {"meaning": "compare meanings", "validate": "check"}
# Every item that was read may become a record, and every record that was segmented is assembled,
# validated and written.
_AS_MANY_AS: Final = {
    "segment": "read",
    "assemble": "segment",
    "meaning": "segment",
    "validate": "segment",
    "write": "segment",
}
# What a step at work has taken so far counts once it has done so much, or worked so long.
_ENOUGH: Final = 0.1
_LONG_ENOUGH: Final = 5.0
_BETWEEN_LOOKS: Final = 0.5  # seconds


class Outlook(NamedTuple):
    """What is known of a run before it begins.

    Attributes:
        rows: Rows that a record becomes, English included.
        records: Records that there are; None if that is found out by reading them.
        paces: Seconds for one unit of each step.
        ending: Seconds behind the last step.
        expected: About how many units the first steps have, until that is known.
        at_least: Whether more may have to be translated than is expected.
    """

    rows: int = 1
    records: int | None = None
    paces: Mapping[str, float] = {}
    ending: float = 0.0
    expected: Mapping[str, int] = {}
    at_least: bool = False


class Progress:
    """How far the steps of a run are."""

    def __init__(
        self,
        steps: Sequence[str] = ALL,
        outlook: Outlook = Outlook(),  # noqa: B008 - it never changes
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin now.

        Args:
            steps: Those that there will be, in order.
            outlook: What is known of the run.
            clock: Tells the time in seconds.
        """
        self._steps = tuple(steps)
        self._outlook = outlook
        self._clock = clock
        self._done: Counter[str] = Counter()
        self._totals: dict[str, int] = {}
        self._begun: dict[str, float] = {}
        self._latest = clock()
        self._tokens = 0
        self._lock = Lock()

    def expect(self, step: str, total: int) -> None:
        """Say how much there is to do in a step, which begins now if it has not begun."""
        with self._lock:
            self._totals[step] = total
            self._begun.setdefault(step, self._clock())

    def advance(self, step: str, count: int, tokens: int = 0) -> None:
        """Say that so many more units of a step are done, and the tokens that a server charges."""
        with self._lock:
            self._begun.setdefault(step, self._latest)
            self._done[step] += count
            self._tokens += tokens
            self._latest = self._clock()

    def seconds_left(self) -> float | None:
        """Return how long the rest of the run will take; None if that cannot be told yet."""
        left = self._outlook.ending
        for step in self._steps:
            total = self._total(step, self._outlook.expected)
            if total is None:
                return None
            if to_do := max(0, total - self._done[step]):
                pace = self._pace(step, total)
                if pace is None:
                    return None
                left += to_do * pace
        return left

    def line(self) -> str:
        """Return how the run is going, without the end of a line; empty if nothing is done yet."""
        with self._lock:
            step = next((s for s in reversed(self._steps) if s in self._begun), "")
            if not step:
                return ""
            total, done = self._total(step), self._done[step]
            of = f" of {total:,}" if total else ""
            parts = [f"{done:,}{of} {_UNITS[step]}", *self._rate(step)]
            parts += [f"{self._tokens:,} tokens"] if step == "translate" and self._tokens else []
            left = self.seconds_left()
            rest = "" if left is None else f", {self._how_sure()}{duration(left)} left in all"
            place = f"step {self._steps.index(step) + 1} of {len(self._steps)}"
            return f"{place}, {_NAMES.get(step, step)}{rest}: {', '.join(parts)}"

    def _how_sure(self) -> str:
        """Return what goes before a time that rests on what is expected."""
        if all(self._total(step) is not None for step in self._steps):
            return ""
        return "at least " if self._outlook.at_least else "about "

    def _total(self, step: str, expected: Mapping[str, int] = MappingProxyType({})) -> int | None:
        """Return how many units a step has, or is expected to have; None if nobody knows."""
        if any(later in self._begun for later in self._steps[self._steps.index(step) + 1 :]):
            return self._done[step]
        if step in self._totals:
            return self._totals[step]
        if step not in _AS_MANY_AS:
            return expected.get(step)
        basis = _AS_MANY_AS[step]
        total = self._total(basis, expected) if basis in self._steps else self._outlook.records
        return total * self._outlook.rows if total and step == "write" else total

    def _pace(self, step: str, total: int) -> float | None:
        """Return the seconds for one more unit: measured, else rehearsed."""
        done = self._done[step]
        elapsed = self._clock() - self._begun[step] if step in self._begun else 0.0
        measured = elapsed / done if done else None
        if done >= _ENOUGH * total or elapsed >= _LONG_ENOUGH:
            return measured
        return self._outlook.paces.get(step, measured)

    def _rate(self, step: str) -> list[str]:
        elapsed = self._clock() - self._begun[step]
        if not elapsed or not self._done[step]:
            return []
        return [per_time(self._done[step] / elapsed)]


class StepCounts:
    """What a fork has done since it was last asked, for the process that shows the line."""

    def __init__(self) -> None:
        self._done: Counter[str] = Counter()
        self._tokens: Counter[str] = Counter()

    def expect(self, step: str, total: int) -> None:
        """Tell nobody: only translators know, and they work where the line is shown."""

    def advance(self, step: str, count: int, tokens: int = 0) -> None:
        """Say that so many more units of a step are done."""
        self._done[step] += count
        self._tokens[step] += tokens

    def take(self) -> list[tuple[str, int, int]]:
        """Return steps with what `advance` was told of them, and begin anew."""
        taken = [(step, count, self._tokens[step]) for step, count in self._done.items()]
        self._done.clear()
        self._tokens.clear()
        return taken


_progress: Progress | StepCounts | None = None


@contextmanager
def watch(progress: Progress | StepCounts | None) -> Iterator[None]:
    """Let steps that run in this process in the block tell `progress` what they have done."""
    global _progress
    before, _progress = _progress, progress
    try:
        yield
    finally:
        _progress = before


@contextmanager
def show_progress(progress: Progress | None) -> Iterator[None]:
    """Show progress on standard error while the block runs; nothing if there is none to show."""
    if progress is None:
        yield
        return
    over = Event()
    shown = Thread(target=_show, args=(progress, over), daemon=True)
    with watch(progress):
        shown.start()
        try:
            yield
        finally:
            over.set()
            shown.join()


def count_progress() -> StepCounts:
    """Count in this process, a fork, from now on; another one shows it."""
    global _progress
    _progress = counts = StepCounts()
    return counts


def expect(step: str, total: int) -> None:
    """Say how much there is to do in a step, so that the time left can be told."""
    if _progress:
        _progress.expect(step, total)


def advance(step: str, count: int, tokens: int = 0) -> None:
    """Say that `count` more units of a step are done, and the tokens that a server charges."""
    if _progress:
        _progress.advance(step, count, tokens)


def _show(progress: Progress, over: Event) -> None:
    if is_terminal(sys.stderr):
        _show_in_terminal(progress, over)
    else:
        _show_in_log(progress, over)


def _show_in_terminal(progress: Progress, over: Event) -> None:
    """Keep one line up to date, and clear it at the end."""
    while not over.wait(_BETWEEN_LOOKS):
        if line := printable(progress.line()):
            width = get_terminal_size().columns - 1
            sys.stderr.write(f"{CLEAR_LINE}{line[:width]}")
            sys.stderr.flush()
    sys.stderr.write(CLEAR_LINE)
    sys.stderr.flush()


def _show_in_log(progress: Progress, over: Event) -> None:
    """Write a line now and then, if anything has been done since."""
    before = ""
    while not over.wait(SECONDS_BETWEEN_LINES):
        line = printable(progress.line())
        if line and line != before:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
        before = line
