"""The tutorial is followed to the letter: its blocks are run in the order of the page."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest

from tandemqa import run
from tests.trainer.tiny_encoder import write_encoder

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(sh|python|yaml)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)]+)\)")
ENCODER = "intfloat/multilingual-e5-small"


@pytest.mark.slow
def test_the_tutorial_runs_from_the_csv_to_the_push(apertium, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TANDEMQA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    encoder = write_encoder(tmp_path / "encoder")
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8").replace(ENCODER, encoder)
    for kind, code in BLOCK.findall(text):
        if kind == "python":
            exec(code, {})
        elif kind == "yaml":
            Path("build/tutorial/build.yaml").write_text(code)
        else:
            for line in code.replace("\\\n", " ").splitlines():
                words = shlex.split(line.replace("--steps 40", "--steps 2"))
                assert words[0] == "tandemqa"
                assert run(words[1:]) == 0, line
    told = capsys.readouterr().out
    assert "whole: " in told and "would go to your-name/everyday (private)" in told
    results = json.loads(Path("build/tutorial/results.json").read_text())
    assert results["languages"] == ["ca", "en", "es"]
    assert "base" in json.dumps(results["floors"])


@pytest.mark.parametrize("path", LINK.findall((ROOT / "docs" / "tutorial.md").read_text()))
def test_the_links_of_the_tutorial_lead_somewhere(path):
    assert (ROOT / "docs" / path).exists()
