"""Checks of meaning: what a sentence encoder says of a text and its translation."""

from collections.abc import Iterator
from typing import Final

from pipelines.checks.field_pair import FieldPair
from pipelines.checks.lowest_score import lowest_score
from pipelines.text.script import letters
from schemas.check import Check
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

    A few letters, such as a number in a list, have too little meaning to be compared.
    """
    if pair.usual_meaning is None or not pair.meaning:
        return
    texts = pair.segments() if pair.field == "passage" else [(pair.source, pair.target)]
    judged = [
        (english, similarity)
        for (english, _), similarity in zip(texts, pair.meaning, strict=True)
        if letters(english) >= pair.limits.meaning_letters
    ]
    if not judged:
        return
    least = lowest_score(pair.usual_meaning, pair.limits.meaning_share, len(judged))
    lowest = min(similarity for _, similarity in judged)
    spoiled = [english for english, similarity in judged if similarity < least]
    if pair.field == "passage":
        yield pair.refuse_sentences(OTHER_MEANING, lowest, least, spoiled)
    else:
        yield pair.refuse_unless_name(OTHER_MEANING, lowest, least, bool(spoiled))


def neighbours_meaning(pair: FieldPair) -> Iterator[Check]:
    """Refuse a question that is clearly more similar to another question about the passage."""
    if pair.usual_meaning is None or pair.margin is None:
        return
    spreads = pair.margin / pair.usual_meaning.mad
    least = -pair.limits.meaning_spreads
    yield pair.refuse(NEIGHBOURS_MEANING, spreads, least, spreads < least)
