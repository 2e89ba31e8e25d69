"""The folder of a run: new, unfinished, finished, or not ours."""

import json
import re
import shutil
from contextlib import suppress
from functools import partialmethod
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import FailedRunError, UsageError
from tests.damage import EXAMPLES, json_edits
from tests.user_files import make_user_folder, state
from trainer.fine_tuning.model_files import (
    complete_checkpoint,
    remove_model,
    remove_old_checkpoints,
    save_model,
)
from trainer.fine_tuning.model_folder import abandon_run, finish_run, is_finished, open_run

RUN = {"settings": {"steps": 3, "batches": {"seed": 0}}, "corpora": ["ab"]}
RECORD = {
    "identity": RUN, "steps": 3, "seconds": 1.5, "training_loss": 0.25, "data_wait_share": 0.0,
    "dev": [{"step": 3, "eval_dev_monolingual_map": 0.5}], "best_step": 3,
}  # fmt: skip

OPTIONS = pytest.mark.parametrize(
    "options", [{}, {"resume": True}, {"overwrite": True}], ids=["", "resume", "overwrite"]
)


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


@pytest.mark.parametrize(
    ("best", "kept"), [(None, {9, 10}), (3, {3, 10}), (9, {9, 10}), (10, {9, 10}), (4, {9, 10})]
)
def test_the_newest_checkpoint_and_the_best_are_kept(tmp_path, best, kept):
    start(tmp_path)
    for step in (3, 9, 10, 8):
        add_checkpoint(tmp_path, step)
    make_user_folder(tmp_path, "checkpoints/checkpoint-3-mine/x")
    remove_old_checkpoints(tmp_path / "checkpoints", best)
    names = {path.name for path in (tmp_path / "checkpoints").glob("checkpoint-*")}
    assert names == {"checkpoint-3-mine", *(f"checkpoint-{step}" for step in kept)}


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


def save(output, files):
    def write(folder):
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)

    save_model(output, write)


MODEL = {"config.json": "{}", "model.safetensors": "weights", "1_Pooling/config.json": "{}"}
MODEL_WITH_CARD = {**MODEL, "README.md": "# Model"}


@pytest.fixture
def finished(tmp_path):
    """A finished model of this version."""
    output = tmp_path / "model"
    start(output)
    add_checkpoint(output, 3)
    save(output, MODEL_WITH_CARD)
    finish_run(output, RECORD)
    return output


@OPTIONS
@pytest.mark.parametrize(
    "names",
    [
        ("training.json", "thesis.csv"),
        ("checkpoints/best.pt",),
        ("checkpoints/checkpoint-5/model.pt",),
        ("checkpoints/run.json",),
        ("logs/experiment.txt",),
        ("README.md",),
        ("config.json", "model.safetensors"),
    ],
    ids=lambda names: names[0],
)
def test_a_folder_of_somebody_else_is_refused_and_kept(tmp_path, names, options):
    user = make_user_folder(tmp_path / "user", *names)
    before = state(user)
    with pytest.raises(UsageError, match=re.escape(names[0])):
        start(user, **options)
    assert state(user) == before


@OPTIONS
@pytest.mark.parametrize("content", ["{}", "[]", "not JSON", '{"identity": {}}', '{"epoch": 3}'])
@pytest.mark.parametrize("name", ["training.json", "checkpoints/run.json"])
def test_a_record_of_another_program_is_named(tmp_path, name, content, options):
    user = make_user_folder(tmp_path / "user", name)
    (user / name).write_text(content)
    before = state(user)
    with pytest.raises(UsageError, match=re.escape(name)):
        start(user, **options)
    assert state(user) == before


def test_overwriting_a_model_removes_what_we_wrote_and_nothing_else(finished):
    make_user_folder(finished, "notes.txt", "plots/curve.csv", "logs/mine.txt", "1_Pooling/x.txt")
    make_user_folder(finished, "logs/events.out.tfevents.1.host.2.0")
    mine = {name for name in state(finished) if name.endswith((".txt", ".csv"))}
    start(finished, overwrite=True)
    save(finished, {"model.safetensors": "new"})
    finish_run(finished, RECORD)
    folders = {"plots", "logs", "1_Pooling"}
    ours = {"model.safetensors", "training.json", ".tandemqa.json"}
    assert set(state(finished)) == {*mine, *folders, *ours}
    assert (finished / "model.safetensors").read_text() == "new"


