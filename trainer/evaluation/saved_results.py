"""Results of an evaluation, read back and checked: the file may be damaged, or somebody else's."""

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.command import UsageError
from schemas.files import read_json
from schemas.manifest_values import describe

UNFINISHED: Final = "unfinished"
"""What was still to be scored when the results were kept; finished results have no such key."""

Value = Annotated[float, Field(allow_inf_nan=False)] | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Metrics(_Part):
    map: Value = None


class _Setting(_Part):
    mean: dict[str, Value] | None = None
    by_language: dict[str, _Metrics] = {}
    by_pair: dict[str, _Metrics] = {}


class _Spread(_Part):
    mean: Value = None
    median: Value = None


class _Floor(_Part):
    main_score: Value = None
    monolingual: _Setting | None = None
    crosslingual: _Setting | None = None
    multilingual: _Setting | None = None
    bias: dict[str, _Spread | Value] | None = None


class _Results(_Floor):
    """What is read of results; they have more."""

    languages: list[str] = []
    floors: dict[str, _Floor] | None = None


def is_finished(path: Path) -> bool:
    """Whether there are results, and all that was asked for is among them."""
    if not path.exists():
        return False
    try:
        return UNFINISHED not in read_json(path)
    except (OSError, ValueError):
        return True  # whoever reads them says what is wrong


def read_results(path: Path) -> dict[str, Any]:
    """Return the results in a file that `tandemqa evaluate` wrote.

    Raises:
        UsageError: If it cannot be read, or is no such file.
    """
    try:
        results = read_json(path)
        _Results.model_validate(results)
    except ValidationError as error:
        raise UsageError(f"{path}: not the results of an evaluation: {describe(error)}") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error
    return results
