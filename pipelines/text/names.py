"""Tell names and terms that stand alone, which tell no language and may stay as they are."""

from functools import lru_cache
from typing import Final

import regex

from pipelines.text.words import WORD

# No other language of the table begins a sentence so.
QUESTION_OPENING: Final = regex.compile(
    r"\W*(?:how|what|who|whom|whose|which|when|where|why|does|did)\b(?!-)", regex.IGNORECASE
)
_LOWER_CASE_WORD: Final = regex.compile(r"(?<![\p{L}\p{N}])\p{Ll}[\p{Ll}\p{M}]+")
_PARTICLES: Final = frozenset(
    {"van", "von", "der", "den", "dem", "des", "de", "del", "della", "di", "da", "do", "dos", "du"}
    | {"la", "le", "les", "el", "al", "bin", "ibn", "und", "et"}
)
_ENGLISH_PARTICLES: Final = frozenset({"of", "the", "and", "for", "in", "on", "at", "to", "an"})
_CAPITAL: Final = regex.compile(r"\p{Lu}")
_SENTENCE_END: Final = regex.compile(r"[?!]|\p{Ll}{3}[.:;]\s")
_LONGEST: Final = 80  # characters
_WORDS_OF_A_TERM: Final = 2


def lower_case_words(text: str) -> set[str]:
    """Return the words in small letters, without the particles of foreign names."""
    return set(_LOWER_CASE_WORD.findall(text)) - _PARTICLES


def share_of_names(text: str) -> float:
    """Return the share of a short text's words that begin with a capital; 0 for longer texts."""
    words: list[str] = WORD.findall(text) if len(text) <= _LONGEST else []
    return sum(word[0].isupper() for word in words) / max(1, len(words))


@lru_cache(16)  # several checks ask for the same text in a row
def is_name(text: str) -> bool:
    """Return whether an English text is nothing but a name or term.

    That is a title such as "Lord of the Rings", or one or two words such as "melatonin" and
    "Trypanosoma brucei". Translators rightly leave many of them as they are, and change the
    length of others.
    """
    if len(text) > _LONGEST or QUESTION_OPENING.match(text) or _SENTENCE_END.search(text):
        return False
    if len(text.split()) <= _WORDS_OF_A_TERM:
        return True
    return bool(_CAPITAL.search(text)) and not lower_case_words(text) - _ENGLISH_PARTICLES
