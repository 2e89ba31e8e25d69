"""Doing the runs of a study: resumable run by run, on tiny models."""

import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.errors import UsageError
from schemas.ownership import mark
from tandemqa import run
from tests.user_files import make_user_folder, state
from trainer.study.run_folder import claim
from trainer.study.runs import launch, run_study
from trainer.study.study_file import read_study
from trainer.study.study_plan import describe_plan, plan_study


@pytest.fixture
def plan(write_study):
    return lambda **changes: plan_study(read_study(write_study(**changes)))


def test_a_study_trains_evaluates_and_writes_all_it_promises(plan, in_process, tmp_path):
    done = run_study(plan(vary={"mono_ratio": [1, 0], "seed": [0, 1]}), in_process, quiet=True)
    assert done.failed == () and done.elsewhere == ()
    assert [name for name, _ in in_process.commands].count("train") == 4
    assert [name for name, _ in in_process.commands].count("evaluate") == 5
    study = tmp_path / "study"
    lines = list(csv.DictReader((study / "results.csv").open()))
    assert [(line["mono_ratio"], line["seed"]) for line in lines] == [
        ("1", "0"),
        ("1", "1"),
        ("0", "0"),
        ("0", "1"),
        ("", ""),
    ]
    results = json.loads((study / "results.json").read_text())
    first, second, base = results["cells"]
    assert first["baseline"] and first["against_baseline"] == {}
    pool = second["measures"]["multilingual.map"]
    values = [float(line["multilingual.map"]) for line in lines]
    assert pool["values"] == pytest.approx(values[2:4])
    assert pool["mean"] == pytest.approx(sum(values[2:4]) / 2)
    low, high = pool["interval"]
    assert low <= pool["mean"] <= high
    gain = second["against_baseline"]["multilingual.map"]
    assert gain["values"] == pytest.approx([values[2] - values[0], values[3] - values[1]])
    assert base["cell"] == {"base model": "encoder"} and not base["trained"]
    assert (study / "plots" / "by-held-out-mono_ratio.svg").exists()
    assert "TF-IDF" in done.table and "before training" not in done.table
    assert done.page.exists()


def test_floors_are_measured_once(plan, finished):
    for folder in plan().folders.values():
        results = json.loads(folder.results("held-out").read_text())
        assert set(results["floors"]) == (set() if folder.run.trained else {"tfidf"})


def test_what_is_finished_is_not_done_again(plan, in_process, finished):
    run_study(plan(), in_process, quiet=True)
    assert in_process.commands == []


def test_only_what_is_new_is_done(plan, in_process, content, finished):
    run_study(plan(vary={"mono_ratio": [1, 0.5, 0]}), in_process, quiet=True)
    assert in_process.commands == [("train", "mono_ratio=0.5"), ("evaluate", "mono_ratio=0.5")]
    in_process.commands.clear()
    spanish = {"held-out": {**content["evaluate"]["held-out"], "languages": "es"}}
    run_study(plan(evaluate=spanish), in_process, quiet=True)
    assert [name for name, _ in in_process.commands] == ["evaluate"] * 3


def test_a_run_is_found_whatever_it_was_called(plan, in_process, finished):
    renamed = {"share": {"all mono": {"mono_ratio": 1}, "none": {"mono_ratio": 0}}}
    done = run_study(plan(vary=renamed), in_process, quiet=True)
    assert in_process.commands == []
    assert "share all mono (baseline)" in done.table


def test_a_failed_run_costs_only_itself_and_is_tried_again(plan, in_process):
    in_process.fail_on = ("train", "mono_ratio=1")
    done = run_study(plan(), in_process, quiet=True)
    (sentence,) = done.failed
    assert "exit code 1" in sentence and "CUDA out of memory" in sentence
    assert "mono_ratio 0" in done.table and "mono_ratio 1" not in done.table
    assert "CUDA out of memory" in done.page.read_text()
    in_process.fail_on = None
    in_process.commands.clear()
    assert run_study(plan(), in_process, quiet=True).failed == ()
    assert in_process.commands == [("train", "mono_ratio=1"), ("evaluate", "mono_ratio=1")]


