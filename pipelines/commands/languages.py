"""`tandemqa languages`: what can be translated into, and by whom."""

import sys
from collections.abc import Sequence
from typing import Final

from schemas.command import Command
from schemas.language import LANGUAGES
from schemas.options import Options, option
from translators.registry import Backend, families


class LanguagesOptions(Options):
    """The options of `languages`."""

    translator: Backend | None = option(None, "only the languages this translator knows")


def _run(options: LanguagesOptions, beam_arguments: Sequence[str]) -> int:
    known = families()
    backends = [known[options.translator]] if options.translator else list(known.values())
    lines = [f"{'code':<14} {'name':<32} {'script':<7} translators"]
    for language in LANGUAGES.values():
        how = [f"{family.name} ({by})" for family in backends if (by := family.reaches(language))]
        if how:
            lines.append(
                f"{language.code:<14} {language.name:<32} {language.script:<7} {', '.join(how)}"
            )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


COMMAND: Final = Command(
    "languages",
    "list languages: code, name, script and what translates into them",
    "tandemqa languages --translator apertium",
    LanguagesOptions,
    _run,
)