def test_a_model_stays_until_the_one_that_replaces_it_is_saved(finished):
    other = {**RUN, "corpora": ["cd"]}
    before = {name: what for name, what in state(finished).items() if name != ".tandemqa.json"}
    assert start(finished, other, overwrite=True).record is None
    checkpoint = add_checkpoint(finished, 3)
    assert before.items() <= state(finished).items()
    assert not is_finished(str(finished))
    assert start(finished).record == RECORD  # the old one is asked for: the new run is left alone
    with pytest.raises(UsageError, match="unfinished run; add --resume"):
        start(finished, other)
    with pytest.raises(UsageError, match="trained with other settings"):
        start(finished, {**RUN, "corpora": ["ef"]}, resume=True)
    assert start(finished, other, resume=True).checkpoint == checkpoint
    save(finished, {"model.safetensors": "new"})
    finish_run(finished, {**RECORD, "identity": other})
    assert start(finished, other).record["identity"] == other
    assert not (finished / "config.json").exists()


def test_a_model_that_cannot_be_replaced_after_all_stays(finished):
    before = state(finished)
    start(finished, {**RUN, "corpora": ["cd"]}, overwrite=True)
    abandon_run(finished)
    assert state(finished) == before


def test_a_killed_replacement_never_leaves_a_record_beside_other_files(tmp_path, monkeypatch):
    other = {**RUN, "corpora": ["cd"]}
    new = {"model.safetensors": "new", "new.safetensors": "new"}
    for killed_at in range(12):
        output = tmp_path / str(killed_at)
        start(output)
        save(output, MODEL_WITH_CARD)
        finish_run(output, RECORD)
        start(output, other, overwrite=True)
        kill_save(output, new, killed_at, monkeypatch)
        if (output / "training.json").exists():
            found = {name: (output / name).read_text() for name in MODEL_WITH_CARD}
            assert found == MODEL_WITH_CARD
        assert start(output, other, resume=True).record is None
        save(output, new)
        finish_run(output, {**RECORD, "identity": other})
        left = {*new, "training.json", ".tandemqa.json"}
        assert set(state(output)) == left


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_is_used(tmp_path, capsys):
    start(tmp_path)
    folders = [Path(add_checkpoint(tmp_path, step)) for step in (2, 4, 6, 8)]
    for folder in folders:
        (folder / "model.safetensors").write_text("weights")
        (folder / "optimizer.pt").write_text("state")
        complete_checkpoint(folder)
    (folders[3] / "model.safetensors").write_text("weightS")
    (folders[2] / "optimizer.pt").unlink()
    assert start(tmp_path, resume=True).checkpoint == str(folders[1])
    told = capsys.readouterr().err.splitlines()
    assert [line.partition("damaged, ")[2] for line in told] == [
        "model.safetensors is not what was written; training goes on from before it",
        "optimizer.pt is missing; training goes on from before it",
    ]
    for folder in folders[:2]:
        (folder / "complete").write_text("{")
    assert start(tmp_path, resume=True).checkpoint is None
    assert "cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["README.md", "config.json", "1_Pooling/config.json"])
def test_an_edited_file_of_a_model_is_not_removed(finished, name):
    (finished / name).write_text("edited")
    before = state(finished)
    with pytest.raises(UsageError, match=f"{name} may have been edited"):
        start(finished, overwrite=True)
    assert state(finished) == before


@pytest.mark.parametrize("target", ["checkpoints", "checkpoints/checkpoint-4", "logs"])
@OPTIONS
def test_links_in_a_run_are_not_followed(tmp_path, target, options):
    output = tmp_path / "model"
    start(output)
    elsewhere = make_user_folder(tmp_path / "elsewhere", "checkpoint-9/x", "run.json", "x")
    if target == "checkpoints":
        shutil.rmtree(output / target)
    (output / target).symlink_to(elsewhere)
    before = state(tmp_path)
    with pytest.raises(UsageError, match=f"{target} .*move"):
        start(output, **options)
    assert state(tmp_path) == before


@OPTIONS
def test_files_of_the_user_among_the_checkpoints_are_named(tmp_path, options):
    start(tmp_path)
    make_user_folder(tmp_path, "checkpoints/checkpoint-5-best/model.pt")
    before = state(tmp_path)
    with pytest.raises(UsageError, match="checkpoint-5-best"):
        start(tmp_path, **options)
    assert state(tmp_path) == before


