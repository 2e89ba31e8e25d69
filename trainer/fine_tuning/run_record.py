"""What a run says of itself: its identity when it begins, its record when it is finished."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import UsageError
from schemas.files import read_json
from schemas.manifest_values import describe


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def read_record(path: Path) -> dict[str, Any] | None:
    """Return the record of a finished run, with all that is read of it; None if there is none."""
    return _checked(path, _ReadRecord, "the record of a training")


def read_identity(path: Path) -> dict[str, Any] | None:
    """Return what an unfinished run trains; None if there is none."""
    return _checked(path, _Identity, "a run of tandemqa")


def _checked(path: Path, model: type[BaseModel], kind: str) -> dict[str, Any] | None:
    content = _read(path)
    try:
        if content is not None:
            model.model_validate(content)
    except ValidationError as error:
        raise UsageError(f"{path}: not {kind}: {describe(error)}") from error
    return content


class _Identity(BaseModel):
    """What is read of the description of a run."""

    model_config = ConfigDict(extra="ignore", strict=True)

    settings: dict[str, Any]
    corpora: list[str]


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
