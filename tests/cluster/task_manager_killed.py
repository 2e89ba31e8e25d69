"""A Flink task manager is killed with -9 in mid-translation; another takes its place."""

import sys

from tests.cluster.cluster import Cluster
from tests.cluster.fault import main
from tests.cluster.flink import FlinkCluster


def kill_task_manager(cluster: Cluster) -> None:
    if not isinstance(cluster, FlinkCluster):
        sys.exit("only Flink has task managers: --cluster flink")
    cluster.kill_task_manager()


if __name__ == "__main__":
    sys.exit(main(kill_task_manager))
