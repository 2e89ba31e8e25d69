"""Run the bundles of a stage in forks of this process, each on a core of its own.

A fork starts at once, with everything that is loaded, and shares its memory. What a bundle makes
comes back through a pipe. Only the thread that forks goes on in a fork; Beam's embedded worker, our
steps and what they call need no other one.
"""

import ctypes
import gc
import logging
import os
import pickle
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Final, Generic, NamedTuple, NoReturn, TypeVar

from apache_beam.portability.api import beam_fn_api_pb2

from pipelines.io.progress import advance, count_progress

_NUMBER: Final = 4  # bytes in which the number of a bundle goes through a pipe
_ROUND: Final = 8192  # their numbers all fit into the buffer of a pipe
_DIE_WITH_PARENT: Final = 1  # PR_SET_PDEATHSIG of Linux
_STOPS: Final = frozenset({signal.SIGINT, signal.SIGTERM})

_Bundle = TypeVar("_Bundle")
_Result = tuple["beam_fn_api_pb2.InstructionResponse", list[Any]]
# What was made for a buffer of a stage: the number of a part, and encoded elements.
_Made = dict[tuple[bytes, str], list[tuple[int, bytes]]]


class _Done(NamedTuple):
    """What comes back through a pipe: what one bundle made, told and logged, or why it failed."""

    result: bytes
    made: _Made
    progress: list[tuple[str, int, int]]
    logged: list[logging.LogRecord]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Work(Generic[_Bundle]):
    """Bundles that are to be processed.

    Attributes:
        context: What Beam knows of the stage, a `BundleContextManager`.
        process: Processes one bundle, given a context.
        bundles: The bundles.
    """

    context: Any
    process: Callable[[Any, _Bundle], _Result]
    bundles: Sequence[_Bundle]


def run_in_forks(work: Work[Any], processes: int) -> Iterator[_Result]:
    """Yield the result of every bundle; what it makes is in the buffers of the context.

    Args:
        work: The bundles of one stage.
        processes: Forks that work at the same time.

    Raises:
        RuntimeError: If a bundle failed, with the traceback; or if a fork is gone.
        OSError: If there can be no more processes.
    """
    for start in range(0, len(work.bundles), _ROUND):
        some = Work(work.context, work.process, work.bundles[start : start + _ROUND])
        forks: dict[Connection, int] = {}
        try:
            _start(forks, some, min(processes, len(some.bundles)))
            yield from _gather(work.context, forks)
        finally:  # none is left unless something went wrong
            for pid in forks.values():
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)


def _start(forks: dict[Connection, int], work: Work[Any], processes: int) -> None:
    """Add the pipe and the process id of every fork; who is idle takes the next bundle."""
    numbers, write_end = os.pipe()
    os.write(write_end, b"".join(n.to_bytes(_NUMBER, "big") for n in range(len(work.bundles))))
    os.close(write_end)
    # Else the first collection in a fork would write to all pages, and copy them. The runner takes
    # it back when all is done.
    gc.freeze()
    unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        for _ in range(processes):
            here, there = Pipe(duplex=False)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of threads, from 3.12 on
                pid = os.fork()
            if pid == 0:
                _work(work, numbers, there)
            there.close()
            forks[here] = pid
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
        os.close(numbers)


def _work(work: Work[Any], numbers: int, pipe: Connection) -> NoReturn:
    """Process bundles until none is left, and end this fork without any cleaning up."""
    try:
        gc.freeze()  # else the first collection would write to all pages, and copy them
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that was started
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS)
        progress, log = count_progress(), _Log()
        logging.getLogger().handlers = [log]
        here = copy(work.context)
        here.get_buffer = outputs = _Outputs(work.context.get_buffer)
        while number := os.read(numbers, _NUMBER):
            try:
                result, _ = work.process(here, work.bundles[int.from_bytes(number, "big")])
            except Exception:
                pipe.send(_Done(b"", {}, [], log.take(), traceback.format_exc()))
                break
            content = result.SerializeToString()
            done = _Done(content, outputs.take(), progress.take(), log.take())
            pipe.send_bytes(pickle.dumps(done, pickle.HIGHEST_PROTOCOL))
        os._exit(0)
    finally:
        os._exit(1)


class _Log(logging.Handler):
    """Keeps what is logged, in a form that can go through a pipe."""

    def __init__(self) -> None:
        super().__init__()
        self._records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record; see `logging.Handler`."""
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
            record.exc_info = None
        if isinstance(record.args, tuple):
            record.args = tuple(a if isinstance(a, int | float) else str(a) for a in record.args)
        self._records.append(record)

    def take(self) -> list[logging.LogRecord]:
        taken, self._records = self._records, []
        return taken


@dataclass(slots=True)
class _Outputs:
    """Stands in for the buffers of a stage, and keeps what one bundle makes."""

    get_buffer: Callable[[bytes, str], Any]
    made: _Made = field(default_factory=dict)

    def __call__(self, buffer_id: bytes, transform_id: str) -> "_Output":
        kept = self.made.setdefault((buffer_id, transform_id), [])
        return _Output(self.get_buffer(buffer_id, transform_id), kept)

    def take(self) -> _Made:
        made, self.made = self.made, {}
        return made


@dataclass(frozen=True, slots=True)
class _Output:
    """Stands in for one buffer."""

    buffer: Any
    kept: list[tuple[int, bytes]]
    cleared = False

    def append(self, content: bytes) -> None:
        self.kept.extend(self.buffer.split(content))


def _gather(context: Any, forks: dict[Connection, int]) -> Iterator[_Result]:  # noqa: ANN401
    """Yield results as they come, until every fork has ended and was taken out of `forks`."""
    while forks:
        for pipe in wait(list(forks)):
            assert isinstance(pipe, Connection)
            try:
                done: _Done = pickle.loads(pipe.recv_bytes())
            except EOFError:
                _check_end(forks.pop(pipe))
                pipe.close()
                continue
            yield _take(context, done)


def _take(context: Any, done: _Done) -> _Result:  # noqa: ANN401
    for record in done.logged:
        logging.getLogger(record.name).handle(record)
    if done.error:
        raise RuntimeError(done.error)
    for place, parts in done.made.items():
        buffer = context.get_buffer(*place)
        for part, content in parts:
            buffer.put(part, content)
    for told in done.progress:
        advance(*told)
    return beam_fn_api_pb2.InstructionResponse.FromString(done.result), []


def _check_end(pid: int) -> None:
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status:
        why = f"signal {-status}" if status < 0 else f"exit code {status}"
        raise RuntimeError(
            f"worker {pid} is lost: {why}; where memory is short, add `-- --direct_num_workers=1`"
        )
