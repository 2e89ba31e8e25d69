"""A build on a cluster, what may happen to it, and how it is compared with an undisturbed one."""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.services import ROOT

# What a worker logs when it begins with a packet: worker, packet, segments, language.
_STARTED = re.compile(r"^(\S+) packet (\w+): (\d+) segments into (\S+)$", re.MULTILINE)
_MODEL = re.compile(r"^(\S+) process \d+ translates with", re.MULTILINE)

APERTIUM = ("--config", "examples/demo.yaml", "--languages", "es,ca", "--packet-size", "25")


@dataclass(frozen=True)
class Build:
    """One `tandemqa build` with its own corpus and memory below `folder`."""

    folder: Path
    arguments: Sequence[str]

    @property
    def corpus(self) -> Path:
        return self.folder / "corpus"

    def start(self, beam_options: Sequence[str] = ()) -> "subprocess.Popen[bytes]":
        """Start it; what it says goes to `build.log`."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [
            *(sys.executable, "-m", "tandemqa", "build", "--quiet", *self.arguments),
            *("--output", str(self.corpus), "--memory", str(self.folder / "memory")),
            *("--", *beam_options),
        ]
        with (self.folder / "build.log").open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def run(self, beam_options: Sequence[str] = ()) -> None:
        """Run it to its end.

        Raises:
            RuntimeError: If it fails; the message has the end of its log.
        """
        if self.start(beam_options).wait(600):
            log = (self.folder / "build.log").read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"the build failed: {log[-2000:]}")

    def packets(self) -> int:
        """Return how many packets are finished and saved."""
        return sum(1 for _ in (self.folder / "memory").rglob("*.parquet"))

    def shards(self) -> dict[str, bytes]:
        """Return the content of all Parquet files of the corpus by their place in it."""
        found = sorted(self.corpus.rglob("*.parquet"))
        return {str(path.relative_to(self.corpus)): path.read_bytes() for path in found}


@dataclass(frozen=True)
class Work:
    """What the workers of a cluster were given, as their logs tell.

    Attributes:
        packets_by_worker: Packets that each worker began with.
        segments: Distinct segments and languages among them.
        twice: Segments that were begun with again after they had been before.
        models_by_worker: Processes with a model that each worker started.
    """

    packets_by_worker: Counter[str]
    segments: int
    twice: int
    models_by_worker: Counter[str]


def read_work(folder: Path) -> Work:
    """Return the work of the cluster whose logs are in `folder`."""
    text = (folder / "workers.log").read_text(encoding="utf-8", errors="replace")
    started = [(worker, packet, int(n), lang) for worker, packet, n, lang in _STARTED.findall(text)]
    segments = {(packet, lang): n for _, packet, n, lang in started}
    total = sum(n for _, _, n, _ in started)
    return Work(
        Counter(worker for worker, *_ in started),
        sum(segments.values()),
        total - sum(segments.values()),
        Counter(_MODEL.findall(text)),
    )


def wait_for_packets(build: Build, process: "subprocess.Popen[bytes]", count: int) -> None:
    """Wait until a running build has saved so many packets.

    Raises:
        RuntimeError: If it ends before, or does not come so far in five minutes.
    """
    deadline = time.monotonic() + 300
    while build.packets() < count:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no chance to disturb: {build.folder / 'build.log'}")
        time.sleep(0.01)
