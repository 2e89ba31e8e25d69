"""Time and peak memory of a command with all processes that it starts."""

import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_INTERVAL = 0.5


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command took.

    Attributes:
        seconds: From start to end.
        megabytes: Most memory, at one time, of the command and all its descendants. What several
            of them share counts once (the proportional set size of Linux).
    """

    seconds: float
    megabytes: float


def measure(command: Sequence[str], folder: Path) -> Cost:
    """Run a command in a folder and return what it took.

    Raises:
        subprocess.CalledProcessError: If it fails.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder)
    peak = 0
    while process.returncode is None:
        peak = max(peak, _memory(process.pid))
        with suppress(subprocess.TimeoutExpired):
            process.wait(_INTERVAL)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(time.perf_counter() - started, peak / 2**20)


def _memory(pid: int) -> int:
    """Return the memory of a process and its descendants, in bytes."""
    total = 0
    with suppress(psutil.NoSuchProcess):  # it ended while we looked; the next look will do
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            total += process.memory_full_info().pss
    return total
