"""What a family of translators says of itself; the registry, the command line and help read it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from schemas.language import Language
from schemas.options import ADVANCED, Options, option
from translators.translator import Translator


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of translator, as `--translator` names it.

    The module that holds it is imported whenever the command line starts: it imports libraries
    only when a translator is made.

    Attributes:
        name: What users type; it is recorded with every row, so it never changes.
        make: Makes a translator from the options that were given, as keyword arguments; raises
            ValueError for values that cannot be used.
        options: What it can be told. An option of the same name means the same in all families.
        reaches: What it calls a language: a model, a route or a code; empty when it has none.
        extra: Extra of tandemqa, or packages, that it needs: what to type after `pip install`.
        modules: Python modules that it needs.
        fetch: What to type to have what it needs for a language beside them, such as a model;
            empty when that is there. None if there is nothing to fetch.
        note: What is wrong with its translations into a language; empty when they are usable.
        in_process: Whether its library runs in the process that asks. Then it is put in a process
            of its own, as a crash would end that process; `timeout` is for who watches it.
        one_core: Whether a translator uses a single core. Then as many work at a time as
            `processes` says.
    """

    name: str
    make: Callable[..., Translator]
    options: type[Options]
    reaches: Callable[[Language], str]
    extra: str = "'tandemqa[translate]'"
    modules: tuple[str, ...] = ()
    fetch: Callable[[Language], str] | None = None
    note: Callable[[Language], str] | None = None
    in_process: bool = False
    one_core: bool = False

    def to_install(self, language: Language) -> str:
        """Return what to type to have all that it needs for a language; empty when it is there."""
        lacks = any(find_spec(module) is None for module in self.modules)
        steps = [f"pip install {self.extra}" if lacks else ""]
        steps += [self.fetch(language)] if self.fetch else []
        return " && ".join(filter(None, steps))


def backend_option(
    text: str,
    metavar: str = "",
    group: str = ADVANCED,
    **limits: Any,  # noqa: ANN401 - those of pydantic's Field
) -> Any:  # noqa: ANN401 - a field of any type
    """Return an option of a family; what is not given is left to the family."""
    return option(None, text, metavar, group=group, **limits)
