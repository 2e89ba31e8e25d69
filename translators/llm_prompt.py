"""What a language model is asked: a prompt with places for the language and the text."""

import re
from hashlib import sha256
from pathlib import Path
from typing import Final

from schemas.language import Language

_VERSION: Final = "tandemqa 1"
"""Raise the number whenever a word of a prompt below changes."""

_DEFAULT: Final = """\
Translate the English text below into {language} ({code}).
Reply with the translation alone: no notes, no quotation marks around it, no markup.
If the text is a question, translate the question and do not answer it.
Translate all of it; keep numbers, units and names.

{context}English: {text}
{language}:"""

_CONTEXT: Final = """\
The text stands in this context, which is for your understanding and is not to be translated:
{context}

"""

_STRICTER: Final = """\
Your last reply could not be used. Reply with nothing but the {language} translation of the text,
on one line. Do not explain, apologise, comment or answer; do not repeat the English.

"""

_NEEDED: Final = ("{language}", "{text}")
_PLACE: Final = re.compile(r"\{(?:language|code|text|context)\}")


class Prompt:
    """A prompt for single segments.

    Attributes:
        version: What decides its wording; a part of the memory's key.
    """

    def __init__(self, path: str = "", *, context: bool = False) -> None:
        """Take the text of a file, or ours.

        Args:
            path: A UTF-8 text file with `{language}` and `{text}`, perhaps `{code}`; any other
                braces stay as they are.
            context: Whether texts have a context; then `{context}` must stand in the file, too.

        Raises:
            ValueError: If it cannot be read, or lacks a place.
        """
        self._template = _read(path, context) if path else _DEFAULT
        self._context = "{context}" if path else _CONTEXT
        digest = sha256((_STRICTER + self._template).encode()).hexdigest()
        self.version = f"sha256 {digest[:32]}" if path else _VERSION

    def fill(self, text: str, context: str, language: Language, *, strict: bool) -> str:
        """Return the prompt for a segment.

        Args:
            text: English segment.
            context: What stands around it; may be empty.
            language: The target.
            strict: Whether an answer to the same prompt could not be used.
        """
        values = {
            "{language}": language.name,
            "{code}": language.code,
            "{text}": text,
            "{context}": self._context.replace("{context}", context) if context else "",
        }
        template = _STRICTER + self._template if strict else self._template
        return _PLACE.sub(lambda place: values[place[0]], template)


def _read(path: str, context: bool) -> str:
    try:
        template = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--prompt {path}: cannot be read: {error}") from error
    needed = (*_NEEDED, "{context}") if context else _NEEDED
    missing = [place for place in needed if place not in template]
    if missing:
        raise ValueError(f"--prompt {path}: {' and '.join(missing)} must stand in it")
    return template.strip()
