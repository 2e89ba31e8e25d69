"""A cluster of Prism, Beam's portable runner in Go: a second, independent taker of jobs."""

import shutil
from importlib.metadata import version
from pathlib import Path

from tests.cluster.artefacts import MissingArtefactError, cache_folder
from tests.cluster.cluster import Cluster
from tests.cluster.services import Service, free_port


class PrismCluster(Cluster):
    """Prism and a worker pool; Prism gives a job one worker."""

    def __init__(self, folder: Path, workers: int, environment: dict[str, str]) -> None:
        """Prepare everything.

        Raises:
            MissingArtefactError: If there is no `prism` program.
        """
        super().__init__(folder, workers, environment)
        self._port = free_port()
        command = [find_prism(), f"--job_port={self._port}", "--serve_http=false"]
        self.manager = Service("manager", [*command, "--log_kind=text"], folder)

    @property
    def options(self) -> list[str]:
        endpoint = f"--job_endpoint=localhost:{self._port}"
        return ["--runner=PortableRunner", endpoint, *super().options]

    def wait_for_manager(self) -> None:
        self.manager.wait_for_port(self._port)


def find_prism() -> str:
    found = shutil.which("prism", path=f"{cache_folder()}") or shutil.which("prism")
    if found is None:
        program = f"github.com/apache/beam/sdks/v2/go/cmd/prism@v{version('apache-beam')}"
        raise MissingArtefactError(f"prism is missing: GOBIN={cache_folder()} go install {program}")
    return found
