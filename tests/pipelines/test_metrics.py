"""The names of metrics are a contract; what they count agrees with the manifest."""

import json
import logging
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from apache_beam.runners.runner import PipelineState

from pipelines import cluster_progress
from pipelines import run as runs
from pipelines.cluster_progress import follow, read_counters
from schemas.manifest import Manifest
from translators.memory import PACKET_SUFFIX

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "observability.md"


def documented(kind: str) -> set[tuple[str, str]]:
    """Return the metrics of a kind that the documentation lists as `namespace/name`."""
    rows = re.findall(r"^\| `(\w+)/(\w+)` \| (\w+) \|", DOCS.read_text(encoding="utf-8"), re.M)
    return {(namespace, name) for namespace, name, found in rows if found == kind}


@pytest.fixture
def results(monkeypatch):
    """The results of the pipelines that a test runs."""
    seen = []

    def watch(result, *arguments):
        seen.append(result)
        return follow(result, *arguments)

    monkeypatch.setattr(runs, "follow", watch)
    return seen


@pytest.fixture
def built(build, questions, apertium, results, caplog):
    """Build twice, the second time with one record more; return counters, lines and result."""
    caplog.set_level(logging.INFO, "tandemqa.packets")
    records = [
        {"id": str(n), "question": f"Who lives in house {n}?", "passage": f"Ann lives in {n}."}
        for n in range(4)
    ]
    build("--input", questions(*records[:3]), "--quiet")
    caplog.clear()
    build("--input", questions({"bad": 1}, *records), "--max-failed-share", "1", "--overwrite")
    return read_counters(results[-1]), [json.loads(r.message) for r in caplog.records], results[-1]


def test_counters_agree_with_the_manifest_and_with_the_log(built, tmp_path):
    counters, lines, _ = built
    manifest = Manifest.model_validate_json((tmp_path / "corpus" / "manifest.json").read_text())
    es = manifest.segments["es"]
    assert counters["read", "records"] == 4
    assert counters["translate", "remembered"] == es.remembered > 0
    assert counters["translate", "wanted"] == es.distinct - es.remembered
    assert counters["translate", "segments"] == es.translated > 0
    assert counters["translate", "packets"] == len(lines) > 0
    assert counters["translate", "tokens"] == sum(line["usage"]["tokens"] for line in lines) > 0
    assert counters["translate", "batches"] == sum(line["usage"]["batches"] for line in lines) > 0
    assert counters["verdicts", "pass"] > 0
    rows = sum(counts.kept for counts in manifest.counts.values())
    assert counters["validate", "kept"] == rows


def test_a_line_of_the_packet_log_has_all_that_is_documented(built):
    _, lines, _ = built
    text = DOCS.read_text(encoding="utf-8")
    for line in lines:
        assert line["lang"] == "es" and line["seconds"] >= 0 and not line["resumed"]
        for name in [*line, *line["usage"]]:
            assert f"`{name}`" in text, name


def test_every_metric_is_documented_and_distributions_have_their_names(built):
    counters, _, result = built
    by_reason = {"read", "validate"}  # their other counters are named for reasons
    fixed = {name for name in counters if name[0] not in by_reason}
    assert fixed <= documented("counter")
    assert {("read", "records"), ("validate", "kept")} <= documented("counter")
    found = {
        (item.key.metric.namespace, item.key.metric.name)
        for item in result.metrics().query()["distributions"]
        if item.key.metric.namespace == "translate"
    }
    assert found == documented("distribution")


class RunningJob:
    """A job on a cluster, as its launcher sees it."""

    def __init__(self, counters, fails=0):
        self.state = PipelineState.RUNNING
        self.counters, self.fails, self.looks = counters, fails, 0

    def metrics(self):
        self.looks += 1
        if self.looks <= self.fails:
            raise OSError("the job server does not answer")
        return self

    def query(self):
        return {"counters": self.counters}


class Counted:
    def __init__(self, namespace, name, result):
        self.key = self
        self.metric = self
        self.namespace, self.name, self.result = namespace, name, result


def test_counters_are_summed_over_steps():
    job = RunningJob([Counted("read", "records", 2), Counted("read", "records", 3)])
    assert read_counters(job) == Counter({("read", "records"): 5})


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_a_job_on_a_cluster_is_followed_also_after_a_look_that_failed(tmp_path, caplog):
    caplog.set_level(logging.INFO, cluster_progress.__name__)
    (tmp_path / f"old{PACKET_SUFFIX}").touch()
    counters = [Counted("translate", "segments", 30), Counted("translate", "wanted", 90)]
    job = RunningJob(counters, fails=1)
    with follow(job, [str(tmp_path)], True, interval=0.01):
        wait_for(lambda: "30 of 90 segments, 0 packets" in caplog.text)
        (tmp_path / f"new{PACKET_SUFFIX}").touch()
        wait_for(lambda: "30 of 90 segments, 1 packets" in caplog.text)
    assert "cannot read progress: the job server does not answer" in caplog.text


@pytest.mark.parametrize(("state", "enabled"), [("DONE", True), ("RUNNING", False)])
def test_nothing_is_watched_when_the_job_is_over_or_nobody_wants_it(state, enabled):
    job = RunningJob([])
    job.state = state
    with follow(job, [], enabled, interval=0.001):
        time.sleep(0.05)
    assert job.looks == 0
