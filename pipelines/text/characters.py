"""What kinds of characters a text is made of: one look into one table serves many checks."""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import regex

Kinds = npt.NDArray[np.uint8]
Codes = npt.NDArray[np.uint32]

# Kinds of characters; one can be of several.
LETTER: Final = 1  # with the marks that belong to letters
WORD: Final = 2  # letters, marks and digits
SPACE: Final = 4
UTF8_HEAD: Final = 8  # what bytes of UTF-8 become when they are read as Latin-1 or Windows-1252:
UTF8_TAIL: Final = 16  # the first byte of a character, and all others
SUSPECT: Final = 32  # control characters, surrogates, replacement characters, backslashes
SMALL: Final = 64  # letters that have capitals
CAPITAL_OR_DIGIT: Final = 128  # twice SMALL, so that a shift compares neighbours

CODE_POINTS: Final = 0x110000
_BLANK: Final = 0x20
_PATTERNS: Final = {
    LETTER: r"[\p{L}\p{M}]+",
    WORD: r"[\p{L}\p{M}\p{N}]+",
    SPACE: r"[\s\x1c-\x1f]+",
    UTF8_HEAD: "[Â-ï]+",
    UTF8_TAIL: "[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]+",
    SMALL: r"\p{Ll}+",
    CAPITAL_OR_DIGIT: r"[\p{Lu}\p{Nd}]+",
    SUSPECT: r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd\ud800-\udfff\\]+",
}


@lru_cache(256)  # several checks ask for the same texts and sentences
def kinds_of(text: str) -> Kinds:
    """Return the kinds of each character of a text, added up."""
    found: Kinds = _table()[codes_of(text)]
    return found


def codes_of(text: str) -> Codes:
    """Return the code points of a text."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def text_of(codes: Codes) -> str:
    """Return the text of code points."""
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


def count(text: str, kind: int) -> int:
    """Return how many characters of a text are of a kind."""
    return int(np.count_nonzero(kinds_of(text) & kind))


def count_in_spans(text: str, spans: Iterable[tuple[int, int]], kind: int) -> list[int]:
    """Return how many characters of a kind are in each span, given by its start and end."""
    before = [0, *np.cumsum((kinds_of(text) & kind) != 0).tolist()]
    size = len(text)
    return [before[min(end, size)] - before[min(start, size)] for start, end in spans]


@lru_cache(64)  # the English passage serves all languages
def folded_words(text: str) -> str:
    """Return the words of a text without case, with single blanks between them."""
    return only_words(text).casefold()


def only_words(text: str) -> str:
    """Return a text with everything between its words as single blanks."""
    inside = (kinds_of(text) & WORD) != 0
    codes = np.where(inside, codes_of(text), np.uint32(_BLANK))
    kept = inside.copy()
    kept[:1] = True
    kept[1:] |= inside[:-1]  # the first character behind each word
    return text_of(codes[kept])


def matching(pattern: str) -> npt.NDArray[np.bool_]:
    """Return for every code point whether it matches a pattern of runs of characters."""
    found = np.zeros(CODE_POINTS, np.bool_)
    for run in regex.finditer(pattern, _all_characters(), flags=regex.VERSION1):
        found[run.start() : run.end()] = True
    return found


@cache
def _table() -> Kinds:
    table: Kinds = np.zeros(CODE_POINTS, np.uint8)
    for kind, pattern in _PATTERNS.items():
        table[matching(pattern)] |= kind
    return table


@cache
def _all_characters() -> str:
    return text_of(np.arange(CODE_POINTS, dtype=np.uint32))
