"""Disturb a build on a cluster, give it again until it is done, and compare it with a calm one.

Each fault is a script beside this one, for instance:
    python -m tests.cluster.worker_killed
    python -m tests.cluster.task_manager_killed --cluster flink
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.cluster.clusters import add_cluster_options, start_cluster
from tests.cluster.scenario import APERTIUM, Build, Work, read_work, wait_for_packets

Disturb = Callable[[Cluster], None]

_SUBMISSIONS = 4
_PATIENCE = 600  # seconds that a job may take; after them it counts as lost


@dataclass(frozen=True)
class Outcome:
    """How a disturbed build ended.

    Attributes:
        saved: Packets in the memory when the fault happened.
        packets: Packets in the end.
        submissions: How often the job was submitted until it was done.
        work: What its workers were given.
        same_bytes: Whether the shards are those of the undisturbed build.
        seconds: From the first submission to the end.
    """

    saved: int
    packets: int
    submissions: int
    work: Work
    same_bytes: bool
    seconds: float

    def __str__(self) -> str:
        share = self.work.twice / max(1, self.work.segments)
        return (
            f"fault at packet {self.saved} of {self.packets}; submitted {self.submissions} times; "
            f"translated twice: {self.work.twice} of {self.work.segments} segments ({share:.1%}); "
            f"same bytes: {self.same_bytes}; {self.seconds:.0f} s"
        )


def run_fault(cluster: Cluster, disturb: Disturb, calm: Build, saved: int = 10) -> Outcome:
    """Build on a cluster and disturb it when so many packets are saved.

    Args:
        cluster: A running cluster.
        disturb: Does the harm.
        calm: The undisturbed build to compare with; its arguments are used.
        saved: Finished packets to wait for.

    Raises:
        RuntimeError: If the job is not done after some submissions.
    """
    build = Build(cluster.folder / "disturbed", calm.arguments)
    started = time.monotonic()
    process = build.start(cluster.options)
    wait_for_packets(build, process, saved)
    at_fault = build.packets()
    disturb(cluster)
    submissions = 1
    while not _succeeds(process):
        if submissions == _SUBMISSIONS:
            raise RuntimeError(f"{_SUBMISSIONS} submissions failed: {build.folder / 'build.log'}")
        submissions += 1
        process = build.start(cluster.options)
    seconds = time.monotonic() - started
    work = read_work(cluster.folder)
    same = build.shards() == calm.shards()
    return Outcome(at_fault, build.packets(), submissions, work, same, seconds)


def _succeeds(process: "subprocess.Popen[bytes]") -> bool:
    try:
        return process.wait(_PATIENCE) == 0
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False


def main(disturb: Disturb) -> int:
    """Run the script of one fault; return 1 if the bytes differ."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    add_cluster_options(parser)
    options = parser.parse_args()
    name = Path(sys.argv[0]).stem
    with start_cluster(options) as cluster:
        calm = Build(cluster.folder / "calm", APERTIUM)
        calm.run()
        outcome = run_fault(cluster, disturb, calm)
    sys.stdout.write(f"{name} on {options.cluster}: {outcome}\n")
    return 0 if outcome.same_bytes else 1
