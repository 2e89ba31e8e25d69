"""What all clusters here have: a manager that takes jobs, and a pool that starts Python workers."""

import os
import sys
from abc import ABC, abstractmethod
from pathlib import Path

from tests.cluster.services import ROOT, Service, free_port


class Cluster(ABC):
    """Python workers behind one worker pool; subclasses bring who gives them work.

    Everything is below `folder` and ends with the `with` block.

    Attributes:
        manager: What takes jobs; each subclass makes its own.
    """

    manager: Service

    def __init__(self, folder: Path, workers: int, environment: dict[str, str]) -> None:
        """Start nothing yet.

        Args:
            folder: For logs and temporary files; must exist.
            workers: Python workers that share the work.
            environment: What the workers have in theirs, besides ours.
        """
        self.folder = folder
        self.workers = workers
        self._pool_port = free_port()
        self.pool = Service("pool", self._pool_command(), folder, environment)

    @property
    def services(self) -> list[Service]:
        """What runs, in the order in which it is started."""
        return [self.manager, self.pool]

    @property
    def options(self) -> list[str]:
        """Options behind `--` that send a build to this cluster."""
        return ["--environment_type=EXTERNAL", f"--environment_config=localhost:{self._pool_port}"]

    def __enter__(self) -> "Cluster":
        self._start_manager()
        self.start_pool()
        return self

    def __exit__(self, *_: object) -> None:
        for service in reversed(self.services):
            service.kill()

    def start_pool(self) -> None:
        self.pool.start()
        self.pool.wait_for_port(self._pool_port)

    def restart_manager(self) -> None:
        """Kill the manager and start it again; it knows of no job any more."""
        self.manager.kill()
        self._start_manager()

    @abstractmethod
    def wait_for_manager(self) -> None:
        """Wait until the manager can give work to the workers."""

    def worker_pids(self) -> list[int]:
        """Return the processes of the Python workers."""
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    session = os.getsid(int(folder.name))
                    command = (folder / "cmdline").read_bytes()
                except OSError:  # it has just ended
                    continue
                if session == self.pool.pid and b"tests.cluster.boot" in command:
                    found.append(int(folder.name))
        return sorted(found)

    def _start_manager(self) -> None:
        self.manager.start()
        self.wait_for_manager()

    def _pool_command(self) -> list[str]:
        boot = self.folder / "boot"
        # The pool never reads what a worker prints: a full pipe would stop the worker.
        boot.write_text(
            f'#!/bin/sh\ncd {ROOT}\nexec {sys.executable} -m tests.cluster.boot "$@" '
            f">>{self.folder}/workers.log 2>&1\n"
        )
        boot.chmod(0o755)
        return [
            *(sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main"),
            *(f"--service_port={self._pool_port}", f"--container_executable={boot}"),
        ]
