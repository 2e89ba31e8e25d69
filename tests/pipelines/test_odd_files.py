"""Files with names that are no text, and what is no file: read, or refused in a sentence."""

import json
import os
import re
import socket
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import tandemqa
from pipelines.ingest.source import check_sources, parse_source, source_problems

GOOD = {
    "question": "When was the library opened to the public?",
    "context": "The library was opened to the public in 1887 by the town council.",
}


def make(path: Path, kind: str) -> Path:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.path.relpath(path))  # their names may not be long
    return path


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "socket"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.csv", "a.json"])
@pytest.mark.parametrize("pattern", [False, True])
def test_what_is_no_file_is_refused_before_it_is_opened(tmp_path, monkeypatch, kind, name, pattern):
    monkeypatch.chdir(tmp_path)
    path = make(tmp_path / name, kind)
    (problem,) = source_problems(
        parse_source(f"{tmp_path}/*{path.suffix}" if pattern else str(path))
    )
    assert kind in problem or (kind == "folder" and re.search("directory|no file matches", problem))


@pytest.mark.parametrize("source", ["-", "/dev/zero", "jsonl:/dev/null"])
def test_input_that_does_not_stay_is_refused(source):
    with pytest.raises(ValueError, match="save"):
        check_sources([parse_source(source)])


def test_a_pipe_in_a_collection_is_refused(tmp_path):
    os.mkfifo(tmp_path / "corpus.jsonl")
    (tmp_path / "queries.jsonl").write_text("{}")
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("q\tp\t1\n")
    (problem,) = source_problems(parse_source(f"beir:{tmp_path}"))
    assert "pipe" in problem


@pytest.mark.usefixtures("apertium")
def test_a_build_with_names_and_keys_that_are_no_unicode_is_whole(tmp_path, build):
    lines = [
        json.dumps(GOOD),
        '{"\\ud800key": 1, "prompt": "q"}',
        '{"question": {"\\udfff": 1}, "context": "c"}',
        '{"question": "a question\\u0000", "context": "c", "id": "\\ud800", "split": "\\ud800"}',
        "{bad\0",
    ]
    inputs = tmp_path / "in"
    inputs.mkdir()
    (inputs / os.fsdecode(b"caf\xe9.jsonl")).write_text("\n".join(lines))
    assert build("--input", f"{inputs}/*.jsonl", "--max-failed-share", "1", "--quiet") == 0
    failed = pq.read_table(tmp_path / "corpus" / "quarantine" / "records").to_pylist()
    assert [item["line"] for item in failed] == [2, 3, 5]
    assert {item["source"].rpartition("/")[2] for item in failed} == {"caf\\udce9.jsonl"}
    assert "\\ud800key" in failed[0]["detail"]


def test_an_argument_that_is_no_unicode_is_refused(capsys):
    with pytest.raises(SystemExit) as stopped:
        tandemqa.run(["build", "--input", os.fsdecode(b"caf\xe9.jsonl")])
    assert stopped.value.code == 2
    assert "caf\\udce9.jsonl: its name is not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("cause", [KeyboardInterrupt(), None])
def test_ctrl_c_while_libraries_are_imported_is_no_traceback(monkeypatch, capsys, cause):
    def interrupted(arguments):
        try:
            raise cause or KeyboardInterrupt
        except KeyboardInterrupt as error:
            if cause:
                raise
            raise ImportError("numpy could not be imported") from error

    monkeypatch.setattr(tandemqa, "run", interrupted)
    assert tandemqa.main() == 130
    assert capsys.readouterr().err == "tandemqa: stopped\n"
