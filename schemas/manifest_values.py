"""Values of a manifest: what they may be, so that no command stumbles over one."""

import math
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from schemas.language import LANGUAGES
from schemas.plain_text import writable

_LARGEST_COUNT: Final = 2**63 - 1
_DEEPEST_CONFIG: Final = 20


def _known_language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"language {code!r} is not in the language table")
    return code


def _writable(value: object) -> object:
    return writable(value) if isinstance(value, str) else value


def _plain_config(value: Any, depth: int = 0) -> Any:  # noqa: ANN401
    """Return a JSON value that can be written again: no NaN, no number without end."""
    if depth > _DEEPEST_CONFIG:
        raise ValueError(f"nested deeper than {_DEEPEST_CONFIG} levels")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    if isinstance(value, int) and abs(value) > _LARGEST_COUNT:
        raise ValueError("a number has more than 64 bits")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        _plain_config(item, depth + 1)
    return value


def _known_settings(config: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration, if what commands read in it is of the right kind."""
    try:
        _ReadSettings.model_validate(config)
    except ValidationError as error:
        raise ValueError(describe(error)) from None
    return config


Count = Annotated[int, Field(ge=0, le=_LARGEST_COUNT)]
Number = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
# Logarithm of a ratio; exp() of more than 709 is more than a float can hold.
LogRatio = Annotated[float, Field(ge=-700, le=700, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
SourceText = Annotated[str, BeforeValidator(_writable)]
"""Text of a source: lone surrogates in it are escaped, as UTF-8 has none."""
LanguageCode = Annotated[str, AfterValidator(_known_language)]
Config = Annotated[dict[str, Any], AfterValidator(_plain_config), AfterValidator(_known_settings)]


class _ReadModel(BaseModel):
    """What commands read of a build's configuration; it has more."""

    model_config = ConfigDict(extra="ignore", strict=True)


class _SourceSettings(_ReadModel):
    dataset: str | None = None
    license: str | None = None
    path: str | None = None


class _ModelCheckSettings(_ReadModel):
    name: str
    scorer: str = ""


class _ReadSettings(_ReadModel):
    sources: list[_SourceSettings] = []
    model_checks: list[_ModelCheckSettings] = []
    language_model: str = ""
    align_answers: bool = False
    retried: list[str] = []
    max_rejected_share: Share = 1.0
    max_unverified_share: Share = 1.0


def describe(error: ValidationError) -> str:
    """Return the first fault as a clause that names the field, and how many more there are."""
    first, *others = error.errors(include_url=False, include_input=False)
    field = ".".join(str(part) for part in first["loc"] if part != "[key]")
    message = first["msg"].removeprefix("Value error, ").replace("Input should", "should")
    more = f" (and {len(others)} more)" if others else ""
    return f"{field}{' ' if message.startswith('should') else ': ' if field else ''}{message}{more}"
