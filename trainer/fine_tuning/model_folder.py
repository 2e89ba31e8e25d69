"""The folder of a training run: what it holds before, during and after the run.

A finished model has `training.json`, written last. Until then `checkpoints/run.json` says what is
being trained, so that a killed run is only continued with the same settings. A model that is being
replaced stays, record and all, until the new one is saved. Record, run or marker make the folder
ours; what is removed in it is what we wrote, and nothing else.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import UsageError
from schemas.files import write_json
from schemas.model_recognition import RECORD_NAME
from schemas.ownership import MARKER_NAME, check_is_folder
from schemas.plain_text import write_error
from schemas.settings_difference import first_difference
from trainer.fine_tuning.model_files import (
    CHECKPOINT,
    CHECKPOINTS_NAME,
    COMPLETE_NAME,
    RUN_NAME,
    ModelFolder,
    claim_folder,
    clear_run,
    find_damage,
    look_at_model,
    remove_checkpoints,
    remove_if_empty,
    remove_logs,
)
from trainer.fine_tuning.run_record import read_record


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run is.

    Attributes:
        record: Record of the run when it is finished.
        checkpoint: Folder to continue from; None starts from the beginning.
    """

    record: dict[str, Any] | None = None
    checkpoint: str | None = None


def open_run(
    output: Path, identity: Mapping[str, Any], *, resume: bool, overwrite: bool
) -> RunState:
    """Prepare the folder of a run and return how far it is.

    Args:
        output: The folder.
        identity: All that decides which weights come out, as JSON values.
        resume: Continue an unfinished run if there is one.
        overwrite: Replace the model that is there, or remove the unfinished run.

    Raises:
        UsageError: If the folder holds another model, an unfinished run without `resume`, or
            other things, or is none.
    """
    check_is_folder(output, "--output")
    folder = look_at_model(output)
    if overwrite:
        clear_run(folder)
        folder = look_at_model(output)
    elif folder.record is not None and not _is_replaced_by(folder, identity):
        return RunState(record=_finished(folder, identity))
    claim_folder(folder)
    if folder.begun is None:
        write_json(output / CHECKPOINTS_NAME / RUN_NAME, identity)
        return RunState()
    if not resume:
        raise UsageError(
            f"--output {output} holds an unfinished run; add --resume to continue it, or "
            "--overwrite to start again"
        )
    difference = first_difference(folder.begun, identity)
    if difference:
        raise UsageError(
            f"--output {output} holds an unfinished run with other settings ({difference}); "
            "resume it with its own, or add --overwrite to start again"
        )
    return RunState(checkpoint=_newest_checkpoint(output / CHECKPOINTS_NAME))


def _is_replaced_by(folder: ModelFolder, identity: Mapping[str, Any]) -> bool:
    """Whether an unfinished run with these settings replaces the model of others."""
    return (
        folder.begun is not None
        and folder.record is not None
        and not first_difference(folder.begun, identity)
        and bool(first_difference(folder.record["identity"], identity))
    )


def _finished(folder: ModelFolder, identity: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a finished model, and remove what is left of its run.

    Raises:
        UsageError: If it was trained with other settings.
    """
    assert folder.record is not None
    trained = folder.record["identity"]
    if difference := first_difference(trained, identity):
        raise UsageError(
            f"--output {folder.path} holds a model that was trained with other settings "
            f"({difference}); add --overwrite to replace it, or name another folder"
        )
    if folder.begun is None or not first_difference(folder.begun, trained):
        remove_checkpoints(folder.path)
    return folder.record


def is_finished(output: str) -> bool:
    """Return whether there is a finished model, and no run that replaces it."""
    folder = Path(output)
    return (folder / RECORD_NAME).exists() and not (folder / CHECKPOINTS_NAME / RUN_NAME).exists()


def abandon_run(output: Path) -> None:
    """Remove what `open_run` made, because the run turned out to be impossible."""
    remove_checkpoints(output)
    remove_logs(output)
    if not (output / RECORD_NAME).exists():  # there is no model that it would have replaced
        (output / MARKER_NAME).unlink(missing_ok=True)
    remove_if_empty(output)


def finish_run(output: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Write the record, which makes the model complete, and remove the checkpoints.

    Returns:
        The record as it can be read back.
    """
    write_json(output / RECORD_NAME, record, allow_nan=True)  # the loss of a diverged run
    remove_checkpoints(output)
    return read_record(output / RECORD_NAME) or {}


def _newest_checkpoint(checkpoints: Path) -> str | None:
    """Return the newest complete checkpoint that is undamaged; a half-saved one is removed."""
    complete = []
    for folder in checkpoints.glob("checkpoint-*"):
        if not CHECKPOINT.fullmatch(folder.name):
            continue
        if (folder / COMPLETE_NAME).exists():
            complete.append(folder)
        else:
            shutil.rmtree(folder)
    for folder in sorted(complete, key=lambda folder: -int(folder.name.split("-")[1])):
        damage = find_damage(folder)
        if not damage:
            return os.fspath(folder)
        write_error(f"{folder}: damaged, {damage}; training goes on from before it\n")
    return None
