"""Beam's record of the time that each step takes, without the thread that keeps it.

At the end of every bundle Beam waits until that thread wakes up: up to a fifth of a second, in all
a tenth of the time of a run. Nobody looks at the record of a local one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread

from apache_beam.runners.worker import statesampler


class _NoSampler(statesampler.StateSampler):
    """Knows which step is at work, as counters of steps need that, and not for how long."""

    def start(self) -> None:
        self.tracked_thread = current_thread()
        statesampler.set_current_tracker(self)
        self.started = True

    def stop(self) -> None:
        statesampler.set_current_tracker(None)
        self.finished = True


@contextmanager
def no_step_times() -> Iterator[None]:
    """Let Beam measure no step that is run in this process in the block."""
    beams = statesampler.StateSampler
    vars(statesampler)["StateSampler"] = _NoSampler
    try:
        yield
    finally:
        vars(statesampler)["StateSampler"] = beams
