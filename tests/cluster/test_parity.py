"""The same bytes from every runner, whatever the number of workers."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from schemas.manifest import Manifest
from tests.cluster.artefacts import MissingArtefactError, job_server_jar
from tests.cluster.cluster import Cluster
from tests.cluster.clusters import CLUSTERS
from tests.cluster.poisoned import marian_arguments, write_source
from tests.cluster.scenario import Build, Work, read_work

WORKERS = 2
PROCESSES = (f"--direct_num_workers={WORKERS}", "--direct_running_mode=multi_processing")
EVERY_CLUSTER = pytest.mark.parametrize("cluster", sorted(CLUSTERS), indirect=True)


@pytest.fixture(scope="module")
def clusters(tmp_path_factory):
    """Start a cluster when a test first asks for it; all end with the module."""
    running: dict[str, Cluster] = {}
    with ExitStack() as stack:

        def start(name: str) -> Cluster:
            if name not in running:
                folder = tmp_path_factory.mktemp(name)
                running[name] = stack.enter_context(CLUSTERS[name](folder, WORKERS, {}))
            return running[name]

        yield start


@pytest.fixture
def cluster(clusters, request):
    """A running cluster that takes jobs, or skip with what is missing."""
    try:
        if request.param == "flink":
            job_server_jar()
        cluster = clusters(request.param)
    except MissingArtefactError as missing:
        pytest.skip(f"{request.param}: {missing}")
    (cluster.folder / "workers.log").unlink(missing_ok=True)
    return cluster


@pytest.fixture(scope="module")
def corpora(tmp_path_factory, request) -> Callable[[str], Build]:
    """The builds of the in-memory runner, by backend."""
    folder = tmp_path_factory.mktemp("local")
    built: dict[str, Build] = {}

    def arguments(backend: str) -> list[str]:
        if backend == "apertium":
            request.getfixturevalue("apertium")
            source = "examples/science.jsonl"
            return ["--input", source, "--languages", "es", "--packet-size", "10"]
        model = request.getfixturevalue("tiny_marian")
        source = write_source(folder / "tiny" / "questions.jsonl")
        return marian_arguments(model, source, folder / "cache")

    def build(backend: str) -> Build:
        if backend not in built:
            built[backend] = Build(folder / backend, arguments(backend))
            built[backend].run()
        return built[backend]

    return build


@pytest.mark.parametrize("backend", ["apertium", "marian"])
def test_several_processes_write_the_same_bytes(tmp_path, corpora, backend):
    local = corpora(backend)
    processes = Build(tmp_path / "processes", local.arguments)
    processes.run(PROCESSES)
    assert_same(processes, local)


@EVERY_CLUSTER
@pytest.mark.parametrize("backend", ["apertium", "marian"])
def test_a_cluster_writes_the_same_bytes(corpora, backend, cluster):
    local = corpora(backend)
    build = Build(cluster.folder / backend, local.arguments)
    build.run(cluster.options)
    assert_same(build, local)
    work = read_work(cluster.folder)
    assert work.segments > 0 and work.twice == 0
    assert_balanced(work, 1 if cluster.folder.name.startswith("prism") else WORKERS)
    if backend == "marian":
        assert set(work.models_by_worker.values()) == {1}
        assert set(work.models_by_worker) == set(work.packets_by_worker)


def assert_same(build: Build, local: Build) -> None:
    assert build.shards().keys() == local.shards().keys()
    assert build.shards() == local.shards()
    manifests = [read_manifest(one.corpus) for one in (build, local)]
    assert manifests[0].counts == manifests[1].counts
    assert manifests[0].files == manifests[1].files


def read_manifest(corpus: Path) -> Manifest:
    return Manifest.model_validate_json((corpus / "manifest.json").read_text(encoding="utf-8"))


def assert_balanced(work: Work, workers: int) -> None:
    """Every worker gets its share of the packets, within a half of it."""
    packets = work.packets_by_worker
    assert len(packets) == workers
    assert min(packets.values()) >= packets.total() / workers / 2, packets
