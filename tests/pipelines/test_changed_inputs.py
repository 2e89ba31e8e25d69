"""A corpus is complete only as long as its inputs are what it was built from."""

import json
import os

import pytest

from pipelines.ingest import inputs
from pipelines.ingest.inputs import changed_inputs, describe_inputs
from pipelines.ingest.source import parse_source
from schemas.manifest import InputEntry, load_manifest
from tandemqa import run

FIRST = {"question": "Who wrote the letter?", "passage": "Ann wrote the letter to her sister."}
OTHER = {"question": "Where is the bridge?", "passage": "The bridge is near the old market."}


@pytest.fixture
def command(tmp_path, questions, apertium):
    """A build of three files, one of them an evaluation set."""
    for name in ("a.jsonl", "b.jsonl"):
        questions({**FIRST, "passage": f"{FIRST['passage']} It was in {name}."}, name=name)
    questions(OTHER, name="benchmark.json")
    return [
        "build",
        *("--input", str(tmp_path / "*.jsonl"), "--languages", "es", "--quiet"),
        *("--exclude", f"bench=jsonl:{tmp_path / 'benchmark.json'}"),
        *("--output", str(tmp_path / "out"), "--memory", str(tmp_path / "memory")),
    ]


def test_changed_added_and_removed_inputs_are_told(command, tmp_path, questions, capsys):
    assert run(command) == 0
    assert run(command) == 0
    assert "complete already" in capsys.readouterr().err
    questions(FIRST, name="a.jsonl")
    (tmp_path / "b.jsonl").unlink()
    questions({**FIRST, "question": "Whose sister?"}, name="c.jsonl")
    with pytest.raises(SystemExit, match="2"):
        run(command)
    error = capsys.readouterr().err
    assert "3 of 4 inputs changed since this corpus was built" in error
    for told in ("a.jsonl,", "b.jsonl (gone)", "c.jsonl (new)", "--overwrite"):
        assert told in error
    assert run([*command, "--overwrite"]) == 0
    assert run(command) == 0


def test_an_evaluation_set_is_an_input_too(command, questions, capsys):
    assert run(command) == 0
    questions(FIRST, name="benchmark.json")
    with pytest.raises(SystemExit, match="2"):
        run(command)
    assert "1 of 3 inputs changed" in capsys.readouterr().err


def test_a_touched_or_restored_input_has_not_changed(command, tmp_path):
    assert run(command) == 0
    os.utime(tmp_path / "a.jsonl", (1, 1))
    assert run(command) == 0


def test_an_edit_that_keeps_size_and_time_is_noticed(command, tmp_path, capsys):
    assert run(command) == 0
    path = tmp_path / "a.jsonl"
    found = path.stat()
    path.write_text(path.read_text().replace("Ann", "Eve"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    with pytest.raises(SystemExit, match="2"):
        run(command)
    assert "a.jsonl" in capsys.readouterr().err


def test_a_corpus_of_an_earlier_version_says_nothing_of_its_inputs(command, tmp_path, questions):
    assert run(command) == 0
    path = tmp_path / "out" / "manifest.json"
    content = json.loads(path.read_text())
    del content["inputs"]
    path.write_text(json.dumps(content))
    assert load_manifest(str(tmp_path / "out")).inputs == []
    questions(OTHER, name="a.jsonl")
    assert run(command) == 0


def test_options_that_an_earlier_version_did_not_have_count_as_unused(command, tmp_path):
    assert run(command) == 0
    path = tmp_path / "out" / "manifest.json"
    content = json.loads(path.read_text())
    for unused in ("align_answers", "model_checks", "language_model"):
        del content["config"][unused]
    content["config"]["retired_option"] = False
    path.write_text(json.dumps(content))
    assert run(command) == 0


def test_a_large_file_is_sampled_and_its_time_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "_HASHED", 64)
    monkeypatch.setattr(inputs, "_BLOCK", 8)
    path = tmp_path / "large.jsonl"
    path.write_bytes(bytes(range(200)))
    os.utime(path, (5, 5))
    source = parse_source(str(path))
    before = describe_inputs([source])
    path.write_bytes(bytes(range(199)) + b"!")
    os.utime(path, (5, 5))
    assert describe_inputs([source]) != before
    path.write_bytes(bytes(range(200)))
    assert describe_inputs([source]) != before
    os.utime(path, (5, 5))
    assert describe_inputs([source]) == before


def test_links_to_files_in_a_folder_are_inputs_and_hidden_files_are_not(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    (tmp_path / "blob").write_text("{}")
    (folder / "train.jsonl").symlink_to(tmp_path / "blob")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "lock").touch()
    (entry,) = describe_inputs([parse_source(f"hf:{folder}")])
    assert entry.path == str(folder / "train.jsonl")
    assert entry.fingerprint.startswith("sha256:")


def test_a_pipe_is_not_read_to_look_at_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.jsonl")
    (entry,) = describe_inputs([parse_source(str(tmp_path / "pipe.jsonl"))])
    assert entry.fingerprint == ""


def test_what_cannot_be_looked_at_counts_as_unchanged():
    old = [InputEntry(path="hf:a/b", fingerprint="commit:1"), InputEntry(path="p", fingerprint="")]
    new = [InputEntry(path="hf:a/b", fingerprint=""), InputEntry(path="p", fingerprint="sha256:2")]
    assert changed_inputs(old, new) == ""
    assert changed_inputs([], new) == ""
    moved = [InputEntry(path="hf:a/b", fingerprint="commit:2"), *old[1:]]
    assert "1 of 2 inputs changed" in changed_inputs(old, moved)
