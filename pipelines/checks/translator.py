"""Checks of what the translator, or the whole corpus, says about a translation."""

from collections.abc import Iterator
from typing import Final

from pipelines.checks.field_pair import FieldPair
from pipelines.text.names import share_of_names
from schemas.check import Check
from schemas.reason import declare_reason

_DECODE_LIMIT: Final = declare_reason(
    "decode_limit", "the translator reached its length limit: the end is missing"
)


def decode_limit(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation that the model did not end itself: its end is missing."""
    yield pair.refuse(_DECODE_LIMIT, float(not pair.finished), 1.0, not pair.finished)


_TARGET_DUPLICATE: Final = declare_reason(
    "target_duplicate", "many different English texts got this same translation"
)


def target_duplicate(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation that many different English texts got: a stock sentence."""
    most = pair.limits.duplicates
    yield pair.refuse(_TARGET_DUPLICATE, pair.duplicates, most, pair.duplicates > most)


_UNKNOWN_WORDS: Final = declare_reason(
    "unknown_words", "too many words the translator does not know"
)


def unknown_words(pair: FieldPair) -> Iterator[Check]:
    """Refuse or flag a translation with many words that the translator left as they were.

    In a short text that may be right: its names are not reckoned when it is refused.
    """
    share, limits = pair.unknown_share, pair.limits
    if share is None:
        return
    if share - share_of_names(pair.source) >= limits.unknown_refused:
        yield pair.refuse_unless_name(_UNKNOWN_WORDS, share, limits.unknown_refused, True)
    else:
        flagged = share >= limits.unknown_flagged
        yield pair.flag(_UNKNOWN_WORDS, share, limits.unknown_flagged, flagged)


_LOW_SCORE: Final = declare_reason("low_score", "the translator is less sure than it usually is")


def low_score(pair: FieldPair) -> Iterator[Check]:
    """Flag a translation whose score lies far under those of its language in this run."""
    if pair.score is None or pair.scores is None:
        return
    spreads = (pair.score - pair.scores.median) / pair.scores.mad
    least = -pair.limits.score_spreads
    yield pair.flag(_LOW_SCORE, spreads, least, spreads < least)
