"""How fast processes are on this machine, together and with what else runs."""

import time
import warnings
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

_MOMENT: Final = 0.2  # seconds


class Speed(NamedTuple):
    """What is done in a second, where 1 is what a processor does that has nothing else to do.

    Attributes:
        one: By one process.
        all: By all together.
    """

    one: float = 1.0
    all: float = 1.0


def measure_gain(processes: int) -> float:
    """Return how many times as much as one so many processes do, by a moment's work."""
    if processes == 1:
        return 1.0
    return min(max(1.0, _work_of(processes) / _work_of(1)), processes)


def _work_of(processes: int) -> int:
    """Return what so many forks of this process do together."""
    context = get_context("fork")
    counts: SimpleQueue[int] = context.SimpleQueue()
    workers = [context.Process(target=_work, args=(counts,)) for _ in range(processes)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, from 3.12 on
        for worker in workers:
            worker.start()
    done = sum(counts.get() for _ in workers)
    for worker in workers:
        worker.join()
    return done


def _work(counts: "SimpleQueue[int]") -> None:
    """Tell how often this process gets to the end of its loop."""
    count, end = 0, time.perf_counter() + _MOMENT
    while time.perf_counter() < end:
        count += 1
    counts.put(count)
