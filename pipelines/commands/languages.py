"""`tandemqa languages`: what can be translated into, by whom, and what that needs."""

from collections.abc import Sequence
from typing import Final

from schemas.command import Command
from schemas.language import LANGUAGES
from schemas.options import Options, option
from schemas.plain_text import write_out
from schemas.tables import text_table
from translators.family import Family
from translators.registry import Backend, families

_HINT: Final = "tandemqa languages --translator NAME says what to type for those not installed"


class LanguagesOptions(Options):
    """The options of `languages`."""

    translator: Backend | None = option(
        None, "only the languages this translator knows, and what to type where it lacks something"
    )


def _run(options: LanguagesOptions, beam_arguments: Sequence[str]) -> int:
    if options.translator:
        write_out(_tell_one(families()[options.translator]) + "\n")
    else:
        write_out(f"{_tell_all(list(families().values()))}\n\n{_HINT}\n")
    return 0


def _tell_one(family: Family) -> str:
    """Return the languages of a family: what it calls them, what to type, what is wrong."""
    rows = [
        (
            *(language.code, language.name, language.script, by),
            family.to_install(language) or "installed",
            family.note(language) if family.note else "",
        )
        for language in LANGUAGES.values()
        if (by := family.reaches(language))
    ]
    head = ("code", "name", "script", family.name, "to install it", "note")
    return text_table(head, rows, "llllll")


def _tell_all(known: Sequence[Family]) -> str:
    """Return all languages with the families that are installed for them, and the others."""
    rows = []
    for language in LANGUAGES.values():
        here: list[str] = []
        lacking: list[str] = []
        for family in known:
            if by := family.reaches(language):
                place = lacking if family.to_install(language) else here
                place.append(f"{family.name} ({by})")
        if here or lacking:
            cells = (", ".join(here), ", ".join(lacking))
            rows.append((language.code, language.name, language.script, *cells))
    return text_table(("code", "name", "script", "installed", "not installed"), rows, "lllll")


COMMAND: Final = Command(
    "languages",
    "list languages: code, name, script, what translates into them and what is installed",
    "tandemqa languages --translator apertium",
    LanguagesOptions,
    _run,
)
