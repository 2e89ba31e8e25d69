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
_NAMED: Final = 4  # languages that a command is for


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
    """Return the languages of a family: what it calls them, what is wrong, and what to type."""
    rows = []
    commands: dict[str, list[str]] = {}
    for language in LANGUAGES.values():
        if by := family.reaches(language):
            if command := family.to_install(language):
                commands.setdefault(command, []).append(language.code)
            note = family.note(language) if family.note else ""
            here = "no" if command else "yes"
            rows.append((language.code, language.name, language.script, by, here, note))
    head = ("code", "name", "script", family.name, "installed", "note")
    lines = [text_table(head, rows, "llllll")]
    if commands:
        lines += ["", "to install what is missing:"]
        lines += [f"  {command}  # {_name_some(codes)}" for command, codes in commands.items()]
    return "\n".join(lines)


def _name_some(codes: Sequence[str]) -> str:
    """Return the first few codes, and how many more there are."""
    more = f" and {len(codes) - _NAMED:,} more" if len(codes) > _NAMED else ""
    return ", ".join(codes[:_NAMED]) + more


def _tell_all(known: Sequence[Family]) -> str:
    """Return all languages with the families that are installed for them, and the others."""
    rows = []
    for language in LANGUAGES.values():
        here: list[str] = []
        lacking: list[str] = []
        for family in known:
            if family.reaches(language):
                place = lacking if family.to_install(language) else here
                place.append(family.name)
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
