"""Options as pydantic models: a field is the one source of a flag, its default, help and checks."""

import difflib
from collections.abc import Collection, Iterator, Mapping
from types import NoneType, UnionType
from typing import (
    Any,
    Final,
    Literal,
    NamedTuple,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from schemas.errors import UsageError

BASIC: Final = "options"
ADVANCED: Final = "advanced options"

_KINDS: Final[dict[object, str]] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text, in quotes where YAML takes it for something else",
}


def option(
    default: Any,  # noqa: ANN401 - of the field's type, or `...` for what must be given
    text: str,
    metavar: str = "VALUE",
    *,
    group: str = BASIC,
    positional: bool = False,
    many: bool = False,
    explained_by: str = "",
    **limits: Any,  # noqa: ANN401 - those of pydantic's Field
) -> Any:  # noqa: ANN401 - a field of any type
    """Return a field that is an option of a command.

    Args:
        default: Its value when it is not given; `...` if it must be given.
        text: What the help says about it.
        metavar: What the help calls its value.
        group: Title under which the help lists it.
        positional: Whether it is named by its place instead of a flag.
        many: Whether the command line takes several values, divided by blanks.
        explained_by: `module:function` whose text is printed for the value `help`.
        limits: Bounds of the value, such as `ge=1`.
    """
    shown: JsonDict = {
        "metavar": metavar,
        "group": group,
        "positional": positional,
        "many": many,
        "explained_by": explained_by,
    }
    return Field(default, description=text, json_schema_extra=shown, **limits)


class Setting(NamedTuple):
    """An option, as the command line and messages need it.

    Attributes:
        path: Names of the nested models it is in, and its own.
        field: The field.
    """

    path: tuple[str, ...]
    field: FieldInfo

    @property
    def name(self) -> str:
        """Its own name."""
        return self.path[-1]

    @property
    def kind(self) -> object:
        """The type of its value; `Literal` where it has choices."""
        kind = self.field.annotation
        if get_origin(kind) in (Union, UnionType):
            (kind,) = (part for part in get_args(kind) if part is not NoneType)
        return get_origin(kind) or kind

    @property
    def choices(self) -> tuple[str, ...]:
        """Its only values; empty when there are others."""
        if self.kind is not Literal:
            return ()
        parts = [self.field.annotation, *get_args(self.field.annotation)]
        return next(get_args(part) for part in parts if get_origin(part) is Literal)

    @property
    def shown(self) -> dict[str, Any]:
        """What `option` was told about the command line."""
        extra = self.field.json_schema_extra
        return extra if isinstance(extra, dict) else {}

    @property
    def label(self) -> str:
        """What the user types to give it: a flag, or the metavar of a positional argument."""
        if self.shown["positional"]:
            return str(self.shown["metavar"])
        return f"--{self.name.replace('_', '-')}"

    @property
    def help_text(self) -> str:
        """Its meaning, and its default where that says something."""
        text, default = self.field.description or "", self.field.default
        if self.field.is_required() or default is False or default in (None, "", ()):
            return text
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
        return f"{text} (default: {shown})"

    @property
    def wanted(self) -> str:
        """What its value must be."""
        if self.choices:
            return f"{', '.join(self.choices[:-1])} or {self.choices[-1]}"
        return ", ".join([_KINDS.get(self.kind, "another value"), *self.bounds])

    @property
    def bounds(self) -> list[str]:
        """The bounds of its value, in words."""
        words = {"ge": "{} or more", "gt": "more than {}", "le": "{} or less", "lt": "below {}"}
        found = {
            name: value
            for part in self.field.metadata
            for name in words
            if (value := getattr(part, name, None)) is not None
        }
        if {"ge", "le"} <= found.keys():
            return [f"{found['ge']} to {found['le']}"]
        return [words[name].format(value) for name, value in found.items()]


class Options(BaseModel):
    """Base of all options; fields made by `option` become flags, nested models are flattened."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    @field_validator("*", mode="before")
    @classmethod
    def _tell_switches_apart(cls, value: object, info: ValidationInfo) -> object:
        """Refuse YAML's `yes` as a number and its quoted 'no' as a switch; pydantic takes both."""
        name = info.field_name or ""
        kind = Setting((name,), cls.model_fields[name]).kind
        if isinstance(value, bool) and kind in (int, float):
            raise PydanticCustomError("number_type", "no number")
        if isinstance(value, str) and kind is bool:
            raise PydanticCustomError("switch_type", "no switch")
        return value


