"""`tandemqa train` on the command line."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from schemas.options import make_options
from tandemqa import run
from tests.conftest import ROOT
from tests.test_architecture import modules_after
from tests.trainer.test_training import assert_same_weights
from trainer.fine_tuning.training_options import TrainOptions

FIELDS = (
    *("--fields", "question=question", "passage=passage", "lang=lang"),
    *("group_id=group", "passage_id=passage_group"),
)


@pytest.fixture
def write_config(tmp_path, run_options):
    def write(name: str = "run", **options: object) -> str:
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump(run_options(name, **options)))
        return str(path)

    return write


def test_the_parser_imports_no_torch():
    loaded = modules_after("import trainer.commands.train, trainer.fine_tuning.training_options")
    assert not loaded & {"torch", "datasets", "numpy", "pyarrow"}


def test_a_model_is_trained_from_flags_and_a_file(write_config, tmp_path, capsys):
    assert run(["train", "--config", write_config(), "--mono-ratio", "1"]) == 0
    record = json.loads((tmp_path / "run" / "training.json").read_text())
    assert record["identity"]["settings"]["batches"]["mono_ratio"] == 1
    assert f"{tmp_path / 'run'}: 10 steps of 8 pairs" in capsys.readouterr().out


def test_a_second_run_says_that_it_is_trained_already(write_config, capsys):
    config = write_config()
    assert run(["train", "--config", config, "--quiet"]) == 0
    assert run(["train", "--config", config]) == 0
    assert "is trained already" in capsys.readouterr().err


def test_corpora_can_be_given_as_arguments(pairs, tmp_path, run_options, capsys):
    model = run_options()["model"]
    arguments = [str(pairs), *FIELDS, "--model", model, "--output", str(tmp_path / "out")]
    assert run(["train", *arguments, "--batch-size", "8", "--steps", "40", "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "162 rows of 54 groups in ca, en, es" in out
    assert "6 groups are held out" in out
    assert "40 batches of 8 pairs, shared by 1 process: 20 mono, 20 mixed" in out
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"steps": 0}, "--steps 0: wanted 1 or more"),
        ({"steps": "many"}, "--steps many: wanted a whole number"),
        ({"steps": [1, 2]}, "--steps [1, 2]: wanted a whole number"),
        ({"steps": 2.5}, "--steps 2.5: wanted a whole number"),
        ({"lora": True}, "--lora True: wanted a whole number"),
        ({"symmetric": "false"}, "--symmetric false: wanted true or false"),
        ({"languages": ["en", False]}, "--languages ['en', False]: wanted names"),
        ({"model": ["a", "b"]}, "--model ['a', 'b']: wanted a text"),
        ({"seed": 2**32}, "--seed 4294967296: wanted 0 to 4294967295"),
        ({"scale": 0}, "--scale 0: wanted more than 0"),
        ({"cached": -1}, "--cached -1: wanted 0 or more"),
        ({"max_length": 0}, "--max-length 0: wanted 1 or more"),
        ({"negatives": 3}, "need 32 different passages, and there are 30; make batches smaller"),
        ({"mono_ratio": 2}, "--mono-ratio 2: wanted 0 to 1"),
        ({"batch_size": 1}, "--batch-size 1: wanted 2 or more"),
        ({"warmup": 1}, "--warmup 1: wanted 0 or more, below 1"),
        ({"pooling": "max"}, "--pooling max: wanted mean, cls or lasttoken"),
        ({"precision": "fp8"}, "--precision fp8: wanted auto, bf16 or fp32"),
        ({"cached": 8}, "--cached 8: wanted less than the --batch-size"),
        ({"corpora": []}, "DIR: wanted one or more"),
        ({"corpora": ["nowhere"]}, "nowhere"),
        ({"model": "/no/such/model/here"}, "cannot be loaded"),
        ({"fields": ["question"]}, "--fields question: wanted FIELD=COLUMN"),
        ({"matryoshka": "a,b"}, "--matryoshka a: wanted a whole number"),
        ({"matryoshka": "64"}, "matryoshka size 64: wanted sizes below the model's 32"),
        ({"languages": "en,xx"}, "no rows in xx"),
        ({"report_to": "paper"}, "report_to paper: unknown; wanted none or any of"),
        ({"report_to": "comet_ml"}, "report_to comet_ml: not installed"),
        ({"bacth_size": 1}, "unknown option bacth_size; did you mean batch_size?"),
        ({"batch_size": 64}, "distinct passages"),
    ],
)
def test_what_cannot_be_trained_is_a_usage_error_and_leaves_nothing_behind(
    write_config, tmp_path, capsys, options, message
):
    with pytest.raises(SystemExit) as stop:
        run(["train", "--config", write_config(**options), "--quiet"])
    assert stop.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_other_things_at_the_output_are_left_alone(write_config, tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.tex").touch()
    for extra in ([], ["--overwrite"], ["--resume"]):
        with pytest.raises(SystemExit):
            run(["train", "--config", write_config(), "--quiet", *extra])
        assert "contains other files (thesis.tex)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_command_is_resumed_to_the_same_weights(write_config, tmp_path):
    """Killed from outside, wherever it is then."""
    whole, killed = write_config("whole", steps=60), write_config("killed", steps=60)
    assert run(["train", "--config", whole, "--quiet"]) == 0
    command = [sys.executable, "-m", "tandemqa", "train", "--config", killed, "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    checkpoints = tmp_path / "killed" / "checkpoints"
    deadline = time.monotonic() + 120
    while not list(checkpoints.glob("checkpoint-*/complete")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "killed" / "training.json").exists()
    assert run(["train", "--config", killed, "--quiet", "--resume"]) == 0
    assert_same_weights(str(tmp_path / "whole"), str(Path(tmp_path / "killed")))


def test_one_language_alone_can_be_trained_and_selected(write_config, capsys):
    config = write_config(languages="es", mono_ratio=1, dev_groups=6)
    assert run(["train", "--config", config]) == 0
    scores = [line.split() for line in capsys.readouterr().out.splitlines() if "saved" in line]
    assert len(scores) == 1
    assert scores[0][2] == "-"


def test_languages_have_one_code_whatever_they_are_called(settings, tmp_path):
    wanted = settings(tmp_path, languages="zh, German,de,tlh").languages
    assert wanted == ("zh-Hans", "de", "tlh")


def read_example(name):
    content = yaml.safe_load((ROOT / "examples" / name).read_text())
    options = {key.replace("-", "_"): value for key, value in content.items()}
    return make_options(TrainOptions, options)


@pytest.mark.parametrize("name", ["train.yaml", "train_7b.yaml"])
def test_the_examples_can_be_used_as_they_are(name):
    settings = read_example(name)
    assert settings.batches.mono_ratio == 0.5
    assert settings.question_prompt.endswith(" ")


def test_the_example_for_strong_encoders_teaches_at_half_of_their_scale():
    settings = read_example("train_strong.yaml")
    assert settings.teaching.teacher == settings.model.model
    assert settings.teaching.teacher_scale == settings.loss.scale / 2


def test_an_output_that_is_a_file_is_refused_and_kept(write_config, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    arguments = ["--output", str(tmp_path / "notes.txt"), "--overwrite"]
    with pytest.raises(SystemExit):
        run(["train", "--config", write_config(), *arguments])
    assert "notes.txt is a file; name a new or empty folder" in capsys.readouterr().err
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_settings_that_tell_runs_apart_are_those_of_earlier_versions():
    """A model trained by an earlier version is resumed or recognised by them."""
    given = {"corpora": "c", "model": "m", "output": "o", "mono_ratio": 1, "languages": "German,en"}
    assert make_options(TrainOptions, given).identity() == {
        "steps": 1000,
        "model": {
            "model": "m",
            "revision": None,
            "trust_remote_code": False,
            "max_length": None,
            "dtype": None,
            "device": None,
        },
        "batches": {
            "batch_size": 64,
            "mono_ratio": 1.0,
            "cross_mode": "mixed",
            "language_temperature": "inf",
            "dataset_temperature": 1.0,
            "seed": 0,
        },
        "loss": {"scale": 20.0, "cached": 0, "symmetric": False, "matryoshka": ()},
        "languages": ("de", "en"),
        "fields": (),
        "pooling": None,
        "question_prompt": None,
        "passage_prompt": None,
        "learning_rate": 3e-5,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "precision": "auto",
        "gradient_checkpointing": False,
        "lora": 0,
        "negatives": 0,
        "dev_groups": 200,
        "save_steps": 100,
    }
