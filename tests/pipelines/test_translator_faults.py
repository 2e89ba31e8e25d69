"""A translator that dies, hangs or loses answers costs the rows that it cannot make, no others."""

import json
import sys
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from schemas.manifest import Manifest
from tandemqa import run
from tests.silence import TELL_SILENCE
from translators import apertium_modes

pytestmark = pytest.mark.usefixtures("apertium")

# Stands before Apertium's own programs and passes their messages on, but not when one is bad.
BEFORE = f"""
import os, sys, time
{TELL_SILENCE}
message = b""
while byte := sys.stdin.buffer.read(1):
    message += byte
    if byte != b"\\0":
        continue
    if b"deadly" in message:
        os._exit(1)
    if b"endless" in message:
        tell_silence()
        time.sleep(1000)
    sys.stdout.buffer.write(b"" if b"swallowed" in message else message)
    sys.stdout.buffer.flush()
    if b"swallowed" in message:
        tell_silence()
    message = b""
"""
BAD = ("deadly", "endless", "swallowed")


@pytest.fixture
def put_before_apertium(monkeypatch, tmp_path):
    """Make a program the first of every pipeline of Apertium."""
    commands = apertium_modes.commands

    def put(command: str) -> None:
        monkeypatch.setattr(
            apertium_modes,
            "commands",
            lambda mode, files: (
                f"{command} | {commands(mode, files)[0]}",
                *commands(mode, files)[1:],
            ),
        )

    return put


@pytest.fixture
def source(questions):
    adjectives = [f"number {n}" for n in range(12)]
    return questions(
        *(
            {
                "id": adjective,
                "question": f"Who lives in the house {adjective}?",
                "passage": f"This is the {adjective} house. My old mother lives in the house.",
            }
            for adjective in (*adjectives, *BAD)
        )
    )


def test_rows_that_a_translator_dies_of_are_quarantined_and_the_others_kept(
    tmp_path, build, source, put_before_apertium, silence
):
    script = tmp_path / "before.py"
    script.write_text(BEFORE)
    put_before_apertium(f"{sys.executable} {script}")
    assert build("--input", source, "--quiet") == 0
    corpus = tmp_path / "corpus"
    counts = Manifest.model_validate_json((corpus / "manifest.json").read_text()).counts["es"]
    assert (counts.kept, counts.rejected, counts.failed) == (12, 0, 3)
    quarantined = ds.dataset(corpus / "quarantine/lang=es", format="parquet").to_table()
    reasons = {row["record_id"]: row["reason"] for row in quarantined.to_pylist()}
    assert reasons == {
        "deadly": "translator_crashed",
        "endless": "translator_timeout",
        "swallowed": "translator_timeout",
    }
    assert all("house" in row["source_passage"] for row in quarantined.to_pylist())
    assert run(["verify", str(corpus)]) == 0


def test_what_failed_is_tried_again_when_the_translator_is_mended(
    tmp_path, build, source, put_before_apertium, silence, monkeypatch
):
    script = tmp_path / "before.py"
    script.write_text(BEFORE)
    with monkeypatch.context() as broken:
        commands = apertium_modes.commands
        put_before_apertium(f"{sys.executable} {script}")
        build("--input", source, "--quiet")
        broken.setattr(apertium_modes, "commands", commands)
        assert build("--input", source, "--quiet", "--overwrite") == 0
    manifest = json.loads((tmp_path / "corpus" / "manifest.json").read_text())
    assert manifest["counts"]["es"]["kept"] == 15
    assert manifest["segments"]["es"]["translated"] == 6  # a question and a sentence of each


@pytest.mark.parametrize("command", ["false", "cat > /dev/null"])
def test_a_translator_that_never_works_stops_the_build_with_one_clear_message(
    tmp_path, build, source, put_before_apertium, capsys, command
):
    put_before_apertium(command)
    assert build("--input", source, "--timeout", "1", "--quiet") == 1
    (message,) = capsys.readouterr().err.splitlines()
    assert "Apertium does not work for 'es'" in message
    assert "echo . | apertium eng-spa" in message
    assert "run the same command again" in message
    assert not (tmp_path / "corpus" / "manifest.json").exists()
    assert not list(Path(tmp_path / "memory").rglob("*.parquet"))