def test_an_evaluation_that_failed_does_not_cost_the_training(plan, in_process, finished):
    study = plan()
    folder = next(f for f in study.folders.values() if f.run.slug == "mono_ratio=0")
    folder.results("held-out").unlink()
    in_process.fail_on = ("evaluate", "mono_ratio=0")
    assert len(run_study(study, in_process, quiet=True).failed) == 1
    in_process.fail_on = None
    in_process.commands.clear()
    run_study(study, in_process, quiet=True)
    assert in_process.commands == [("evaluate", "mono_ratio=0")]


def test_models_that_are_not_kept_leave_their_scores(plan, in_process, content):
    few = {"keep_models": False, "base_models": False, "vary": {"mono_ratio": [1]}}
    study = plan(**few)
    run_study(study, in_process, quiet=True)
    (folder,) = study.folders.values()
    assert folder.is_done() and not folder.model.exists()
    in_process.commands.clear()
    more = {**content["evaluate"], "again": content["evaluate"]["held-out"]}
    run_study(plan(**few, evaluate=more), in_process, quiet=True)
    # It is needed again for the new benchmark, and only that is evaluated.
    assert [name for name, _ in in_process.commands] == ["train", "evaluate"]


def test_a_run_of_another_process_is_left_to_it(plan, in_process, tmp_path):
    mark(tmp_path / "study", "study")  # as that process did
    study = plan(base_models=False)
    first, second = study.folders.values()
    with claim(first) as lock:
        assert lock is not None
        done = run_study(study, in_process, quiet=True)
    assert done.elsewhere == (first.run.name,)
    assert {slug for _, slug in in_process.commands} == {second.run.slug}


def test_a_program_that_was_started_holds_the_lock_when_the_study_is_gone(plan):
    (folder, *_) = plan().folders.values()
    with claim(folder) as lock:
        assert lock is not None
        child = subprocess.Popen(
            [sys.executable, "-c", "import sys; sys.stdin.read()"],
            stdin=subprocess.PIPE,
            pass_fds=[lock],
        )
    with claim(folder) as lock:
        assert lock is None
    child.communicate()
    with claim(folder) as lock:
        assert lock is not None


def test_commands_run_in_a_process_of_their_own_and_leave_a_log(plan):
    (folder, *_) = plan().folders.values()
    with claim(folder) as lock:
        assert lock is not None
        assert launch(["evaluate", "--help"], folder, 1, lock) == 0
        assert launch(["evaluate", "--floor"], folder, 1, lock) == 2
    log = folder.log.read_text()
    assert log.startswith("$ tandemqa evaluate --help\n")
    assert "--floor" in log


def test_the_plan_is_described_with_counts(plan):
    text = describe_plan(plan())
    assert text.count("to do  ") == 3
    assert "2 runs to train and evaluate, 1 untrained model to evaluate; 3 still to do" in text
    assert "encoder: 2 runs, 16 pairs\n" in text
    assert "known once the first run of a model is finished" in text


@pytest.mark.parametrize("key", ["baseline", "answer"])
def test_a_cell_that_is_not_there_is_told_before_anything_is_trained(plan, key):
    with pytest.raises(UsageError, match=rf"{key}\.mono_ratio: 0\.3; wanted one of 1, 0"):
        plan(**{key: {"mono_ratio": 0.3}})


def test_what_training_costs_is_estimated_where_the_length_is_known(plan, content):
    train = {**content["train"], "max_length": 256, "steps": 1_000, "batch_size": 128}
    text = describe_plan(plan(train=train))
    # 2 x 128,000 pairs x 2 texts x 256 tokens x 6 x 1e9 weights / 125e12 a second
    assert "256,000 pairs of at most 131 million tokens: 1 h 45 min on an A100 for each" in text


def test_the_time_left_is_told_by_the_runs_that_are_finished(plan, finished):
    text = describe_plan(plan(vary={"mono_ratio": [1, 0, 0.5]}))
    assert text.count("done   ") == 3
    assert "time left, judging by the finished runs: " in text


def test_a_study_without_its_corpus_is_planned_but_not_begun(plan, in_process, content):
    train = {**content["train"], "corpora": ["nowhere"]}
    study = plan(train=train)
    assert "corpus nowhere does not exist yet" in describe_plan(study)
    with pytest.raises(UsageError, match="no corpus at nowhere"):
        run_study(study, in_process, quiet=True)
    assert in_process.commands == []


