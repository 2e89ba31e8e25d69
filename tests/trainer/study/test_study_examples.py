"""The studies in examples/studies: each can be planned, and says what it asks, needs and takes."""

import itertools
import re
from pathlib import Path

import pytest

from tandemqa import run
from tests.conftest import ROOT
from trainer.study.study_file import read_study
from trainer.study.study_plan import plan_study

STUDIES = sorted((ROOT / "examples" / "studies").glob("*.yaml"))


def test_there_is_one_for_each_question():
    names = {path.stem for path in STUDIES}
    assert names >= {
        "mono_ratio",
        "model_size",
        "many_languages",
        "miracl",
        "domain",
        "mteb",
        "demo",
        "strong_encoder",
    }


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_it_is_planned_by_a_dry_run(path: Path, tmp_path, capsys):
    assert run(["study", str(path), "--dry-run", "--output", str(tmp_path)]) == 0
    assert "still to do" in capsys.readouterr().out
    assert not list(tmp_path.iterdir()), "a dry run writes nothing"


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_it_says_what_it_asks_needs_and_takes(path: Path, tmp_path):
    comment = re.match(r"(#.*\n)+", path.read_text(encoding="utf-8")).group()
    assert "?" in comment and "# Needs: " in comment and "# Takes: " in comment
    study = read_study(str(path)).model_copy(update={"output": str(tmp_path)})
    trainings = [f for f in plan_study(study).folders.values() if f.run.trained]
    assert int(re.search(r"(\d+) trainings", comment).group(1)) == len(trainings)


def test_many_languages_has_more_than_fifty_in_nested_sets(tmp_path):
    study = read_study(str(ROOT / "examples" / "studies" / "many_languages.yaml"))
    plan = plan_study(study.model_copy(update={"output": str(tmp_path)}))
    sets = {len(c.run.options["languages"]): set(c.run.options["languages"]) for c in plan.cells}
    sizes = sorted(sets)
    assert sizes[0] == 2 and sizes[-1] > 50
    assert all(sets[small] < sets[large] for small, large in itertools.pairwise(sizes))
