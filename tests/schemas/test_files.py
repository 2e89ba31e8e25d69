import errno
import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from schemas import files


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_whole_and_its_folder_is_made(tmp_path):
    path = tmp_path / "deep" / "file.txt"
    files.write_text(path, "old")
    files.write_text(path, "grüßt")
    assert path.read_bytes() == "grüßt".encode()
    assert names(path.parent) == ["file.txt"]


def test_two_writers_of_one_file_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "file"
    with files.atomic_file(path) as first, files.atomic_file(path) as second:
        assert first != second
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert path.read_bytes() == b"first"  # which was done last
    assert names(tmp_path) == ["file"]


def test_a_full_disk_leaves_the_old_content_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    files.write_bytes(path, b"old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_link_is_replaced_and_what_it_points_to_is_kept(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(precious)
    files.write_text(link, "ours")
    assert precious.read_text() == "mine"
    assert not link.is_symlink()


def test_others_may_read_what_the_umask_lets_them_read(tmp_path):
    path = tmp_path / "file"
    umask = os.umask(0o022)
    try:
        files.write_text(path, "shared")
    finally:
        os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_folder_is_there_whole(tmp_path):
    place = tmp_path / "deep" / "model"
    with files.atomic_folder(place) as partial:
        (partial / "inner").mkdir()
        (partial / "inner" / "weights").write_bytes(b"1")
        assert not place.exists()
    assert (place / "inner" / "weights").read_bytes() == b"1"
    assert names(place.parent) == ["model"]


def test_a_folder_never_replaces_another_one(tmp_path):
    place = tmp_path / "model"
    place.mkdir()
    (place / "precious").touch()
    with pytest.raises(OSError, match="model"), files.atomic_folder(place) as partial:
        (partial / "weights").touch()
    assert names(tmp_path) == ["model"]
    assert names(place) == ["precious"]


def test_json_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "facts.json"
    files.write_json(path, {"name": "Käse", "score": 0.5})
    assert files.read_json(path) == {"name": "Käse", "score": 0.5}
    assert path.read_text(encoding="utf-8").endswith("}\n")


def test_json_has_no_nan_unless_it_is_allowed(tmp_path):
    path = tmp_path / "facts.json"
    with pytest.raises(ValueError, match="JSON compliant"):
        files.write_json(path, {"loss": float("nan")})
    assert names(tmp_path) == []
    files.write_json(path, {"loss": float("inf")}, allow_nan=True)
    assert json.loads(path.read_text()) == {"loss": float("inf")}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[1]", b"[" * 100_000, b'"x"'])
def test_what_is_no_json_object_is_named(tmp_path, content):
    path = tmp_path / "facts.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"facts\.json: "):
        files.read_json(path)


def test_the_digest_is_that_of_the_content(tmp_path):
    path = tmp_path / "file"
    content = b"0123456789" * 300_000
    path.write_bytes(content)
    assert files.file_digest(path) == sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"TANDEMQA_CACHE": "/kept", "XDG_CACHE_HOME": "/xdg"}, "/kept"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/tandemqa"),
        ({"HOME": "/home/us"}, "/home/us/.cache/tandemqa"),
    ],
)
def test_the_cache_is_where_the_environment_says(monkeypatch, variables, folder):
    for name in ("TANDEMQA_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert files.cache_folder() == Path(folder)
