"""Training from settings to the finished folder; killed runs end with the same weights."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer
from transformers import TrainerCallback

from schemas.command import UsageError
from tests.cluster.services import free_port
from tests.conftest import ROOT
from tests.trainer.tiny_encoder import write_encoder
from trainer.fine_tuning.selection import DevPoolEvaluator
from trainer.fine_tuning.training import train


class Stopped(Exception):
    pass


class StopAt(TrainerCallback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.step:
            raise Stopped


def weights(folder: str | Path) -> dict[str, np.ndarray]:
    (path,) = Path(folder).glob("*.safetensors")
    return load_file(path)


def assert_same_weights(one: str, other: str) -> None:
    first, second = weights(one), weights(other)
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert np.array_equal(value, second[name]), name


def test_a_finished_folder_has_the_model_its_settings_and_the_corpus(settings):
    run = settings()
    before = weights(run.model.model)
    record = train(run, quiet=True)
    folder = Path(run.output)
    assert record == json.loads((folder / "training.json").read_text())
    assert record["identity"]["settings"]["batches"]["mono_ratio"] == 0.5
    assert record["identity"]["settings"]["batches"]["language_temperature"] == "inf"
    assert record["corpora"][0]["digest"] == record["identity"]["corpora"][0]
    assert record["steps"] == 10
    assert not (folder / "checkpoints").exists()
    assert not list(folder.rglob("*.bin")) + list(folder.rglob("*.p*t*h"))
    after = weights(folder)
    name = next(name for name in after if name.endswith("query.weight"))
    assert not np.array_equal(before[name], after[name])
    card = (folder / "README.md").read_text()
    assert "50% of the batches monolingual" in card
    assert record["corpora"][0]["digest"] in card
    assert SentenceTransformer(str(folder), device="cpu").encode(["en1"]).shape == (1, 32)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cached": 3, "matryoshka": "16", "teacher": "teacher"},
        {"lora": 4, "gradient_checkpointing": True, "precision": "bf16", "teacher": "teacher"},
        {"negatives": 2, "symmetric": True, "cross_mode": "pair", "workers": 1},
        {"average": 0.5},
    ],
    ids=["plain", "cached-matryoshka-taught", "lora-bf16-taught", "negatives-worker", "average"],
)
def test_a_stopped_run_that_is_resumed_ends_with_the_same_weights(settings, options, tmp_path):
    if "teacher" in options:
        options = {**options, "teacher": write_encoder(tmp_path / "teacher", seed=1)}
    whole = settings("whole", **options)
    train(whole, quiet=True)
    stopped = settings("stopped", **options)
    with pytest.raises(Stopped):
        train(stopped, quiet=True, callbacks=[StopAt(7)])
    assert (Path(stopped.output) / "checkpoints" / "checkpoint-6" / "complete").exists()
    train(stopped, quiet=True, resume=True)
    assert_same_weights(whole.output, stopped.output)


def test_a_model_that_was_trained_on_short_inputs_takes_long_ones(settings):
    run = settings(max_length=8)
    train(run, quiet=True)
    assert SentenceTransformer(run.output, device="cpu").max_seq_length == 32


def test_a_clock_that_was_set_back_costs_no_checkpoint(settings):
    whole, stopped = settings("whole"), settings("stopped")
    train(whole, quiet=True)
    with pytest.raises(Stopped):
        train(stopped, quiet=True, callbacks=[StopAt(5)])
    checkpoints = Path(stopped.output) / "checkpoints"
    for folder in checkpoints.glob("checkpoint-*"):
        later = time.time() + 1000 * int(folder.name.partition("-")[2])
        os.utime(folder, (later, later))
    with pytest.raises(Stopped):
        train(stopped, quiet=True, resume=True, callbacks=[StopAt(9)])
    names = {path.name for path in checkpoints.glob("checkpoint-*") if (path / "complete").exists()}
    assert names == {"checkpoint-6", "checkpoint-8"}
    train(stopped, quiet=True, resume=True)
    assert_same_weights(whole.output, stopped.output)


def test_a_checkpoint_that_was_half_saved_is_not_resumed_from(settings):
    whole, stopped = settings("whole"), settings("stopped")
    train(whole, quiet=True)
    with pytest.raises(Stopped):
        train(stopped, quiet=True, callbacks=[StopAt(7)])
    newest = Path(stopped.output) / "checkpoints" / "checkpoint-6"
    (newest / "complete").unlink()
    (newest / "optimizer.pt").write_bytes(b"half")
    train(stopped, quiet=True, resume=True)
    assert_same_weights(whole.output, stopped.output)


def test_a_run_killed_while_the_model_is_saved_is_finished_by_resuming(settings, monkeypatch):
    whole, killed = settings("whole", average=0.5), settings("killed", average=0.5)
    train(whole, quiet=True)
    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(
            "trainer.fine_tuning.training.finish_run", lambda *_: (_ for _ in ()).throw(Stopped)
        )
        train(killed, quiet=True)
    with pytest.raises(UsageError, match="unfinished run; add --resume"):
        train(killed, quiet=True)
    train(killed, quiet=True, resume=True)
    assert_same_weights(whole.output, killed.output)


def test_a_finished_run_is_not_trained_again_and_another_one_is_refused(settings):
    run = settings()
    record = train(run, quiet=True)
    stamp = (Path(run.output) / "model.safetensors").stat().st_mtime_ns
    assert train(run, quiet=True) == record
    assert (Path(run.output) / "model.safetensors").stat().st_mtime_ns == stamp
    other = settings(mono_ratio=1.0)
    with pytest.raises(UsageError, match=r"mono_ratio is 0.5 there and 1.0 here"):
        train(other, quiet=True)
    train(other, quiet=True, overwrite=True)


def test_an_unfinished_run_is_not_resumed_with_other_settings(settings):
    with pytest.raises(Stopped):
        train(settings(), quiet=True, callbacks=[StopAt(3)])
    with pytest.raises(UsageError, match=r"settings.steps is 10 there and 12 here"):
        train(settings(steps=12), quiet=True, resume=True)


def test_prompts_are_trained_with_and_saved_with_the_model(settings):
    run = settings(question_prompt="en1 ", passage_prompt="en2 ")
    train(run, quiet=True)
    model = SentenceTransformer(run.output, device="cpu")
    assert model.prompts == {"query": "en1 ", "document": "en2 "}
    plain = settings("plain")
    train(plain, quiet=True)
    assert any(
        not np.array_equal(value, weights(plain.output)[name])
        for name, value in weights(run.output).items()
    )


def test_pooling_can_be_chosen(settings):
    run = settings(pooling="cls")
    train(run, quiet=True)
    assert SentenceTransformer(run.output, device="cpu")[1].pooling_mode == "cls"


def launch(options: Path, kill_at: int | None = None) -> list[int]:
    """Train in two processes that talk through gloo; return their exit codes."""
    port = free_port()
    script = str(ROOT / "tests" / "trainer" / "run_training.py")
    command = [sys.executable, script, str(options), *([str(kill_at)] if kill_at else [])]
    processes = []
    for rank in range(2):
        environment = {
            **os.environ,
            **{"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"},
            **{"MASTER_ADDR": "localhost", "MASTER_PORT": str(port)},
            **{"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        }
        processes.append(
            subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
        )
    told = [process.communicate()[1] for process in processes]
    codes = [process.returncode for process in processes]
    if kill_at is None:
        assert codes == [0, 0], [errors[-3000:] for errors in told]
    return codes


@pytest.fixture
def write_options(tmp_path, run_options):
    def write(output: str, **options: object) -> Path:
        path = tmp_path / f"{output}.json"
        path.write_text(json.dumps(run_options(output, **options)))
        return path

    return write


@pytest.mark.slow
def test_two_processes_killed_and_resumed_end_with_the_same_weights(write_options, tmp_path):
    launch(write_options("whole"))
    killed = write_options("killed")
    assert all(launch(killed, kill_at=7))
    assert not (tmp_path / "killed" / "training.json").exists()
    assert list((tmp_path / "killed" / "checkpoints").glob("checkpoint-*"))
    launch(killed)
    assert_same_weights(str(tmp_path / "whole"), str(tmp_path / "killed"))


@pytest.mark.slow
def test_two_processes_train_on_the_same_global_batches_as_one(write_options, settings, tmp_path):
    encoder = write_encoder(tmp_path / "without-dropout", dropout=0.0)
    options = {"model": encoder, "teacher": write_encoder(tmp_path / "teacher", seed=1)}
    launch(write_options("two", **options))
    train(settings("one", **options), quiet=True)
    one, two = weights(tmp_path / "one"), weights(tmp_path / "two")
    before = weights(encoder)
    moved = max(np.abs(one[name] - before[name]).max() for name in one)
    apart = max(np.abs(one[name] - two[name]).max() for name in one)
    assert moved > 1e-4
    assert apart < moved / 100


def test_the_best_checkpoint_is_chosen_on_held_out_groups(settings):
    run = settings(dev_groups=6, steps=12, save_steps=4, learning_rate=0.01)
    record = train(run, quiet=True)
    assert [scores["step"] for scores in record["dev"]] == [4, 8, 12]
    best = max(record["dev"], key=lambda scores: scores["eval_dev_multilingual_map"])
    assert record["best_step"] == best["step"]
    assert {"eval_dev_monolingual_map", "eval_dev_crosslingual_map"} < set(best)
    assert f"step {best['step']} was the best" in (Path(run.output) / "README.md").read_text()


class WorseAndWorse(DevPoolEvaluator):
    calls = 0

    def __call__(self, *args: object, **kwargs: object) -> dict[str, float]:
        type(self).calls += 1
        return {self.primary_metric: 1 / self.calls, "dev_monolingual_map": 0.0}


def test_the_weights_of_the_best_checkpoint_are_saved(settings, monkeypatch):
    monkeypatch.setattr("trainer.fine_tuning.training.DevPoolEvaluator", WorseAndWorse)
    chosen = settings("chosen", dev_groups=6, steps=8, save_steps=4)
    assert train(chosen, quiet=True)["best_step"] == 4
    seen: dict[int, str] = {}

    class Keep(TrainerCallback):
        def on_save(self, args, state, control, **kwargs):
            source = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            seen[state.global_step] = shutil.copytree(source, f"{again.output}-{source.name}")

    again = settings("again", dev_groups=6, steps=8, save_steps=4)
    train(again, quiet=True, callbacks=[Keep()])
    assert_same_weights(chosen.output, seen[4])
    with pytest.raises(AssertionError):
        assert_same_weights(chosen.output, seen[8])


class BetterAndBetter(WorseAndWorse):
    def __call__(self, *args: object, **kwargs: object) -> dict[str, float]:
        scores = super().__call__()
        return {**scores, self.primary_metric: -scores[self.primary_metric]}


def test_the_last_step_is_scored_and_saved_wherever_it_falls(settings, monkeypatch):
    monkeypatch.setattr("trainer.fine_tuning.training.DevPoolEvaluator", BetterAndBetter)
    record = train(settings(dev_groups=6, steps=10, save_steps=4), quiet=True)
    assert [scores["step"] for scores in record["dev"]] == [4, 8, 10]
    assert record["best_step"] == 10


def test_a_moved_run_is_resumed_from_where_it_is_now(settings):
    options = {"dev_groups": 6, "learning_rate": 0.01}
    whole, stopped = settings("whole", **options), settings("before", **options)
    train(whole, quiet=True)
    with pytest.raises(Stopped):
        train(stopped, quiet=True, callbacks=[StopAt(7)])
    moved = settings("after", **options)
    Path(stopped.output).rename(moved.output)
    train(moved, quiet=True, resume=True)
    assert_same_weights(whole.output, moved.output)


def test_a_run_with_a_dev_pool_is_resumed_to_the_same_weights(settings):
    options = {"dev_groups": 6, "learning_rate": 0.01, "average": 0.5}
    whole, stopped = settings("whole", **options), settings("stopped", **options)
    record = train(whole, quiet=True)
    with pytest.raises(Stopped):
        train(stopped, quiet=True, callbacks=[StopAt(7)])
    assert train(stopped, quiet=True, resume=True)["best_step"] == record["best_step"]
    assert_same_weights(whole.output, stopped.output)
