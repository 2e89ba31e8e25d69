import errno
from pathlib import Path

import pytest

from pipelines.io import storage
from schemas import files


def test_a_file_appears_whole(tmp_path):
    path = str(tmp_path / "deep" / "file.bin")
    storage.write_bytes(path, b"old")
    storage.write_bytes(path, b"new")
    assert storage.read_bytes(path) == b"new"
    assert [p for p, _ in storage.list_files(str(tmp_path))] == [path]


def test_a_failed_write_leaves_the_old_content_and_no_partial_file(tmp_path, monkeypatch):
    path = str(tmp_path / "file.bin")
    storage.write_bytes(path, b"old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        storage.write_bytes(path, b"new")
    assert storage.read_bytes(path) == b"old"
    assert list(tmp_path.iterdir()) == [Path(path)]


def test_an_absent_folder_lists_nothing(tmp_path):
    assert list(storage.list_files(str(tmp_path / "absent"))) == []


@pytest.mark.parametrize(
    ("path", "folder"),
    [("/a/b", "/a"), ("b", "."), ("s3://bucket/a/b", "s3://bucket/a"), ("gs://b/a/", "gs://b")],
)
def test_parent_of_local_and_remote_paths(path, folder):
    assert storage.parent(path) == folder
