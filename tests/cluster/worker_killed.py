"""A Python worker is killed in mid-translation."""

import os
import signal
import sys

from tests.cluster.cluster import Cluster
from tests.cluster.fault import main


def kill_worker(cluster: Cluster) -> None:
    os.kill(cluster.worker_pids()[0], signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(kill_worker))
