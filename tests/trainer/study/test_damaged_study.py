"""Random damage to the folder of a study: the study ends in a sentence, or repairs itself."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.command import FailedRunError, UsageError
from tests.damage import EXAMPLES, byte_edits, json_edits
from tests.trainer.study.conftest import make_content
from trainer.study.runs import run_study
from trainer.study.study_file import read_study
from trainer.study.study_plan import describe_plan, plan_study


def refuse(*arguments: object) -> int:
    """Stand in for commands: each of them fails at once."""
    return 1


@pytest.fixture(scope="module")
def place(tmp_path_factory, finished_once, corpus, encoder) -> Path:
    """Return a folder with a finished study and its file."""
    folder = tmp_path_factory.mktemp("place")
    shutil.copytree(finished_once, folder / "whole")
    content = make_content(folder / "study", corpus, encoder)
    (folder / "study.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


def conduct(place: Path) -> None:
    """Look at the study and write its results again; only a sentence may come of it."""
    try:
        plan = plan_study(read_study(str(place / "study.yaml")))
        describe_plan(plan)
        run_study(plan, refuse, quiet=True)
    except (UsageError, FailedRunError) as error:
        assert str(error) and "Traceback" not in str(error)


@settings(deadline=None, max_examples=2 * EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_file_of_a_run_is_a_sentence(place, data):
    shutil.rmtree(place / "study", ignore_errors=True)
    shutil.copytree(place / "whole", place / "study")
    files = [
        path
        for path in sorted((place / "study" / "runs").rglob("*"))
        if path.is_file() and "model" not in path.parts and path.suffix != ".txt"
    ]
    files = [path for path in files if path.stat().st_size]
    path = files[data.draw(st.integers(0, len(files) - 1))]
    if path.suffix == ".json" and data.draw(st.booleans()):
        path.write_text(data.draw(json_edits(path.read_text())))
    else:
        path.write_bytes(data.draw(byte_edits(path.read_bytes())))
    conduct(place)


def test_the_whole_study_is_read_without_a_command(place):
    shutil.rmtree(place / "study", ignore_errors=True)
    shutil.copytree(place / "whole", place / "study")
    conduct(place)
    written = json.loads((place / "study" / "results.json").read_text())
    assert len(written["cells"]) == 3  # two mono ratios and the base model
