"""Checks of meaning: what a sentence encoder says of a text and its translation."""

from collections.abc import Iterator
from typing import Final

from pipelines.checks.content import overlap_spreads
from pipelines.checks.field_pair import FieldPair
from pipelines.checks.lowest_score import lowest_score
from schemas.check import Check
from schemas.manifest import Calibration
from schemas.reason import declare_reason

OTHER_MEANING: Final = declare_reason(
    "other_meaning", "it says something else than the English text, by a sentence encoder"
)
NEIGHBOURS_MEANING: Final = declare_reason(
    "neighbours_meaning",
    "the question translates another question about the passage, by a sentence encoder",
)
MEANING_REASONS: Final = frozenset({OTHER_MEANING, NEIGHBOURS_MEANING})


def other_meaning(pair: FieldPair) -> Iterator[Check]:
    """Refuse a text if a sentence of it is far less similar to the English than they usually are.

    A question must be more similar than that where it also shares fewer words with its passage than
    usual, and where shared words tell nothing, as the English question has few of them.
    """
    judged = pair.compared()
    if not judged or not pair.usual_meaning:
        return
    least = lowest_score(pair.usual_meaning, pair.limits.meaning_share, len(judged))
    if pair.field == "question":
        least = max(least, _least_of_question(pair, pair.usual_meaning))
    lowest = min(similarity for _, similarity in judged)
    spoiled = [english for english, similarity in judged if similarity < least]
    if pair.field == "passage":
        yield pair.refuse_sentences(OTHER_MEANING, lowest, least, spoiled)
    else:
        yield pair.refuse_unless_name(OTHER_MEANING, lowest, least, bool(spoiled))


def _least_of_question(pair: FieldPair, usual: Calibration) -> float:
    """Return the least similarity of a question, by the words that it shares with its passage."""
    spreads, limits = overlap_spreads(pair), pair.limits
    if spreads is None:
        allowed = limits.meaning_alone
    else:
        allowed = max(limits.meaning_unrelated + limits.meaning_overlap * min(spreads, 0.0), 1.0)
    return usual.median - allowed * usual.mad


def neighbours_meaning(pair: FieldPair) -> Iterator[Check]:
    """Refuse a question that is clearly more similar to another question about the passage."""
    if pair.usual_meaning is None or pair.margin is None:
        return
    spreads = pair.margin / pair.usual_meaning.mad
    least = -pair.limits.meaning_spreads
    yield pair.refuse(NEIGHBOURS_MEANING, spreads, least, spreads < least)
