"""A manifest that somebody else wrote: whatever is wrong in it is one sentence."""

import copy
import json
import os
from pathlib import Path

import pytest

from schemas.corpus_layout import file_path
from schemas.manifest import MOST_BYTES, ManifestError, load_manifest

SHA = "0" * 64
ENTRY = {
    "path": "data/train/lang=es/part-00000-of-00002.parquet",
    "kind": "row", "split": "train", "lang": "es", "rows": 3, "size": 10, "sha256": SHA,
}  # fmt: skip
VALID = {
    "schema_version": "1",
    "tandemqa_version": "0",
    "created": "2026-01-01T00:00:00Z",
    "seconds": 1.5,
    "config": {"sources": [{"dataset": "rivers", "license": "", "path": "q.jsonl"}]},
    "languages": ["en", "es"],
    "shards": 2,
    "source": {"read": 3, "groups": 3},
    "counts": {"en": {"kept": 3}, "es": {"kept": 3, "reasons": {"empty": 0}}},
    "segments": {"es": {"distinct": 9}},
    "translators": {},
    "calibration": {"es": {"question": {"median": 0, "mad": 0, "rows": 3, "origin": "run"}}},
    "files": [ENTRY],
    "versions": {"python": "3.11"},
}


def load(folder: Path, content: object):
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    return load_manifest(str(folder))


def fault(folder: Path, content: object) -> str:
    with pytest.raises(ManifestError) as caught:
        load(folder, content)
    return str(caught.value)


def changed(path: str, value: object) -> dict:
    """Return the valid manifest with another value at `a/b/0`."""
    content = copy.deepcopy(VALID)
    *parts, last = path.split("/")
    place = content
    for part in parts:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[int(last) if isinstance(place, list) else last] = value
    return content


def test_a_valid_manifest_is_read(tmp_path):
    assert load(tmp_path, VALID).files[0].part == (0, 2)


@pytest.mark.parametrize(
    "path",
    [
        "../../victim.parquet",
        "/etc/passwd",
        "L/../../payload",
        "data/train/lang=es/../lang=es/part-00000-of-00002.parquet",
        "data/train/lang=es/part-00000-of-00002.parquet\n",
        "data/train/lang=es/part-00000-of-00002.parquet\0",
        "data/train/lang=es/part-0-of-2.parquet",
        "data/train/lang=es/part-٠٠٠٠٠-of-٠٠٠٠٢.parquet",
        "data/train//lang=es/part-00000-of-00002.parquet",
        "data/train/lang=es/part-00002-of-00002.parquet",
        "data/train/lang=es/part-00000-of-00003.parquet",
        "",
    ],
)
def test_a_path_that_no_build_makes_is_refused(tmp_path, path):
    assert "files" in fault(tmp_path, changed("files/0/path", path))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "quarantine"),
        ("kind", "secret"),
        ("split", "validation"),
        ("split", "../../victim/x"),
        ("split", ""),
        ("lang", "ca"),
        ("lang", "../x"),
        ("rows", -1),
        ("rows", 2.0),
        ("rows", True),
        ("rows", 10**30),
        ("size", "10"),
        ("sha256", "x"),
    ],
)
def test_an_entry_must_agree_with_its_path_and_be_of_the_right_kind(tmp_path, field, value):
    assert "files" in fault(tmp_path, changed(f"files/0/{field}", value))


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("shards", 0, "shards"),
        ("shards", 10**9, "shards"),
        ("seconds", float("nan"), "seconds"),
        ("seconds", -1, "seconds"),
        ("seconds", float("inf"), "seconds"),
        ("created", "yesterday", "created"),
        ("languages", ["es"], "en, the source language, is missing"),
        ("languages", ["en", "es", "es"], "es is there twice"),
        ("languages", ["en", "es", "tlh"], "'tlh' is not in the language table"),
        ("languages", ["en", "es", "ca"], "counts: none for ca"),
        ("counts", {}, "counts: none for en"),
        ("counts/es", None, "counts.es"),
        ("counts/es/kept", -1, "counts.es.kept"),
        ("counts/es/reasons", {"empty": 1.5}, "counts.es.reasons.empty"),
        ("segments", {"ca": {}}, "segments: ca is not among the languages"),
        ("source/read", "3", "source.read"),
        ("calibration/es/question/median", 1e9, "calibration.es.question.median"),
        ("config", [], "config"),
        ("config", {"sources": "all"}, "sources"),
        ("config", {"sources": [3]}, "sources.0"),
        ("config", {"sources": [{"dataset": {}}]}, "sources.0.dataset"),
        ("config", {"model_checks": [{}]}, "model_checks.0.name"),
        ("config", {"language_model": 3}, "language_model"),
        ("config", {"max_rejected_share": "many"}, "max_rejected_share"),
        ("config", {"packet_size": float("nan")}, "config"),
        ("config", {"packet_size": 10**400}, "config"),
        ("config", {"a": json.loads("[" * 50 + "]" * 50)}, "nested deeper"),
        ("versions", {"python": 3}, "versions.python"),
        ("files", [ENTRY, ENTRY], "is there twice"),
        ("files", {}, "files"),
        ("translators", {"es": {}}, "translators.es"),
    ],
)
def test_a_value_that_commands_cannot_use_is_named(tmp_path, path, value, named):
    told = fault(tmp_path, changed(path, value))
    assert "manifest.json: not a manifest" in told and named in told
    assert "\n" not in told


