"""The worker pool is killed with all its workers in mid-translation, and started again."""

import sys

from tests.cluster.cluster import Cluster
from tests.cluster.fault import main


def restart_pool(cluster: Cluster) -> None:
    cluster.pool.kill()
    cluster.start_pool()


if __name__ == "__main__":
    sys.exit(main(restart_pool))
