"""Runs without the thread with which Beam samples what time each step takes.

At the end of every bundle Beam waits until that thread wakes up: up to a fifth of a second, in all
a tenth of the time of a run. Nobody looks at these times of a local one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread

from apache_beam.runners.worker import statesampler


class _NoThread(statesampler.StateSampler):
    """Knows which step is at work, as its counters need that, but not for how long."""

    def start(self) -> None:
        self.tracked_thread = current_thread()
        statesampler.set_current_tracker(self)
        self.started = True

    def stop(self) -> None:
        statesampler.set_current_tracker(None)
        self.finished = True


@contextmanager
def no_state_sampler() -> Iterator[None]:
    """Let Beam sample nothing of what this process runs in the block."""
    beams = statesampler.StateSampler
    vars(statesampler)["StateSampler"] = _NoThread
    try:
        yield
    finally:
        vars(statesampler)["StateSampler"] = beams