Made = TypeVar("Made", bound=Options)


def settings_of(model: type[Options], within: tuple[str, ...] = ()) -> dict[str, Setting]:
    """Return all options of a model by name, those of nested models included."""
    found: dict[str, Setting] = {}
    for name, field in model.model_fields.items():
        if nested := _nested(field):
            found |= settings_of(nested, (*within, name))
        elif field.json_schema_extra:
            found[name] = Setting((*within, name), field)
    return found


def make_options(
    model: type[Made], values: Mapping[str, object], places: Mapping[str, str] | None = None
) -> Made:
    """Return the options with their values checked and converted.

    Args:
        model: The options.
        values: What was given, by name; nested models are not spelled out.
        places: Where values were given, by name, for messages.

    Raises:
        UsageError: If anything is unknown, missing or wrong; all faults at once.
    """
    known = settings_of(model)
    if unknown := [name for name in values if name not in known]:
        raise UsageError("; ".join(tell_unknown(name, known) for name in unknown))
    try:
        return model.model_validate(_nest(model, values))
    except ValidationError as error:
        faults = _sentences(known, error.errors(), places or {})
        raise UsageError("; ".join(dict.fromkeys(faults))) from None


def tell_unknown(name: str, known: Collection[str]) -> str:
    """Return the message about an option that does not exist."""
    return f"unknown option {name}; {suggest(name, known)}"


def suggest(name: str, known: Collection[str]) -> str:
    """Return what may have been meant by a name that is not known, or all that are."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"


def _nested(field: FieldInfo) -> type[Options] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Options) else None


def _nest(model: type[Options], values: Mapping[str, object]) -> dict[str, object]:
    nested: dict[str, object] = {}
    for name, field in model.model_fields.items():
        if inner := _nested(field):
            nested[name] = _nest(inner, values)
        elif name in values and values[name] is not None:
            nested[name] = values[name]
    return nested


def _sentences(
    known: Mapping[str, Setting], errors: list[ErrorDetails], places: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence for each fault; what is missing is named in one."""
    missing = []
    for error in errors:
        at = error["loc"]
        setting = next((s for s in known.values() if at[: len(s.path)] == s.path), None)
        if setting is None:
            yield _message(error)
        elif error["type"] == "missing" and at == setting.path:
            missing.append(setting.label)
        else:
            place = f" (in {places[setting.name]})" if setting.name in places else ""
            yield f"{setting.label}{_tell(setting, at[len(setting.path) :], error)}{place}"
    if missing:
        yield f"{', '.join(missing)}: needed, on the command line or in --config"


def _tell(setting: Setting, inside: tuple[int | str, ...], error: ErrorDetails) -> str:
    """Return what stands behind the label of an option with a wrong value."""
    value = error["input"]
    if error["type"] == "pair":
        return f" {_message(error)}: wanted {setting.shown['metavar']}"
    if error["type"] == "value_error":
        return f" {_message(error)}"
    if error["type"] == "too_short":
        return ": wanted one or more"
    if not inside:
        near = difflib.get_close_matches(str(value), setting.choices, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        # A number of the right kind is told the bounds alone.
        wanted = ", ".join(setting.bounds) if "_than" in error["type"] else setting.wanted
        return f" {value}: wanted {wanted}{hint}"
    if setting.kind is tuple and isinstance(inside[-1], int):
        return f" {value}: wanted {_KINDS.get(get_args(setting.field.annotation)[0], 'another')}"
    place = " ".join(f"number {part + 1}" if isinstance(part, int) else part for part in inside)
    if error["type"] == "extra_forbidden":
        return f", {place}: unknown"
    if error["type"] == "missing":
        return f", {place}: needed"
    return f", {place} {error['input']!r}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _message(error: ErrorDetails) -> str:
    cause = error.get("ctx", {}).get("error")
    return str(cause) if cause else error["msg"]
