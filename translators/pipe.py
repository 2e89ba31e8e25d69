"""A shell pipeline kept running: null-terminated messages in, as many answers out.

Apertium's programs load their data once and, in null-flush mode, answer each message before they
read on. Every message carries its number in a superblank (`[17]`), which the stream format passes
through untouched, so that an answer can never be taken for that of another message.
"""

import itertools
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Final, cast

from schemas.reason import Reason, declare_reason
from translators.translator import CRASHED, TIMEOUT

_WRONG_COUNT: Final = declare_reason(
    "wrong_count", "the translator's program lost or added a sentence"
)

_GRACE: Final = 1.0  # seconds a pipeline has to end by itself before it is killed
_READ: Final = 1 << 16

# Larger caches in malloc save 3 to 12 % of the CPU time of a mode; other C libraries ignore this.
_ENVIRONMENT: Final = {"LC_ALL": "C.UTF-8", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=2000"}

# The second job holds one end of a pipe whose other end is ours alone: when we die, by whatever
# signal, it reads the end of the file and kills the group. The shell gives up its own input and
# output, so that both ends see at once when a program is gone, and takes no SIGTERM: it stays
# until it has waited for the others, lest they be left as zombies to an init that reaps none.
_SCRIPT: Final = """
<&0 {command} &
(read -r <&{lifeline}; kill -KILL 0) >/dev/null &
trap '' TERM
exec <&- >&-
wait %1; kill $!; wait
"""


class PipeError(Exception):
    """A pipeline failed and was stopped; the next `ask` starts it anew.

    Attributes:
        reason: `translator_crashed` (it ended), `translator_timeout` (it did not answer in time)
            or `wrong_count` (an answer was missing or one too many).
        answered: Answers that had come in order before the failure. As messages cannot overtake
            each other, the next one is the likely cause.
    """

    def __init__(self, reason: Reason, answered: int) -> None:
        super().__init__(f"{reason} after {answered} answers")
        self.reason = reason
        self.answered = answered


class Pipe:
    """One pipeline, started by the first `ask`; not for use by two threads at a time."""

    def __init__(self, command: str, timeout: float) -> None:
        """Remember what to run.

        Args:
            command: Shell pipeline of programs that each flush on the null character.
            timeout: Seconds that one `ask` may take.
        """
        self._command = command
        self._timeout = timeout
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: IO[bytes] | None = None

    def ask(self, texts: Sequence[str]) -> list[str]:
        """Return one answer for each text, in order.

        Args:
            texts: Messages in the Apertium stream format, without null characters.

        Raises:
            PipeError: If the pipeline ended, hung or lost count; it has been stopped.
        """
        tags = [f"[{next(self._numbers)}]" for _ in texts]
        message = "".join(f"{text}{tag}\0" for text, tag in zip(texts, tags, strict=True))
        process = self._process or self._start()
        try:
            return self._exchange(process, message.encode(), tags)
        except BaseException:  # half-read answers must not meet the next question
            self.close()
            raise

    def close(self) -> None:
        """Stop the pipeline and wait until all of it is gone."""
        process, self._process = self._process, None
        lifeline, self._lifeline = self._lifeline, None
        if process is None or lifeline is None:
            return
        with suppress(OSError):
            cast(IO[bytes], process.stdin).close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE)
                break
            os.killpg(process.pid, number)
            os.killpg(process.pid, signal.SIGCONT)  # stopped processes take no SIGTERM
        process.wait()
        cast(IO[bytes], process.stdout).close()
        lifeline.close()

    def _start(self) -> subprocess.Popen[bytes]:
        theirs, ours = os.pipe()
        self._lifeline = os.fdopen(ours, "wb")
        try:
            self._process = subprocess.Popen(
                ["bash", "-c", _SCRIPT.format(lifeline=theirs, command=self._command)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                pass_fds=(theirs,),
                start_new_session=True,  # a process group of its own, and no Ctrl-C from ours
                env={**os.environ, **_ENVIRONMENT},
            )
        finally:
            os.close(theirs)
        os.set_blocking(cast(IO[bytes], self._process.stdin).fileno(), False)
        return self._process

    def _exchange(
        self, process: subprocess.Popen[bytes], message: bytes, tags: Sequence[str]
    ) -> list[str]:
        """Write and read by turns: with either alone, full pipes would block both sides."""
        stdin = cast(IO[bytes], process.stdin).fileno()
        stdout = cast(IO[bytes], process.stdout).fileno()
        unsent = memoryview(message)
        answers: list[str] = []
        partial = b""
        poll = select.poll()
        poll.register(stdout, select.POLLIN)
        poll.register(stdin, select.POLLOUT)
        deadline = time.monotonic() + self._timeout
        while len(answers) < len(tags):
            seconds_left = deadline - time.monotonic()
            ready = poll.poll(1000 * seconds_left) if seconds_left > 0 else []
            if not ready:
                raise PipeError(TIMEOUT, len(answers))
            for file, _ in ready:
                if file == stdin:
                    unsent = _write(stdin, unsent)
                    if not unsent:
                        poll.unregister(stdin)
                    continue
                received = os.read(stdout, _READ)
                if not received:
                    raise PipeError(CRASHED, len(answers))
                *whole, partial = (partial + received).split(b"\0")
                if not _match(whole, tags, answers):
                    # The programs after one that ended answer once more when their input ends.
                    reason = CRASHED if _ends(stdout) else _WRONG_COUNT
                    raise PipeError(reason, len(answers))
        return answers


def _write(file: int, unsent: memoryview) -> memoryview:
    """Write what fits and return the rest; nothing remains for a reader that is gone."""
    try:
        return unsent[os.write(file, unsent) :]
    except BlockingIOError:
        return unsent
    except BrokenPipeError:  # answers may still come; then the end of stdout tells
        return unsent[:0]


def _match(received: Sequence[bytes], tags: Sequence[str], answers: list[str]) -> bool:
    """Append the received answers without their tags; return False if one is not the next due."""
    for answer in received:
        text = answer.decode(errors="replace")
        if len(answers) == len(tags) or not text.endswith(tags[len(answers)]):
            return False
        answers.append(text.removesuffix(tags[len(answers)]))
    return True


def _ends(file: int) -> bool:
    """Return whether the end of a file comes soon."""
    poll = select.poll()
    poll.register(file, select.POLLIN)
    deadline = time.monotonic() + _GRACE
    while (seconds_left := deadline - time.monotonic()) > 0:
        if poll.poll(1000 * seconds_left) and not os.read(file, _READ):
            return True
    return False
