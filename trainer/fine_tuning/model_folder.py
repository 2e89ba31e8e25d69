"""The folder of a training run: what it holds before, during and after the run.

A finished model has `training.json`, written last. Until then `checkpoints/run.json` says what is
being trained, so that a killed run is only continued with the same settings.
"""

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.command import UsageError
from schemas.files import read_json, write_json
from schemas.manifest_values import describe

RECORD_NAME: Final = "training.json"
CHECKPOINTS_NAME: Final = "checkpoints"
LOGS_NAME: Final = "logs"
COMPLETE_NAME: Final = "complete"
"""Empty file in a checkpoint that all processes have written their part of."""

_RUN_NAME: Final = "run.json"
_CHECKPOINT: Final = re.compile(r"checkpoint-[0-9]{1,12}")
_OURS: Final = (CHECKPOINTS_NAME, LOGS_NAME)


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
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {output} is a file; name an empty or a new folder")
    if overwrite:
        _remove_run(output)
    record = _read_record(output / RECORD_NAME)
    checkpoints = output / CHECKPOINTS_NAME
    begun = _read(checkpoints / _RUN_NAME)
    if record is not None:
        difference = _difference(record["identity"], identity)
        if difference:
            raise UsageError(
                f"--output {output} holds a model that was trained with other settings "
                f"({difference}); add --overwrite to replace it, or name another folder"
            )
        shutil.rmtree(checkpoints, ignore_errors=True)
        return RunState(record=record)
    if begun is None:
        foreign = [path.name for path in _entries(output) if path.name not in _OURS]
        if foreign:
            raise UsageError(
                f"--output {output} contains other files ({foreign[0]}); name an empty or a "
                "new folder"
            )
        checkpoints.mkdir(parents=True, exist_ok=True)
        write_json(checkpoints / _RUN_NAME, identity)
        return RunState()
    if not resume:
        raise UsageError(
            f"--output {output} holds an unfinished run; add --resume to continue it, or "
            "--overwrite to start again"
        )
    difference = _difference(begun, identity)
    if difference:
        raise UsageError(
            f"--output {output} holds an unfinished run with other settings ({difference}); "
            "resume it with its own, or add --overwrite to start again"
        )
    return RunState(checkpoint=_newest_checkpoint(checkpoints))


def is_finished(output: str) -> bool:
    """Return whether there is a finished model."""
    return (Path(output) / RECORD_NAME).exists()


def abandon_run(output: Path) -> None:
    """Remove what `open_run` made, because the run turned out to be impossible."""
    for name in _OURS:
        shutil.rmtree(output / name, ignore_errors=True)
    if not _entries(output):
        output.rmdir()


def finish_run(output: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Write the record, which makes the model complete, and remove the checkpoints.

    Returns:
        The record as it can be read back.
    """
    write_json(output / RECORD_NAME, record, allow_nan=True)  # the loss of a diverged run
    shutil.rmtree(output / CHECKPOINTS_NAME, ignore_errors=True)
    return _read(output / RECORD_NAME) or {}


def _newest_checkpoint(checkpoints: Path) -> str | None:
    """Return the newest complete checkpoint; what a killed save left is removed."""
    complete = []
    for folder in checkpoints.glob("checkpoint-*"):
        if not _CHECKPOINT.fullmatch(folder.name):
            continue
        if (folder / COMPLETE_NAME).exists():
            complete.append(folder)
        else:
            shutil.rmtree(folder)
    newest = max(complete, key=lambda folder: int(folder.name.split("-")[1]), default=None)
    return os.fspath(newest) if newest else None


def _remove_run(output: Path) -> None:
    if (output / RECORD_NAME).exists() or (output / CHECKPOINTS_NAME / _RUN_NAME).exists():
        shutil.rmtree(output)


def _difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return the first setting that differs, or an empty string."""
    wanted = json.loads(json.dumps(wanted))
    for name in sorted(set(found) | set(wanted)):
        there, here = found.get(name), wanted.get(name)
        if isinstance(there, dict) and isinstance(here, dict):
            inner = _difference(there, here)
            if inner:
                return f"{name}.{inner}"
        elif there != here:
            return f"{name} is {there!r} there and {here!r} here"
    return ""


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def _read_record(path: Path) -> dict[str, Any] | None:
    """Return the record of a finished run, with all that is read of it; None if there is none."""
    content = _read(path)
    try:
        if content is not None:
            _ReadRecord.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"{path}: not the record of a training: {describe(error)}") from error
    return content


class _ReadScores(BaseModel):
    """What is read of the scores of a checkpoint; the measures are its other keys."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, float | None]

    step: int


class _ReadRecord(BaseModel):
    """What is read of the record of a finished run."""

    model_config = ConfigDict(extra="ignore", strict=True)

    identity: dict[str, Any]
    steps: int
    seconds: float
    training_loss: float
    data_wait_share: float
    dev: list[_ReadScores] = []
    best_step: int | None = None
