"""A translator in a process of its own: what crashes or hangs there costs a segment, not a job.

The engines are native libraries. When one of them crashes, the operating system ends the whole
process, and a process that a runner counts on takes its bundle with it: the runner tries again,
meets the same segment, and so on until it gives up. Apertium needs none of this, as its programs
are processes already.
"""

import logging
import multiprocessing
import os
import threading
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from signal import SIG_IGN, SIGINT, Signals, signal
from typing import Any, Final

from schemas.reason import Reason
from translators.cores import cores
from translators.pool import TranslatorPool
from translators.registry import TranslatorConfig, open_translator
from translators.translator import (
    CRASHED,
    TIMEOUT,
    Translation,
    TranslationError,
    Translator,
    TranslatorInfo,
)
from translators.usage import Usage

logger = logging.getLogger(__name__)

_TIMEOUT: Final = 300.0  # seconds for a hundred segments
_STARTING: Final = 3600.0  # seconds to load a model, and to convert it when it is new
_GRACE: Final = 5.0  # seconds to end by itself before it is killed
_UNIT: Final = 100  # segments that the timeout is told for

# What the caller tells apart; other exceptions may not survive the way between two processes.
_KNOWN: Final = (TranslationError, ValueError, OSError)


def isolate(config: TranslatorConfig) -> Translator:
    """Return the translator, in a process of its own if its library would run in ours.

    A family that uses one core gets as many processes as it is told, or one for each core.

    Raises:
        ValueError: If its timeout or number of processes is not positive.
    """
    if not config.family.in_process:
        return open_translator(config)
    options = dict(config.options)
    timeout = float(options.get("timeout", _TIMEOUT))
    if timeout <= 0:
        raise ValueError(f"timeout must be positive, got {timeout}")
    if not config.family.one_core:
        return IsolatedTranslator(config, timeout)
    size = processes_of(config)
    return TranslatorPool(lambda: IsolatedTranslator(config, timeout), size)


def processes_of(config: TranslatorConfig) -> int:
    """Return how many processes share the work of a translator.

    Raises:
        ValueError: If the number that was given is not positive.
    """
    if not config.family.in_process or not config.family.one_core:
        return 1
    size = int(dict(config.options).get("processes", cores()))
    if size < 1:
        raise ValueError(f"processes must be positive, got {size}")
    return size


class ProcessError(Exception):
    """The translator's process ended or did not answer; the next call starts another.

    Attributes:
        reason: `translator_crashed` or `translator_timeout`.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class IsolatedTranslator:
    """A `Translator` whose work is done by another in a process of its own.

    The process starts with the first call and again after each failure.
    """

    def __init__(self, config: TranslatorConfig, timeout: float) -> None:
        """Start nothing yet.

        Args:
            config: The translator.
            timeout: Seconds that a hundred segments, or fewer, may take; more segments may take
                as much longer. Loading a model does not count.
        """
        self._config = config
        self._timeout = timeout
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._loaded: set[str] = set()
        self._failures = 0

    def info(self, target: str) -> TranslatorInfo:
        """Describe who translates into `target`; see `Translator`."""
        info: TranslatorInfo = self._call("info", target, seconds=_STARTING)
        return info

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order.

        A text that alone ends or blocks the process gets an error, `translator_crashed` or
        `translator_timeout`.

        Raises:
            TranslationError: If several texts together did, or the translator said so.
            ChildProcessError: If not even a full stop can be translated.
        """
        try:
            return self._translate(texts, target)
        except ProcessError as error:
            self._failures += 1
            if len(texts) > 1:
                raise TranslationError(str(error)) from error
            self._check_alive(target)
            return [Translation("", error=error.reason)]

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return how many tokens the texts are; see `Translator`."""
        count: int = self._call("count_tokens", texts, target, seconds=_STARTING)
        return count

    def take_usage(self) -> Usage:
        """Return what was done since the last call, but for what a process that died has done."""
        usage, self._failures = Usage(retries=self._failures), 0
        if self._connection is None:
            return usage
        try:
            theirs: Usage = self._call("take_usage", seconds=_STARTING)
        except ProcessError:
            return usage
        return usage + theirs

    def close(self) -> None:
        """End the process; it frees what it holds."""
        connection, self._connection = self._connection, None
        process, self._process = self._process, None
        self._loaded.clear()
        if process is None or connection is None:
            return
        connection.close()
        process.join(_GRACE)
        if process.is_alive():
            process.kill()
            process.join()
        process.close()

    def _translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        if target not in self._loaded:
            self._call("translate", [], target, seconds=_STARTING)
            self._loaded.add(target)
        seconds = self._timeout * max(1.0, len(texts) / _UNIT)
        answers: list[Translation] = self._call("translate", texts, target, seconds=seconds)
        return answers

    def _check_alive(self, target: str) -> None:
        """Tell a text that the model cannot digest from a model that does not work at all."""
        try:
            self._translate(["."], target)
        except ProcessError as error:
            raise ChildProcessError(
                f"translator {self._config.backend} does not work for {target!r}: {error}"
            ) from error

    def _call(self, method: str, *arguments: object, seconds: float) -> Any:  # noqa: ANN401
        """Return what a method of the translator returns, or raise what it raised.

        Raises:
            ProcessError: If no answer came; the process is gone.
        """
        connection = self._connection or self._start()
        try:
            connection.send((method, arguments))
            if not connection.poll(seconds):
                raise ProcessError(TIMEOUT, f"no answer within {seconds:,.0f} s")
            answer = connection.recv()
        except (EOFError, OSError) as error:
            raise ProcessError(CRASHED, f"its process {self._end()}") from error
        except ProcessError:
            self._kill()
            raise
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")  # a fork would share threads and devices
        ours, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._config), name="translator", daemon=True
        )
        self._process.start()
        theirs.close()
        self._connection = ours
        logger.info("process %d translates with %s", self._process.pid, self._config.backend)
        return ours

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
        self.close()

    def _end(self) -> str:
        """Clean up after a process that is gone; return how it ended."""
        process = self._process
        if process is None:
            return "is gone"
        process.join(_GRACE)
        code = process.exitcode
        self._kill()
        if code is not None and code < 0:
            return f"was ended by {Signals(-code).name}"
        return f"ended with exit code {code}"


def _serve(connection: Connection, config: TranslatorConfig) -> None:
    """Answer calls until the other side closes the connection."""
    signal(SIGINT, SIG_IGN)  # Ctrl-C reaches us too; who asked decides when we end
    threading.Thread(target=_end_with_parent, daemon=True).start()
    translator: Translator | None = None
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            break
        try:
            translator = translator or open_translator(config)
            answer = getattr(translator, method)(*arguments)
        except _KNOWN as error:
            answer = error
        except Exception:
            answer = RuntimeError(traceback.format_exc())
        connection.send(answer)
    if translator is not None:
        translator.close()


def _end_with_parent() -> None:
    """End at once when the process that asks is killed, also from within a call that hangs."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
