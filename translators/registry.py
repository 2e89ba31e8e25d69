"""Which families of translators there are, and how one is made from plain options."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import create_model

from schemas.errors import NotInstalledError
from schemas.options import Options, settings_of
from translators.family import Family
from translators.translator import Translator

ENTRY_POINTS: Final = "tandemqa.translators"
"""Group of entry points under which other packages offer families: `name = module:FAMILY`."""

_OURS: Final = ("apertium", "bergamot", "llm", "marian", "nllb")


@cache
def families() -> Mapping[str, Family]:
    """Return all families by name: ours, and those of installed packages.

    Raises:
        ValueError: If an installed package offers something else, or a name that is taken.
    """
    found: dict[str, Family] = {}
    for family in (*_our_families(), *_other_families()):
        if family.name in found:
            raise ValueError(f"two translators are called {family.name}; uninstall one of them")
        found[family.name] = family
    return MappingProxyType(dict(sorted(found.items())))


def _our_families() -> Iterator[Family]:
    for name in _OURS:
        family: Family = import_module(f"translators.{name}").FAMILY
        yield family


def _other_families() -> Iterator[Family]:
    for entry in entry_points(group=ENTRY_POINTS):
        try:
            family = entry.load()
        except Exception as error:
            raise ValueError(f"translator {entry.name} ({entry.value}): {error}") from error
        if not isinstance(family, Family):
            raise ValueError(f"translator {entry.name}: {entry.value} is no translators.Family")
        yield family


class _BackendOptions(Options):
    """What translators can be told; what is not given is left to the family."""

    def given(self) -> tuple[tuple[str, str | int | float], ...]:
        """Return what was given, sorted by name."""
        values = self.model_dump(include=set(BackendOptions.model_fields), exclude_none=True)
        return tuple(sorted(values.items()))


def _merged_options() -> type[_BackendOptions]:
    """Return the options of all families; the help says which family takes each."""
    fields: dict[str, Any] = {}
    texts: dict[str, dict[str, list[str]]] = {}
    for family in families().values():
        for name, setting in settings_of(family.options).items():
            fields.setdefault(name, setting.field)
            text = setting.field.description or ""
            texts.setdefault(name, {}).setdefault(text, []).append(family.name)
    definitions: dict[str, Any] = {}
    for name, field in fields.items():
        described = "; ".join(f"{text} ({', '.join(who)})" for text, who in texts[name].items())
        definitions[name] = (field.annotation, field._copy())
        definitions[name][1].description = described
    return create_model("BackendOptions", __base__=_BackendOptions, **definitions)


if TYPE_CHECKING:
    Backend = str
    BackendOptions = _BackendOptions
else:
    Backend = Literal[tuple(families())]
    BackendOptions = _merged_options()


@dataclass(frozen=True, slots=True)
class TranslatorConfig:
    """A translator by name with its options; hashable, picklable and cheap.

    Attributes:
        backend: Name of a family.
        options: Keyword arguments of the family, sorted by name.
    """

    backend: str
    options: tuple[tuple[str, str | int | float], ...] = ()

    @property
    def family(self) -> Family:
        """The family that it names.

        Raises:
            ValueError: If there is no such family.
        """
        if self.backend not in families():
            raise ValueError(
                f"unknown translator {self.backend!r}; choose one of: {', '.join(families())}"
            )
        return families()[self.backend]


def open_translator(config: TranslatorConfig) -> Translator:
    """Return the translator that `config` names; no model is loaded yet.

    Raises:
        ValueError: If the family or one of its options is unknown.
        NotInstalledError: If a package is missing.
    """
    family = config.family
    known = sorted(settings_of(family.options))
    unknown = sorted(name for name, _ in config.options if name not in known)
    if unknown:
        raise ValueError(
            f"translator {family.name} has no option {', '.join(unknown)}; "
            f"it has: {', '.join(known)}"
        )
    options = dict(config.options)
    for name, is_ours in (("timeout", family.in_process), ("processes", family.one_core)):
        if is_ours:
            options.pop(name, None)  # for who starts and watches its processes
    try:
        return family.make(**options)
    except ModuleNotFoundError as error:
        lacks = [name for name in family.modules if find_spec(name) is None] or [str(error.name)]
        raise NotInstalledError(
            f"translator {family.name} needs {', '.join(lacks)}", f"pip install {family.extra}"
        ) from error
