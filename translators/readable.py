"""What a vocabulary cannot read is kept: written with characters it has, or copied around it.

Small vocabularies lack emoji, other scripts, accents of other languages and even curly quotation
marks. A model drops such characters without a sign, so they must never reach it.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"\S+|\s+")
_LOOKALIKES: Final = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "…": "...",
        "\xa0": " ",
        "\xad": "",
    }
)


class Reader:
    """Cuts texts into what a model translates and what is copied."""

    def __init__(self, is_readable: Callable[[str], bool]) -> None:
        """Remember what the vocabulary has.

        Args:
            is_readable: Whether the vocabulary has every character of a word.
        """
        self._is_readable = lru_cache(100_000)(is_readable)

    def split(self, text: str) -> list[tuple[str, bool]]:
        """Return the parts of a text and whether each is to be translated.

        Parts are joined without anything between them; those to be translated neither begin nor
        end with white space.
        """
        return list(self._trim(self._parts(text)))

    def _parts(self, text: str) -> Iterator[tuple[str, bool]]:
        """Yield runs of words that can be read, and of words that are copied."""
        run, copied = "", False
        for word in _WORD.findall(text):
            known = self._spell(word)
            if word.isspace():
                run += word
                continue
            if run and (known is None) != copied:
                yield run, not copied
                run = ""
            copied = known is None
            run += word if known is None else known
        yield run, not copied

    def _spell(self, word: str) -> str | None:
        """Return a word with characters the vocabulary has; None when it must be copied.

        A name keeps its accents and is copied; other words may lose them.
        """
        for spelling in (word, word.translate(_LOOKALIKES)):
            if self._is_readable(spelling):
                return spelling
        plain = _without_accents(word.translate(_LOOKALIKES))
        return plain if word.islower() and self._is_readable(plain) else None

    def _trim(self, parts: Iterator[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
        """Hand the white space around what is translated to what is copied."""
        for text, translated in parts:
            core = text.strip()
            if not translated or not core:
                if text:
                    yield text, False
                continue
            start = text.index(core)
            if start:
                yield text[:start], False
            yield core, True
            if text[start + len(core) :]:
                yield text[start + len(core) :], False


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