def test_a_model_of_an_earlier_version_is_replaced_but_for_its_card(finished):
    (finished / ".tandemqa.json").unlink()
    make_user_folder(finished, "notes.txt")
    assert start(finished).record is not None
    with pytest.raises(UsageError, match=r"README\.md may have been edited"):
        start(finished, overwrite=True)
    (finished / "README.md").unlink()
    start(finished, overwrite=True)
    save(finished, {"model.safetensors": "new"})
    finish_run(finished, RECORD)
    left = {"notes.txt", "model.safetensors", "training.json", ".tandemqa.json"}
    assert set(state(finished)) == left


def test_an_unfinished_run_of_an_earlier_version_is_resumed(tmp_path):
    start(tmp_path)
    (tmp_path / ".tandemqa.json").unlink()
    checkpoint = add_checkpoint(tmp_path, 3)
    assert start(tmp_path, resume=True).checkpoint == checkpoint


def test_a_setting_that_an_earlier_version_did_not_have_counts_as_unused(finished):
    settings_now = {**RUN["settings"], "new_option": None, "loss": {"hardness": 0.0}}
    assert start(finished, {**RUN, "settings": settings_now}).record is not None
    with pytest.raises(UsageError, match="new_option is None there and 3 here"):
        start(finished, {**RUN, "settings": {**settings_now, "new_option": 3}})


def test_a_file_that_is_in_the_way_of_the_model_is_told_before_training(tmp_path):
    start(tmp_path)
    make_user_folder(tmp_path, "README.md")
    with pytest.raises(UsageError, match=r"where the model would be saved: README\.md"):
        start(tmp_path, resume=True)


def test_a_file_that_came_meanwhile_is_kept_and_the_model_is_saved_later(tmp_path):
    start(tmp_path)
    make_user_folder(tmp_path, "README.md")
    with pytest.raises(FailedRunError, match=r"README\.md.*--resume"):
        save(tmp_path, MODEL_WITH_CARD)
    assert (tmp_path / "README.md").read_text() == "precious README.md\n"
    (tmp_path / "README.md").unlink()
    start(tmp_path, resume=True)
    save(tmp_path, MODEL_WITH_CARD)
    finish_run(tmp_path, RECORD)
    assert {*MODEL_WITH_CARD, "training.json"} <= set(state(tmp_path))
    assert not (tmp_path / "checkpoints").exists()


def kill_save(output, files, killed_at, monkeypatch):
    """Save a model, and be killed before the given change of a file."""
    calls = iter(range(100))

    def count(*arguments, act, **options):
        if next(calls) == killed_at:
            raise KeyboardInterrupt
        return act(*arguments, **options)

    with monkeypatch.context() as patch:
        for name in ("replace", "unlink"):
            patch.setattr(Path, name, partialmethod(count, act=getattr(Path, name)))
        with suppress(KeyboardInterrupt):
            save(output, files)


def test_a_save_that_was_killed_is_done_again(tmp_path, monkeypatch):
    for killed_at in range(8):
        output = tmp_path / str(killed_at)
        start(output)
        kill_save(output, MODEL_WITH_CARD, killed_at, monkeypatch)
        start(output, resume=True)
        save(output, {**MODEL_WITH_CARD, "README.md": "# Model of another time"})
        finish_run(output, RECORD)
        assert start(output).record is not None
        assert (output / "README.md").read_text() == "# Model of another time"


def test_a_removed_model_leaves_what_is_not_ours(finished):
    make_user_folder(finished, "notes.txt")
    remove_model(finished)
    assert set(state(finished)) == {"notes.txt"}
    (finished / "notes.txt").unlink()


def test_an_output_that_cannot_be_written_is_a_sentence():
    with pytest.raises(UsageError, match="cannot write to --output /proc/tandemqa"):
        start(Path("/proc/tandemqa"))


def test_an_output_that_is_a_file_is_told(tmp_path):
    make_user_folder(tmp_path, "out")
    for output in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(UsageError, match="out is a file"):
            start(output)


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
        if name == "training.json" and state.record is None:
            # The record is that of other settings: the run replaces such a model.
            assert resume and json.loads(edited)["identity"] != RUN
        assert name == "training.json" or state.record is None
    finally:
        shutil.rmtree(folder.parent)
