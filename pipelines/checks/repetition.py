"""The check for loops: a model that says the same again and again."""

import re
import sys
from collections.abc import Iterator
from typing import Final

import numpy as np

from pipelines.checks.field_pair import FieldPair
from pipelines.text.characters import SPACE, Codes, codes_of, folded_words, kinds_of
from schemas.check import Check
from schemas.language import LANGUAGES
from schemas.reason import declare_reason

_PHRASE_WORDS: Final = 20
_PHRASE: Final = re.compile(rf"(.{{1,{_PHRASE_WORDS}}}?)\1{{2,}}", re.DOTALL)
_PHRASE_CHARACTERS: Final = 41
_CHARACTERS: Final = re.compile(r"(\S.{2,40}?)(?:\s{0,2}\1){2,}|([^\W\d_]{1,2})\2{4,}")
_WIDE_GAP: Final = re.compile(r"\s{3,}")
_LEAST_CHARACTERS: Final = 3
_LEAST_REPEATED: Final = 2  # words that stand elsewhere too, in the shortest loop
_CHARACTERS_IN_ALL: Final = sys.maxunicode + 1


_REPETITION: Final = declare_reason("repetition", "a phrase repeats again and again")


def repetition(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation that says a phrase three times in a row when English does not.

    A phrase has up to 20 words, or 40 characters where no spaces are written. The value is how
    often the phrase comes in a row.
    """
    times = _longest_loop(pair.target, pair.lang)
    least = pair.limits.repeats
    refused = times >= least and times > _longest_loop(pair.source, "en")
    yield pair.refuse(_REPETITION, times, least, refused)


def _longest_loop(text: str, lang: str) -> int:
    """Return how often in a row the most repeated phrase comes; 1 when none comes three times."""
    if not LANGUAGES[lang].word_spaces:  # a phrase is one of characters
        return _longest_loop_of_characters(text)
    words = folded_words(text).split()
    glued = [m for word in words if len(word) > 12 for m in [_CHARACTERS.search(word)] if m]
    times = max((len(m[0]) // len(m[1] or m[2]) for m in glued), default=1)
    numbers = {word: i for i, word in enumerate(dict.fromkeys(words))}
    if len(words) - len(numbers) < _LEAST_REPEATED:
        return times
    coded = list(map(numbers.__getitem__, words))
    if not _may_loop(np.array(coded, np.uint32), _PHRASE_WORDS):
        return times
    for loop in _PHRASE.finditer("".join(chr(code % _CHARACTERS_IN_ALL) for code in coded)):
        count = len(loop[0]) // len(loop[1])
        phrase = "".join(words[loop.start() : loop.start() + len(loop[1])])
        times = max(times, _weigh(phrase, count))
    return times


def _longest_loop_of_characters(text: str) -> int:
    if not _may_loop(codes_of(text)[kinds_of(text) & SPACE == 0], _PHRASE_CHARACTERS):
        return 1
    narrow = _WIDE_GAP.sub("  ", text)
    found = [(m[1] or m[2], len(m[0])) for m in _CHARACTERS.finditer(narrow)]
    return max((length // len(phrase) for phrase, length in found), default=1)


def _may_loop(codes: Codes, longest: int) -> bool:
    """Return whether up to `longest` codes come three times in a row; few texts have such."""
    for length in range(1, min(longest, len(codes) // 3) + 1):
        same = codes[length:] == codes[:-length]
        if np.count_nonzero(same) >= 2 * length:
            counted = np.concatenate(([0], np.cumsum(same)))
            if (counted[2 * length :] - counted[: -2 * length] == 2 * length).any():
                return True
    return False


def _weigh(phrase: str, count: int) -> int:
    """Return how often a phrase comes; less for small words and numbers, least for digits."""
    if phrase.isdigit():
        return count - 1 if len(phrase) > 1 else count // 3
    return count - 1 if len(phrase) < _LEAST_CHARACTERS else count
