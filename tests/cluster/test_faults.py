"""One fault of each kind that ends a job, and one that must not; the others are scripts here."""

import pytest

from tests.cluster.artefacts import MissingArtefactError
from tests.cluster.fault import run_fault
from tests.cluster.flink import FlinkCluster
from tests.cluster.job_service import JobServiceCluster
from tests.cluster.scenario import Build
from tests.cluster.worker_killed import kill_worker

ARGUMENTS = ("--input", "examples/science.jsonl", "--languages", "es", "--packet-size", "10")


def test_a_killed_worker_costs_no_more_than_the_packets_at_work(tmp_path, apertium):
    calm = Build(tmp_path / "calm", ARGUMENTS)
    calm.run()
    with JobServiceCluster(tmp_path, 2, {}) as cluster:
        outcome = run_fault(cluster, kill_worker, calm, saved=6)
    assert outcome.submissions == 2
    assert outcome.same_bytes
    assert outcome.packets == calm.packets()
    assert outcome.work.twice <= 2 * 2 * 10, "more than one packet of twice the size a worker"


def test_a_flink_cluster_replaces_a_killed_task_manager(tmp_path):
    try:
        cluster = FlinkCluster(tmp_path, 2, {})
    except MissingArtefactError as missing:
        pytest.skip(str(missing))
    with cluster:
        before = cluster.registered()
        cluster.kill_task_manager()
        cluster.manager.wait_until(lambda: len(cluster.registered() - before) == 1, 120)
        cluster.wait_for_manager()
        assert len(before) == 2
        assert len(cluster.registered() & before) == 1
