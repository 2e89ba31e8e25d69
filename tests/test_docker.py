"""The container files agree with each other and with the versions that are tested."""

import re
from pathlib import Path

import pytest
import yaml

from tests.cluster import artefacts

DOCKER = Path(__file__).parent.parent / "docker"
ROOT = DOCKER.parent
PINNED = re.compile(r"(?m)^([\w-]+)==([\w.]+)(?:;.*)?$")


def text(name: str) -> str:
    return (DOCKER / name).read_text(encoding="utf-8")


def beam_version() -> str:
    found = dict(PINNED.findall((ROOT / "constraints.txt").read_text(encoding="utf-8")))
    return found["apache-beam"]


def test_images_have_the_beam_that_is_tested():
    assert f"apache/beam_python3.11_sdk:{beam_version()}" in text("worker.Dockerfile")
    assert f"/{beam_version()}/beam-runners-flink-{artefacts.DEFAULT_FLINK}-job-server-" in text(
        "launcher.Dockerfile"
    )


@pytest.mark.parametrize("name", ["compose.yaml", "kubernetes/flink.yaml", "kubernetes/build.yaml"])
def test_flink_is_the_one_that_is_tested_everywhere(name):
    release, _ = artefacts.RELEASES[artefacts.DEFAULT_FLINK]
    content = text(name)
    assert set(re.findall(r"flink:(\d+\.\d+\.\d+)-", content)) <= {release}
    assert set(re.findall(r"flink_version=([\d.]+)", content)) <= {artefacts.DEFAULT_FLINK}
    assert set(re.findall(r"flinkVersion: v([\d_]+)", content)) <= {
        artefacts.DEFAULT_FLINK.replace(".", "_")
    }


def test_images_end_without_the_rights_of_root():
    for path in DOCKER.glob("*.Dockerfile"):
        users = re.findall(r"(?m)^USER (\S+)", path.read_text(encoding="utf-8"))
        assert users[-1] == "10001", path


def test_every_base_image_is_pinned():
    for path in DOCKER.glob("*.Dockerfile"):
        for name, image in re.findall(r"(?m)^ARG (\w*IMAGE|WORKER)=(\S+)", path.read_text()):
            assert re.search(r":[\w.-]*\d", image) and ":latest" not in image, (path, name)


def test_each_task_manager_has_a_pool_of_workers_in_its_network():
    services = yaml.safe_load(text("compose.yaml"))["services"]
    managers = {name for name in services if name.startswith("taskmanager")}
    pools = {
        service["network_mode"].removeprefix("service:")
        for service in services.values()
        if service.get("network_mode")
    }
    assert len(managers) == 2 and pools == managers


def test_one_slot_and_one_worker_for_each_model():
    flink = yaml.safe_load(text("kubernetes/flink.yaml"))["spec"]
    assert flink["flinkConfiguration"]["taskmanager.numberOfTaskSlots"] == "1"
    pod = flink["taskManager"]["podTemplate"]["spec"]
    worker = next(c for c in pod["containers"] if c["name"] == "worker")
    assert worker["args"] == ["--worker_pool"]
    assert worker["securityContext"]["runAsNonRoot"] is True
    build = yaml.safe_load(text("kubernetes/build.yaml"))["spec"]["template"]["spec"]
    arguments = build["containers"][0]["args"]
    assert f"--parallelism={flink['taskManager']['replicas']}" in arguments
