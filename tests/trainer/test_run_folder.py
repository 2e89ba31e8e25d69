"""The folder of a run: new, unfinished, finished, or not ours."""

import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.command import UsageError
from tests.damage import EXAMPLES, json_edits
from trainer.fine_tuning.model_folder import abandon_run, finish_run, is_finished, open_run

RUN = {"settings": {"steps": 3, "batches": {"seed": 0}}, "corpora": ["ab"]}
RECORD = {
    "identity": RUN, "steps": 3, "seconds": 1.5, "training_loss": 0.25, "data_wait_share": 0.0,
    "dev": [{"step": 3, "eval_dev_monolingual_map": 0.5}], "best_step": 3,
}  # fmt: skip


def start(output, run=RUN, resume=False, overwrite=False):
    return open_run(output, run, resume=resume, overwrite=overwrite)


def add_checkpoint(output, step: int, complete: bool = True) -> str:
    folder = output / "checkpoints" / f"checkpoint-{step}"
    folder.mkdir()
    if complete:
        (folder / "complete").touch()
    return str(folder)


def test_a_new_run_starts_from_the_beginning(tmp_path):
    for output in (tmp_path / "new", tmp_path / "empty"):
        state = start(output, resume=True)
        assert (state.record, state.checkpoint) == (None, None)
        assert json.loads((output / "checkpoints" / "run.json").read_text()) == RUN


def test_a_run_killed_before_it_began_is_no_obstacle(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    assert start(tmp_path).checkpoint is None


def test_the_newest_complete_checkpoint_is_resumed_and_others_are_kept(tmp_path):
    start(tmp_path)
    older, newer = add_checkpoint(tmp_path, 9), add_checkpoint(tmp_path, 10)
    half = add_checkpoint(tmp_path, 11, complete=False)
    assert start(tmp_path, resume=True).checkpoint == newer
    names = {path.name for path in (tmp_path / "checkpoints").glob("checkpoint-*")}
    assert names == {"checkpoint-9", "checkpoint-10"}
    assert older != half


def test_an_unfinished_run_is_resumed_only_when_asked_and_with_its_settings(tmp_path):
    start(tmp_path)
    with pytest.raises(UsageError, match="add --resume"):
        start(tmp_path)
    other = {**RUN, "settings": {"steps": 3, "batches": {"seed": 1}}}
    with pytest.raises(UsageError, match=r"settings.batches.seed is 0 there and 1 here"):
        start(tmp_path, other, resume=True)
    with pytest.raises(UsageError, match="corpora"):
        start(tmp_path, {**RUN, "corpora": ["cd"]}, resume=True)
    start(tmp_path, other, overwrite=True)
    assert start(tmp_path, other, resume=True).checkpoint is None


def test_a_finished_run_gives_its_record_and_is_replaced_only_when_asked(tmp_path):
    start(tmp_path)
    add_checkpoint(tmp_path, 3)
    assert not is_finished(str(tmp_path))
    finish_run(tmp_path, RECORD)
    assert is_finished(str(tmp_path))
    assert start(tmp_path).record["steps"] == 3
    assert not (tmp_path / "checkpoints").exists()
    with pytest.raises(UsageError, match="was trained with other settings"):
        start(tmp_path, {**RUN, "corpora": ["cd"]})
    assert start(tmp_path, {**RUN, "corpora": ["cd"]}, overwrite=True).record is None


def test_other_things_are_never_touched(tmp_path):
    (tmp_path / "data.csv").touch()
    for options in ({}, {"resume": True}, {"overwrite": True}):
        with pytest.raises(UsageError, match=r"contains other files \(data.csv\)"):
            start(tmp_path, **options)
    assert (tmp_path / "data.csv").exists()


def test_an_abandoned_run_leaves_nothing(tmp_path):
    start(tmp_path / "new")
    abandon_run(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@settings(deadline=None, max_examples=20 * EXAMPLES)
@given(st.data(), st.sampled_from(["training.json", "checkpoints/run.json"]), st.booleans())
def test_a_damaged_record_is_a_sentence_and_nothing_is_removed(
    tmp_path_factory, data, name, resume
):
    folder = tmp_path_factory.mktemp("run") / "run"
    start(folder)
    add_checkpoint(folder, 3)
    (folder / "training.json").write_text(json.dumps(RECORD))
    edited = data.draw(json_edits((folder / name).read_text()))
    if name != "training.json":
        (folder / "training.json").unlink()
    (folder / name).write_text(edited)
    try:
        state = start(folder, resume=resume)
    except UsageError:
        assert (folder / name).read_text() == edited
        assert (folder / "checkpoints" / "checkpoint-3").is_dir()
    else:
        assert (state.record is None) == (name != "training.json")
    finally:
        shutil.rmtree(folder.parent)
