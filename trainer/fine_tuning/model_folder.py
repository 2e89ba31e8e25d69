"""The folder of a training run: what it holds before, during and after the run.

A finished model has `training.json`, written last. Until then `checkpoints/run.json` says what is
being trained, so that a killed run is only continued with the same settings. Either of them, or
the marker, makes the folder ours; what is removed in it is what we wrote, and nothing else.
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
from schemas.settings_difference import first_difference
from trainer.fine_tuning.model_files import (
    CHECKPOINT,
    CHECKPOINTS_NAME,
    COMPLETE_NAME,
    RUN_NAME,
    claim_folder,
    look_at_model,
    remove_checkpoints,
    remove_if_empty,
    remove_logs,
    remove_run,
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
        overwrite: Remove the model or the unfinished run that is there.

    Raises:
        UsageError: If the folder holds another model, an unfinished run without `resume`, or
            other things, or is none.
    """
    check_is_folder(output, "--output")
    folder = look_at_model(output)
    if overwrite:
        remove_run(folder)
        folder = look_at_model(output)
    if folder.record is not None:
        difference = first_difference(folder.record["identity"], identity)
        if difference:
            raise UsageError(
                f"--output {output} holds a model that was trained with other settings "
                f"({difference}); add --overwrite to replace it, or name another folder"
            )
        remove_checkpoints(output)
        return RunState(record=folder.record)
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


def is_finished(output: str) -> bool:
    """Return whether there is a finished model."""
    return (Path(output) / RECORD_NAME).exists()


def abandon_run(output: Path) -> None:
    """Remove what `open_run` made, because the run turned out to be impossible."""
    remove_checkpoints(output)
    remove_logs(output)
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
    """Return the newest complete checkpoint; what a killed save left is removed."""
    complete = []
    for folder in checkpoints.glob("checkpoint-*"):
        if not CHECKPOINT.fullmatch(folder.name):
            continue
        if (folder / COMPLETE_NAME).exists():
            complete.append(folder)
        else:
            shutil.rmtree(folder)
    newest = max(complete, key=lambda folder: int(folder.name.split("-")[1]), default=None)
    return os.fspath(newest) if newest else None
