"""A build that is killed, stopped or out of disk goes on where it was, to the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.manifest import Manifest

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / "examples" / "demo.yaml")

pytestmark = pytest.mark.usefixtures("apertium")


def command(folder: Path, *arguments: str) -> list[str]:
    return [
        *(sys.executable, "-m", "tandemqa", "build", "--config", CONFIG, "--languages", "es"),
        *("--output", str(folder / "corpus"), "--memory", str(folder / "memory")),
        *("--packet-size", "25", "--quiet", *arguments),
    ]


def packets(folder: Path) -> set[str]:
    return {path.name for path in (folder / "memory").rglob("*.parquet")}


def shards(folder: Path) -> dict[str, bytes]:
    corpus = folder / "corpus"
    return {str(path.relative_to(corpus)): path.read_bytes() for path in corpus.rglob("*.parquet")}


def start_and_stop(folder: Path, stop: signal.Signals, finished: int) -> tuple[int, str]:
    """Start a build, send a signal when so many packets are finished; return code and errors."""
    process = subprocess.Popen(
        command(folder), cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while len(packets(folder)) < finished and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(stop)
    errors = process.communicate()[1]
    return process.returncode, errors


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    subprocess.run(command(folder), cwd=ROOT, check=True)
    return folder


def test_a_build_killed_three_times_ends_in_the_same_bytes(tmp_path, undisturbed):
    for finished in (3, 10, 20):
        code, _ = start_and_stop(tmp_path, signal.SIGKILL, finished)
        assert code == -signal.SIGKILL
        assert not (tmp_path / "corpus" / "manifest.json").exists()
    saved = packets(tmp_path)
    subprocess.run(command(tmp_path), cwd=ROOT, check=True)
    assert shards(tmp_path) == shards(undisturbed)
    assert packets(tmp_path) == packets(undisturbed)
    manifest = Manifest.model_validate_json((tmp_path / "corpus" / "manifest.json").read_text())
    counts = manifest.segments["es"]
    assert counts.remembered + counts.translated == counts.distinct
    assert counts.remembered >= len(saved) * 10


def test_interrupting_a_build_stops_it_cleanly_and_says_how_to_go_on(tmp_path, undisturbed):
    code, errors = start_and_stop(tmp_path, signal.SIGINT, 3)
    assert code == 1
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert not list((tmp_path / "memory").rglob("*.partial"))
    subprocess.run(command(tmp_path), cwd=ROOT, check=True)
    assert shards(tmp_path) == shards(undisturbed)


def test_two_builds_at_once_share_a_memory_and_make_the_same_bytes(tmp_path, undisturbed):
    shared = ("--memory", str(tmp_path / "memory"))
    both = [subprocess.Popen(command(tmp_path / name, *shared), cwd=ROOT) for name in ("a", "b")]
    assert [process.wait() for process in both] == [0, 0]
    assert shards(tmp_path / "a") == shards(tmp_path / "b") == shards(undisturbed)
    assert packets(tmp_path) == packets(undisturbed)
    assert not list((tmp_path / "memory").rglob("*.partial"))


def test_a_full_disk_is_one_clear_message_and_nothing_finished_is_lost(tmp_path, undisturbed):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small tmpfs cannot be mounted here (needs root)")
    try:
        done = subprocess.run(command(disk), cwd=ROOT, stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1
        assert "No space left on device" in done.stderr
        assert "run the same command again" in done.stderr
        assert "Traceback" not in done.stderr
        assert not (disk / "corpus" / "manifest.json").exists()
        saved = packets(disk)
        assert saved and saved <= packets(undisturbed)
        shutil.copytree(disk / "memory", tmp_path / "memory")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    subprocess.run(command(tmp_path), cwd=ROOT, check=True)
    assert shards(tmp_path) == shards(undisturbed)
