"""Progress of a run on a cluster: its counters where the runner tells them, and saved packets.

Dataflow tells counters while a job runs. Flink's job server tells them when the job has ended, so
there the packets that appear in the translation memory are what can be seen from outside.
"""

import logging
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any, Final

from apache_beam.runners.runner import PipelineResult, PipelineState
from tqdm import tqdm

from pipelines.io.storage import list_files
from translators.memory import PACKET_SUFFIX

logger = logging.getLogger(__name__)

_INTERVAL: Final = 10.0  # seconds between looks
_REST: Final = 20  # and at least so many times as long as a look takes

# (namespace, name) of a counter
Name = tuple[str, str]


def read_counters(result: PipelineResult) -> Counter[Name]:
    """Return the counters of a run, each summed over the steps that count it."""
    counters: Counter[Name] = Counter()
    for found in result.metrics().query()["counters"]:
        name = found.key.metric
        counters[name.namespace, name.name] += found.result or 0
    return counters


@contextmanager
def follow(
    result: PipelineResult, memory: Sequence[str], enabled: bool, interval: float = _INTERVAL
) -> Iterator[None]:
    """Show how a run comes on while the block waits for it; nothing when it has ended already.

    There is a line on standard error where a person is looking, and with `--verbose` a log.

    Args:
        result: The run.
        memory: Folders in which it saves packets.
        enabled: Whether to show anything.
        interval: Seconds between two looks.
    """
    if not enabled or PipelineState.is_terminal(result.state):
        yield
        return
    over = Event()
    watch = Thread(target=_watch, args=(result, memory, over, interval), daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join(interval)


def _watch(result: PipelineResult, memory: Sequence[str], over: Event, interval: float) -> None:
    before = _count_packets(memory)
    bar: tqdm[Any] = tqdm(
        desc="translate", unit=" segments", file=sys.stderr, disable=not sys.stderr.isatty()
    )
    with bar:
        rest = interval
        while not over.wait(rest):
            started = time.monotonic()
            try:
                _look(result, memory, before, bar)
            except Exception as error:  # not to be told for once must not end the run
                logger.info("cannot read progress: %s", error)
            rest = max(interval, _REST * (time.monotonic() - started))


def _look(result: PipelineResult, memory: Sequence[str], before: int, bar: "tqdm[Any]") -> None:
    counters = read_counters(result)
    done, wanted = counters["translate", "segments"], counters["translate", "wanted"]
    packets = _count_packets(memory) - before
    bar.total = max(wanted, done) or None
    bar.n = done
    bar.set_postfix_str(f"{packets:,} packets saved, {result.state}")
    logger.info("%s: %d of %d segments, %d packets saved", result.state, done, wanted, packets)


def _count_packets(folders: Sequence[str]) -> int:
    return sum(path.endswith(PACKET_SUFFIX) for folder in folders for path, _ in list_files(folder))