def test_a_study_without_the_data_of_a_benchmark_is_not_begun(plan, in_process):
    study = plan(evaluate={"far": {"benchmark": "beir", "data": "/nowhere"}})
    with pytest.raises(UsageError, match=r"evaluate\.far\.data: /nowhere does not exist"):
        run_study(study, in_process, quiet=True)
    assert in_process.commands == []


@pytest.mark.parametrize(
    "names",
    [("results.csv",), ("study.html",), ("results.json",), ("runs/mine/x",), ("plots/a.svg",)],
    ids=lambda names: names[0],
)
def test_a_folder_of_somebody_else_is_refused_and_kept(plan, in_process, tmp_path, names):
    study = make_user_folder(tmp_path / "study", *names)
    before = state(study)
    with pytest.raises(UsageError, match=names[0].partition("/")[0]):
        run_study(plan(), in_process, quiet=True)
    assert state(study) == before
    assert in_process.commands == []


@pytest.mark.parametrize("place", ["plots", "runs"])
def test_links_in_a_study_are_not_followed(plan, in_process, finished, tmp_path, place):
    (finished / place).rename(tmp_path / "elsewhere")
    (finished / place).symlink_to(tmp_path / "elsewhere")
    before = state(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=f"{place} .*links are not followed"):
        run_study(plan(), in_process, quiet=True)
    assert state(tmp_path / "elsewhere") == before


def test_a_study_of_an_earlier_version_is_continued(plan, in_process, finished):
    (finished / ".tandemqa.json").unlink()
    run_study(plan(), in_process, quiet=True)
    assert in_process.commands == []
    for name in (".tandemqa.json", "results.json"):
        (finished / name).unlink()  # stopped in its first run
    with pytest.raises(UsageError, match="run the command again: echo") as refusal:
        run_study(plan(), in_process, quiet=True)
    assert os.system(str(refusal.value).partition("again: ")[2]) == 0
    run_study(plan(), in_process, quiet=True)
    assert in_process.commands == []


def test_files_of_the_user_in_a_study_are_left_alone(plan, in_process, finished):
    model = next(finished.glob("runs/*/model"))
    make_user_folder(finished, "notes.txt", f"{model.relative_to(finished)}/notes.txt")
    run_study(plan(keep_models=False, vary={"mono_ratio": [1, 0, 0.5]}), in_process, quiet=True)
    assert (finished / "notes.txt").exists() and (model / "notes.txt").exists()


def test_an_output_that_is_a_file_is_told(plan, in_process, tmp_path):
    (tmp_path / "study").write_text("precious")
    with pytest.raises(UsageError, match="study is a file"):
        run_study(plan(), in_process, quiet=True)
    assert (tmp_path / "study").read_text() == "precious"


def test_the_command_lists_runs_and_does_nothing(write_study, tmp_path, capsys):
    assert run(["study", write_study(), "--dry-run", "--output", str(tmp_path / "other")]) == 0
    assert "mono_ratio=0-" in capsys.readouterr().out
    assert not (tmp_path / "other").exists()


@pytest.mark.slow
def test_the_command_does_a_study_in_processes_and_goes_on_after_a_kill(
    write_study, tmp_path, capsys
):
    path = write_study(vary={"mono_ratio": [0.5]}, base_models=False)
    killed = subprocess.Popen(
        [sys.executable, "-m", "tandemqa", "study", path], cwd=Path(__file__).parents[3]
    )
    runs = tmp_path / "study" / "runs"
    while not list(runs.glob("*/train.yaml")):
        assert killed.poll() is None
        time.sleep(0.1)
    killed.kill()
    killed.wait()
    (folder,) = plan_study(read_study(path)).folders.values()
    while True:  # the training was not killed: it holds the lock until it is done
        with claim(folder) as lock:
            if lock is not None:
                break
        time.sleep(0.1)
    assert not folder.is_done()
    assert run(["study", path]) == 0
    assert "mono_ratio 0.5 (baseline)" in capsys.readouterr().out
    assert folder.is_done()
