"""What the stages of a local run take: how much of it anyhow, and how much for their input."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from pipelines.io.progress import StepCounts

# With less input, a stage does what it does once.
_NOTHING: Final = 100
# In so many bundles comes what a stage reads: the first of them loads things, and meets words for
# the first time.
_BUNDLES: Final = 4


@dataclass(slots=True)
class StageTime:
    """What one stage took.

    Seconds are those of a processor, so that other programs do not count; but by the clock where a
    stage may wait for a network or use many threads.

    Attributes:
        name: What it reads, in Beam's words.
        size: Bytes of its input.
        worth: From how many on several processes share it; see `bytes_worth_forks`.
        wall: Seconds of all of it by the clock.
        processor: Seconds of a processor that this process had for it.
        bundles: Bytes and seconds of each bundle that this process had, in order.
        done: What was done in it of each step that progress tells.
    """

    name: str
    size: int
    worth: float
    wall: float = 0.0
    processor: float = 0.0
    bundles: list[tuple[int, float]] = field(default_factory=list)
    done: Mapping[str, int] = field(default_factory=dict)

    @property
    def loading(self) -> float:
        """Seconds for what is loaded once in a process."""
        empty = self._empty
        return empty[0] - empty[-1] if empty else 0.0

    @property
    def anyhow(self) -> float:
        """Seconds without any input, once all is loaded."""
        return self._empty[-1] if self._empty else sum(seconds for _, seconds in self.bundles)

    @property
    def for_input(self) -> float:
        """Seconds that grow with the input, by the later bundles."""
        full = self.bundles[len(self._empty) :]
        later = full[len(full) // 2 :]
        size = sum(size for size, _ in later)
        if not size or not self._empty:
            return 0.0
        seconds = sum(max(0.0, seconds - self._empty[-1]) for _, seconds in later)
        return seconds * self.size / size

    @property
    def _empty(self) -> list[float]:
        return [seconds for size, seconds in self.bundles[:2] if not size]


class StageTimes:
    """What all stages took while this was in force, in order.

    Attributes:
        paced: Whether stages show what their input takes: they get it in some bundles, however
            little it is, behind two without any.
        stages: The stages.
        between: Seconds of a processor that went into other things than stages.
        counts: Takes what is done of each step.
    """

    def __init__(self, paced: bool) -> None:
        self.paced = paced
        self.stages: list[StageTime] = []
        self.between = 0.0
        self.counts = StepCounts()

    @property
    def share(self) -> float:
        """What this process had of a processor, of which others want some, too; at most 1."""
        alone = [stage for stage in self.stages if stage.worth < inf]
        wall = sum(stage.wall for stage in alone)
        return min(1.0, sum(stage.processor for stage in alone) / wall) if wall else 1.0


_times: StageTimes | None = None


@contextmanager
def time_stages(paced: bool = False) -> Iterator[StageTimes]:
    """Time the stages that are run in the block, on this machine and by our runner."""
    global _times
    before, _times = _times, StageTimes(paced)
    started = time.process_time()
    try:
        yield _times
        _times.between += time.process_time() - started
    finally:
        _times = before


@contextmanager
def timed_stage(transforms: Sequence[Any], size: int, worth: float) -> Iterator[None]:
    """Time what is done in the block as one stage, if anybody asks."""
    if _times is None:
        yield
        return
    stage = StageTime(transforms[0].unique_name, size, worth)
    _times.stages.append(stage)
    clock, processor = time.monotonic(), time.process_time()
    yield
    stage.wall = time.monotonic() - clock
    stage.processor = time.process_time() - processor
    stage.done = {step: count for step, count, _ in _times.counts.take()}
    _times.between -= stage.processor


@contextmanager
def timed_bundle() -> Iterator[list[int]]:
    """Time what is done in the block as a bundle of the stage at work, if anybody asks.

    Yields:
        What takes the bytes of its elements.
    """
    sizes: list[int] = []
    if _times is None:
        yield sizes
        return
    stage = _times.stages[-1]
    clock, processor = time.monotonic(), time.process_time()
    yield sizes
    seconds = time.monotonic() - clock
    if stage.worth < inf:
        seconds = min(seconds, time.process_time() - processor)
    stage.bundles.append((sum(sizes), seconds))


def is_paced(size: int) -> bool:
    """Return whether a stage with so many bytes of input shows what its input takes."""
    return _times is not None and _times.paced and size >= _NOTHING


def bundle_bytes(size: int, usual: int) -> int:
    """Return how many bytes of its input a stage gets at a time."""
    return max(1, min(usual, size // _BUNDLES)) if is_paced(size) else usual
