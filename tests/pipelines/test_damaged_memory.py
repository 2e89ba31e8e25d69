"""A build with a damaged memory: what is broken is named, translated again and replaced."""

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from schemas.manifest import load_manifest

pytestmark = pytest.mark.usefixtures("apertium")

RECORDS = [
    {"question": f"When was the {name} opened?", "context": f"The {name} was opened in 18{n}7."}
    for n, name in enumerate(["library", "market", "old bridge", "school", "town hall"])
]


@pytest.fixture
def finished(tmp_path, build, questions):
    """Return a function that builds the corpus anew; the first time with an empty memory."""
    source = questions(*RECORDS)

    def again():
        assert build("--input", source, "--overwrite", "--packet-size", "2", "--quiet") == 0
        return load_manifest(str(tmp_path / "corpus"))

    again()
    return again


def packets(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "memory").rglob("*.parquet"))


def shards(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tmp_path / "corpus").rglob("*.parquet")}


def test_a_broken_packet_is_named_translated_again_and_replaced(tmp_path, finished, caplog):
    before, shards_before = packets(tmp_path), shards(tmp_path)
    contents = [path.read_bytes() for path in before]
    assert len(before) >= 3
    before[0].write_bytes(contents[0][:-100])
    before[1].write_bytes(bytes(len(contents[1])))
    before[2].write_bytes(b"")
    manifest = finished()
    assert manifest.broken_packets == sorted(map(str, before[:3]))
    assert all(str(path) in caplog.text for path in before[:3])
    assert 0 < manifest.segments["es"].translated < manifest.segments["es"].distinct
    assert shards(tmp_path) == shards_before
    assert [path.read_bytes() for path in before] == contents
    manifest = finished()
    assert manifest.broken_packets == []
    assert manifest.segments["es"].translated == 0


def test_what_others_put_into_the_memory_is_left_as_it_is(tmp_path, finished):
    folder = packets(tmp_path)[0].parent
    shards_before = shards(tmp_path)
    (folder / "mine.parquet").write_bytes(b"my precious table")
    (folder / "notes.txt").write_text("notes")
    (folder / "link.parquet").symlink_to("/dev/zero")
    (folder / "sub.parquet").mkdir()
    os.mkfifo(folder / "pipe.parquet")
    manifest = finished()
    assert manifest.broken_packets == [str(folder / "mine.parquet")]
    assert manifest.segments["es"].translated == 0
    assert shards(tmp_path) == shards_before
    assert (folder / "mine.parquet").read_bytes() == b"my precious table"


def test_a_memory_of_the_earlier_version_is_used_as_it_is(tmp_path, finished):
    version_1 = {"tandemqa.schema_version": "1", "tandemqa.kind": "memory"}
    for path in packets(tmp_path):
        pq.write_table(pq.read_table(path).replace_schema_metadata(version_1), path)
    shards_before = shards(tmp_path)
    manifest = finished()
    assert manifest.segments["es"].translated == 0
    assert manifest.broken_packets == []
    assert shards(tmp_path) == shards_before
