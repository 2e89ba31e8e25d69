"""Time, memory and temporary disk of a command with all processes that it starts."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
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
        cpu_seconds: Of the command and all its descendants.
        megabytes: Most memory, at one time, of the command and all its descendants. What several
            of them share counts once (the proportional set size of Linux).
        spilled: Most megabytes, at one time, of the files without a name that they hold open.
    """

    seconds: float
    cpu_seconds: float
    megabytes: float
    spilled: float


def measure(
    command: Sequence[str], folder: Path, log: Path | None = None, interval: float = _INTERVAL
) -> Cost:
    """Run a command in a folder and return what it took.

    Args:
        command: What to run.
        folder: Where.
        log: File that gets a line for each look at the processes, with the memory of each.
        interval: Seconds between two looks.

    Raises:
        subprocess.CalledProcessError: If it fails.
    """
    started, cpu = time.perf_counter(), _children_cpu()
    process = subprocess.Popen(command, cwd=folder)
    peak = spilled = 0
    while process.returncode is None:
        memory, files = _memory(process.pid), _nameless_files(process.pid)
        peak, spilled = max(peak, sum(memory.values())), max(spilled, files)
        if log:
            _add_line(log, time.perf_counter() - started, memory, files)
        with suppress(subprocess.TimeoutExpired):
            process.wait(interval)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    seconds = time.perf_counter() - started
    return Cost(seconds, _children_cpu() - cpu, peak / 2**20, spilled / 2**20)


def _children_cpu() -> float:
    """Return the CPU seconds of all processes that this one waited for, and of theirs."""
    used = os.times()
    return used.children_user + used.children_system


def _tree(pid: int) -> Iterator[psutil.Process]:
    """Yield a process and its descendants."""
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        yield from (root, *root.children(recursive=True))


def _memory(pid: int) -> dict[int, int]:
    """Return the memory of a process and of each descendant, in bytes."""
    memory = {}
    for process in _tree(pid):
        with suppress(psutil.NoSuchProcess):  # it ended while we looked
            memory[process.pid] = process.memory_full_info().pss
    return memory


def _nameless_files(pid: int) -> int:
    """Return the bytes on disk of the open files of a process tree that have no name any more."""
    sizes = {}
    for process in _tree(pid):
        with suppress(OSError):  # it ended, or closed one, while we looked
            for entry in Path(f"/proc/{process.pid}/fd").iterdir():
                if str(entry.readlink()).endswith(" (deleted)"):
                    found = entry.stat()
                    sizes[found.st_dev, found.st_ino] = found.st_blocks * 512
    return sum(sizes.values())


def _add_line(log: Path, seconds: float, memory: dict[int, int], files: int) -> None:
    each = " ".join(f"{pid}:{size >> 20}" for pid, size in memory.items())
    with log.open("a", encoding="utf-8") as lines:
        lines.write(
            f"{seconds:7.1f} s {sum(memory.values()) >> 20:6} MB, {files >> 20:6} MB of files "
            f"without a name; MB by process: {each}\n"
        )
