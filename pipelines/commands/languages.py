"""`tandemqa languages`: what can be translated into, and by whom."""

import sys
from collections.abc import Sequence
from typing import Final

from schemas.command import Command
from schemas.language import LANGUAGES, Language
from schemas.options import Options, option
from translators.registry import BACKENDS, Backend


class LanguagesOptions(Options):
    """The options of `languages`."""

    translator: Backend | None = option(None, "only the languages this translator knows")


def _run(options: LanguagesOptions, beam_arguments: Sequence[str]) -> int:
    backends = [options.translator] if options.translator else sorted(BACKENDS)
    lines = [f"{'code':<14} {'name':<32} {'script':<7} translators"]
    for language in LANGUAGES.values():
        how = [f"{name} ({by})" for name in backends if (by := _translated_by(language, name))]
        if how:
            lines.append(
                f"{language.code:<14} {language.name:<32} {language.script:<7} {', '.join(how)}"
            )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _translated_by(language: Language, backend: str) -> str:
    """Return the route, model or code a backend has for the language; empty without."""
    if backend == "apertium":
        return ">".join(language.apertium)
    return language.opus_mt if backend == "marian" else language.nllb


COMMAND: Final = Command(
    "languages",
    "list languages: code, name, script and what translates into them",
    "tandemqa languages --translator apertium",
    LanguagesOptions,
    _run,
)