def test_another_version_is_told_before_anything_else(tmp_path):
    told = fault(tmp_path, {"schema_version": "2", "parts": []})
    assert "schema version 2, this version of tandemqa reads 1" in told


@pytest.mark.parametrize(
    "content", ["", "[]", "null", "{", "3", '{"schema_version": 1}', "[" * 9999]
)
def test_what_is_no_manifest_at_all_is_told(tmp_path, content):
    assert "not a manifest" in fault(tmp_path, content)


def test_bytes_that_are_not_text_are_told(tmp_path):
    (tmp_path / "manifest.json").write_bytes(json.dumps(VALID).encode().replace(b"rivers", b"\xff"))
    with pytest.raises(ManifestError, match="not a manifest"):
        load_manifest(str(tmp_path))


def test_a_link_a_pipe_and_a_huge_file_are_not_read(tmp_path):
    path = tmp_path / "manifest.json"
    (tmp_path / "real.json").write_text(json.dumps(VALID))
    path.symlink_to("real.json")
    with pytest.raises(ManifestError, match="links are not followed"):
        load_manifest(str(tmp_path))
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ManifestError, match="not a regular file"):
        load_manifest(str(tmp_path))
    path.unlink()
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(ManifestError, match="more than the 67,108,864 it may have"):
        load_manifest(str(tmp_path))


def test_a_folder_without_a_manifest_is_no_corpus(tmp_path):
    with pytest.raises(ManifestError, match="no finished corpus"):
        load_manifest(str(tmp_path))
    with pytest.raises(ManifestError, match="no finished corpus"):
        load_manifest(str(tmp_path / "nothing"))
    (tmp_path / "file").touch()
    with pytest.raises(ManifestError, match="cannot read"):
        load_manifest(str(tmp_path / "file"))


@pytest.mark.parametrize(
    "place",
    [
        ("row", "../x", "es", 0, 1),
        ("row", "train", "../x", 0, 1),
        ("row", "", "es", 0, 1),
        ("quarantine", "", "", 0, 1),
        ("quarantine", "train", "es", 0, 1),
        ("failed_record", "", "es", 0, 1),
        ("row", "train", "es", 1, 1),
        ("other", "train", "es", 0, 1),
    ],
)
def test_no_path_is_made_from_what_is_no_split_or_language(place):
    with pytest.raises(ValueError, match=r"kind|split|lang|shard"):
        file_path(place)
