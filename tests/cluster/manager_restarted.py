"""The job manager is killed in mid-translation and started again; it has forgotten the job."""

import sys

from tests.cluster.cluster import Cluster
from tests.cluster.fault import main


def restart_manager(cluster: Cluster) -> None:
    cluster.restart_manager()


if __name__ == "__main__":
    sys.exit(main(restart_manager))
