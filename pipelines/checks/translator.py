"""Checks of what the translator, or the whole corpus, says about a translation."""

from collections.abc import Iterator

from pipelines.checks.field_pair import FieldPair
from schemas.check import Check


def decode_limit(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation that the model did not end itself: its end is missing."""
    yield pair.refuse("decode_limit", float(not pair.finished), 1.0, not pair.finished)


def target_duplicate(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation that many different English texts got: a stock sentence."""
    most = pair.limits.duplicates
    yield pair.refuse("target_duplicate", pair.duplicates, most, pair.duplicates > most)


def unknown_words(pair: FieldPair) -> Iterator[Check]:
    """Refuse or flag a translation with many words that the translator left as they were."""
    share, limits = pair.unknown_share, pair.limits
    if share is None:
        return
    if share >= limits.unknown_refused:
        yield pair.refuse("unknown_words", share, limits.unknown_refused, True)
    else:
        flagged = share >= limits.unknown_flagged
        yield pair.flag("unknown_words", share, limits.unknown_flagged, flagged)


def low_score(pair: FieldPair) -> Iterator[Check]:
    """Flag a translation whose score lies far under those of its language in this run."""
    if pair.score is None or pair.scores is None:
        return
    spreads = (pair.score - pair.scores.median) / pair.scores.mad
    least = -pair.limits.score_spreads
    yield pair.flag("low_score", spreads, least, spreads < least)
