"""The ready studies: each can be planned, and one answers each question the project exists for."""

import itertools
import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tandemqa import run
from tests.conftest import ROOT
from trainer.study.study_file import StudyFile, read_study
from trainer.study.study_plan import StudyPlan, plan_study

FOLDER = ROOT / "examples" / "studies"
STUDIES = sorted(FOLDER.rglob("*.yaml"))
SMALL = sorted((FOLDER / "small").glob("*.yaml"))


class Asked(NamedTuple):
    """What the study of a question must have."""

    axes: dict[str, set[str]]
    benchmarks: set[str]
    measures: set[str]
    baseline: dict[str, str]


QUESTIONS = {
    "batches_by_model_size": Asked(
        {"size": {"7B", "13B"}, "sampling": {"mono", "hybrid", "cross"}},
        {"mteb:MLQARetrieval", "mteb:SciFact", "mteb:XNLI"},
        {"monolingual.ndcg@10", "crosslingual.ndcg@10", "main_score"},
        {"sampling": "hybrid"},
    ),
    "share_of_monolingual_data": Asked(
        {"mono_ratio": {"1", "0.75", "0.5", "0.25", "0"}},
        {"xquad-r", "mteb:SciFact", "mteb:XNLI"},
        {"multilingual.map", "monolingual.map", "monolingual.ndcg@10", "main_score"},
        {"mono_ratio": "1"},
    ),
    "legal_and_medical": Asked(
        {"data": {"with both domains", "general"}, "sampling": {"hybrid", "mono"}},
        {"mteb:CUREv1", "beir"},
        {"crosslingual.mrr@10", "crosslingual.recall@10", "crosslingual.recall@100"},
        {"data": "with both domains", "sampling": "hybrid"},
    ),
    "miracl_by_model_size": Asked(
        {"size": {"0.1B", "0.3B", "0.6B"}, "sampling": {"mono", "hybrid"}},
        {"miracl"},
        {"monolingual.map", "monolingual.ndcg@10", "monolingual.recall@100"},
        {"sampling": "mono"},
    ),
    "number_of_languages": Asked(
        {"languages": {"2", "52"}, "sampling": {"mono", "hybrid", "cross"}},
        {"xquad-r"},
        {"multilingual.map", "crosslingual.map", "monolingual.map"},
        {"sampling": "mono"},
    ),
}


def plan(path: Path, output: Path) -> tuple[StudyFile, StudyPlan]:
    study = read_study(str(path)).model_copy(update={"output": str(output)})
    return study, plan_study(study)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_it_is_planned_by_a_dry_run_and_says_what_it_asks_needs_and_takes(path, tmp_path, capsys):
    assert run(["study", str(path), "--dry-run", "--output", str(tmp_path)]) == 0
    assert "still to do" in capsys.readouterr().out
    assert not list(tmp_path.iterdir()), "a dry run writes nothing"
    comment = re.match(r"(#.*\n)+", path.read_text(encoding="utf-8")).group()
    assert "?" in comment or path in SMALL
    assert "# Needs: " in comment and "# Takes: " in comment
    trainings = [f for f in plan(path, tmp_path)[1].folders.values() if f.run.trained]
    assert int(re.search(r"(\d+) trainings", comment).group(1)) == len(trainings)


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_question_has_a_study_with_its_axes_benchmarks_and_measures(name, tmp_path):
    asked = QUESTIONS[name]
    study, planned = plan(FOLDER / f"{name}.yaml", tmp_path)
    for axis, values in asked.axes.items():
        assert values <= {cell.labels[axis] for cell in planned.cells}, axis
    assert asked.benchmarks <= {options["benchmark"] for options in study.evaluate.values()}
    measures = {measure for of in study.evaluate for measure in study.measures_of(of)}
    assert asked.measures <= measures
    assert planned.baseline == asked.baseline
    assert planned.answer in ({}, {"sampling": "hybrid"})


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_has_a_small_version_that_says_what_stands_in(name, tmp_path):
    large, _ = plan(FOLDER / f"{name}.yaml", tmp_path)
    small, planned = plan(FOLDER / "small" / f"{name}.yaml", tmp_path)
    assert "stand-in" in small.note or "stand in" in small.note
    assert len(planned.folders) <= 10
    assert set(small.vary) <= {*large.vary, "training"}
    for options in small.evaluate.values():
        assert options["data"].startswith("build/small/"), "it needs no network"


def test_large_models_are_trained_through_adapters(tmp_path):
    _, planned = plan(FOLDER / "batches_by_model_size.yaml", tmp_path)
    options = {cell.labels["size"]: cell.run.options for cell in planned.cells}
    assert options["7B"]["lora"] and options["13B"]["lora"]


def test_general_models_stand_beside_those_of_a_domain(tmp_path):
    _, planned = plan(FOLDER / "legal_and_medical.yaml", tmp_path)
    names = {label for cell in planned.untrained for label in cell.labels.values()}
    assert names == {"multilingual-e5-base", "LaBSE", "BGE-M3"}


def test_more_languages_hold_the_fewer_ones(tmp_path):
    _, planned = plan(FOLDER / "number_of_languages.yaml", tmp_path)
    sets = {len(c.run.options["languages"]): set(c.run.options["languages"]) for c in planned.cells}
    sizes = sorted(sets)
    assert sizes[0] == 2 and sizes[-1] > 50
    assert all(sets[small] < sets[large] for small, large in itertools.pairwise(sizes))
