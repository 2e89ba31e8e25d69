"""The clusters by name, and which of them this machine can run."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.artefacts import MissingArtefactError, job_server_jar
from tests.cluster.cluster import Cluster
from tests.cluster.flink import FlinkCluster
from tests.cluster.job_service import JobServiceCluster
from tests.cluster.prism import PrismCluster

CLUSTERS = {"flink": FlinkCluster, "job-service": JobServiceCluster, "prism": PrismCluster}


def add_cluster_options(parser: argparse.ArgumentParser) -> None:
    """Add what all scripts here can be told."""
    parser.add_argument(
        "--cluster",
        choices=sorted(CLUSTERS),
        default="job-service",
        help="where it runs; job-service is Beam's own, in Python (default: %(default)s)",
    )
    parser.add_argument("--workers", type=int, default=2, help="Python workers (default: 2)")
    parser.add_argument("--folder", type=Path, help="new folder for logs, kept; else temporary")


@contextmanager
def start_cluster(
    options: argparse.Namespace, environment: dict[str, str] | None = None
) -> Iterator[Cluster]:
    """Run the cluster that the options name; its folder goes with it unless it was named.

    Where the cluster cannot be had, the script ends with what is missing.
    """
    with tempfile.TemporaryDirectory(prefix="tandemqa-cluster-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            if options.cluster == "flink":
                job_server_jar()  # before anything is started in vain
            cluster = CLUSTERS[options.cluster](folder, options.workers, environment or {})
        except MissingArtefactError as missing:
            sys.exit(f"{options.cluster} cannot be started here: {missing}")
        with cluster:
            yield cluster
