"""A cluster of Beam's own job service: it takes jobs as a Flink job server does.

Jobs are submitted, staged and given to Python workers as on Flink, over the same protocols; what
differs is that one process schedules them, in memory, and that a lost worker is a failed job.
"""

import sys
from pathlib import Path

from tests.cluster.cluster import Cluster
from tests.cluster.services import Service, free_port


class JobServiceCluster(Cluster):
    """Beam's job service and a worker pool."""

    def __init__(self, folder: Path, workers: int, environment: dict[str, str]) -> None:
        super().__init__(folder, workers, environment)
        self._port = free_port()
        self.manager = Service(
            "manager",
            [
                *(sys.executable, "-m", "tests.cluster.job_service_main"),
                *(f"--port={self._port}", f"--staging_dir={folder / 'staging'}"),
            ],
            folder,
        )

    @property
    def options(self) -> list[str]:
        return [
            *("--runner=PortableRunner", f"--job_endpoint=localhost:{self._port}"),
            *(*super().options, f"--direct_num_workers={self.workers}"),
        ]

    def wait_for_manager(self) -> None:
        self.manager.wait_for_port(self._port)
