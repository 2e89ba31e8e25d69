"""Processes that tests start: each has a log, can be killed and started again, leaves nothing."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]

_PR_SET_PDEATHSIG = 1


class Service:
    """One process with its descendants, running from the repository's root."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Remember what to run; its output goes to `FOLDER/NAME.log`."""
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} is not running"
        return self._process.pid

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_us,
            )

    def kill(self) -> None:
        """Kill the process and all it started, as a machine that loses its power would."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until the service is ready.

        Raises:
            RuntimeError: If it ended or took too long; the message has the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            ended = self._process is None or self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                tail = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise RuntimeError(f"{self.name} {'ended' if ended else 'is not ready'}: {tail}")
            time.sleep(0.1)

    def wait_for_port(self, port: int) -> None:
        self.wait_until(lambda: listens(port))


def _end_with_us() -> None:
    """Have the kernel kill this process when the one that started it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("localhost", port)) == 0
