"""How two texts relate: what a question shares with its passage, and one length with the other."""

import math
from functools import lru_cache
from typing import Final

from pipelines.text.characters import folded_words
from schemas.language import LANGUAGES

# On XQuAD, what a translated question shares with its passage follows what the English one
# shares by this slope; the rest is a matter of the language and is calibrated.
EXPECTED_SLOPE: Final = 0.65

_LENGTH: Final = 4
_LENGTH_UNSPACED: Final = 2
_MANY: Final = 1000  # n-grams; so many are not looked up one by one


def length_ratio(source: str, target: str) -> float:
    """Return ln(target characters / source characters); both texts must not be empty."""
    return math.log(len(target) / len(source))


@lru_cache(64)  # what the English question shares is compared with every language
def shared_part(question: str, passage: str, lang: str) -> float:
    """Return the share of a question's distinct character n-grams that stand in the passage.

    N-grams have four characters, two in languages without spaces between words and sentences.
    """
    length = _LENGTH if LANGUAGES[lang].spaces else _LENGTH_UNSPACED
    dense = folded_words(question)
    wanted = {dense[i : i + length] for i in range(len(dense) - length + 1)}
    text = folded_words(passage)
    if len(wanted) > _MANY:
        found = len(wanted & {text[i : i + length] for i in range(len(text) - length + 1)})
    else:
        found = sum(map(text.__contains__, wanted))
    return found / len(wanted) if wanted else 0.0


def overlap_residual(
    source: str, source_passage: str, target: str, target_passage: str, lang: str
) -> float:
    """Return how much more a question shares with its passage than the English one suggests."""
    expected = EXPECTED_SLOPE * shared_part(source, source_passage, "en")
    return shared_part(target, target_passage, lang) - expected
