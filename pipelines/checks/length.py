"""Checks of the length, in characters, against that of correct translations."""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex

from pipelines.checks.field_pair import FieldPair
from pipelines.checks.lowest_score import lowest_score
from pipelines.text.numerals import lost_numbers, numbers
from pipelines.text.relatedness import length_ratio as ratio
from pipelines.text.words import WORD_CHARACTER
from schemas.check import Check
from schemas.language import LANGUAGES
from schemas.reason import declare_reason

# Full stops only behind letters, brackets and quotation marks: decimals are no sentence ends.
_END: Final = regex.compile(
    r"(?<=[\p{L}\p{M}\p{Pe}\p{Pf}\"'”%][\p{Pe}\p{Pf}\"'”]?|\d)[.!?؟۔।|።։།။៕។…]+"
    r"[\p{Pe}\p{Pf}\"'”’»]*(?=\s|$)|[。！？]"
)
_END_MARKS: Final = frozenset("?？؟;;՞፧⁇")
_WORD_CHARACTER: Final = regex.compile(r"\w")
# Thai and Lao mark no sentence ends; questions need no mark there, in Khmer and in Burmese.
_UNMARKED_SENTENCES: Final = frozenset({"Thai", "Laoo"})
_UNMARKED_QUESTIONS: Final = frozenset({"Thai", "Laoo", "Khmr", "Mymr", "Jpan", "Tibt"})
_NAME_LONGER: Final = math.log(4)  # greatest relative length of a name; it may be an acronym
_SENTENCE: Final = 40  # characters; shorter ones have no stable length


_LENGTH_RATIO: Final = declare_reason(
    "length_ratio", "far longer or shorter than translations into this language are"
)


def length_ratio(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation far longer or shorter than those of its language are.

    One that also lost sentence ends, its question mark or numbers may be shorter by less. One that
    is longer and, by a sentence encoder, says the same is flagged.
    """
    if not pair.target.strip() or len(pair.source) < pair.limits.short_text:
        yield pair.skip(_LENGTH_RATIO)
        return
    least, most = _band(pair)
    deviation = ratio(pair.source, pair.target) - pair.calibration.median
    threshold = least if deviation < 0 else most
    refused = not least <= deviation <= most
    if deviation > most and _says_the_same(pair):
        yield pair.flag(_LENGTH_RATIO, deviation, threshold, True)
    elif deviation < _NAME_LONGER:
        yield pair.refuse_unless_name(_LENGTH_RATIO, deviation, threshold, refused)
    else:
        yield pair.refuse(_LENGTH_RATIO, deviation, threshold, refused)


def _says_the_same(pair: FieldPair) -> bool:
    """Return whether all of a text is as similar to English as correct ones mostly are."""
    if not pair.usual_meaning or not pair.meaning_is_known():
        return False
    judged = pair.compared()
    least = lowest_score(pair.usual_meaning, pair.limits.meaning_sure, len(judged))
    return min(similarity for _, similarity in judged) >= least


_SENT_COUNT: Final = declare_reason("sent_count", "a sentence is missing")
_SENTENCE_SHORT: Final = declare_reason("sentence_short", "a sentence is far too short")
_SENTENCE_LONG: Final = declare_reason("sentence_long", "a sentence is far too long")


def sentence_length(pair: FieldPair) -> Iterator[Check]:
    """Refuse a passage with a sentence that is missing or cut; flag one with an overlong one."""
    segments = [(s, t) for s, t in pair.segments() if len(s) >= _SENTENCE]
    if not segments:
        return
    missing = sum(not target.strip() for _, target in segments)
    yield pair.refuse(_SENT_COUNT, missing, 1, missing > 0)
    if missing:
        return
    measured = [_sentence_deviation(pair, *segment) for segment in segments]
    value, least = min(measured, key=lambda found: found[0] - found[1])
    found = zip(segments, measured, strict=True)
    spoiled = [source for (source, _), (length, shortest) in found if length < shortest]
    yield pair.refuse_sentences(_SENTENCE_SHORT, value, least, spoiled)
    longest, most = max(measured)[0], pair.limits.sentence_longer
    yield pair.flag(_SENTENCE_LONG, longest, most, longest > most)


def _sentence_deviation(pair: FieldPair, source: str, target: str) -> tuple[float, float]:
    """Return the relative length of a sentence, and the least one."""
    limits = pair.limits
    wide = limits.widening if pair.calibration.origin == "widened" else 1.0
    lossy = _share_of_lost_ends(source, target, pair.lang) > 0
    least = limits.sentence_shorter_unended if lossy else limits.sentence_shorter
    return ratio(source, target) - pair.calibration.median, least * wide


def ends_as_question(text: str) -> bool:
    """Return whether a text ends in a question mark of any script."""
    for character in reversed(text):
        if character in _END_MARKS:
            return True
        if _WORD_CHARACTER.match(character):
            return False
    return False


def lost_mark(lang: str, source: str, target: str) -> bool:
    """Return whether a question lost the question mark that its language wants."""
    return marks_questions(lang) and ends_as_question(source) and not ends_as_question(target)


def marks_questions(lang: str) -> bool:
    """Return whether questions in a language end in a question mark."""
    return LANGUAGES[lang].script not in _UNMARKED_QUESTIONS


def _band(pair: FieldPair) -> tuple[float, float]:
    """Return the least and greatest relative length."""
    limits, mad = pair.limits, pair.calibration.mad
    if pair.field == "question" or len(pair.source) < limits.short_passage:
        most = max(limits.question_longer, limits.question_spreads_longer * mad)
        return _shortest_question(pair), most
    most = max(limits.passage_longer, limits.passage_spreads * mad)
    if _is_lossy(pair):
        return min(limits.passage_shorter_lossy, -limits.passage_spreads_lossy * mad), most
    return min(limits.passage_shorter, -limits.passage_spreads * mad), most


def _shortest_question(pair: FieldPair) -> float:
    """Return the least relative length; greater for a question that lost its mark as if cut."""
    limits = pair.limits
    wide = limits.widening if pair.calibration.origin == "widened" else 1.0
    if pair.unmarked <= limits.unmarked_usual and lost_mark(pair.lang, pair.source, pair.target):
        is_cut = WORD_CHARACTER.match(pair.target.rstrip()[-1:])
        return wide * (limits.question_shorter_cut if is_cut else limits.question_shorter_unended)
    return min(limits.question_shorter, -limits.question_spreads_shorter * pair.calibration.mad)


def _is_lossy(pair: FieldPair) -> bool:
    """Return whether a passage lost sentence ends or numbers, more than a few of many."""
    lost = len(lost_numbers(pair.source, pair.target, 2))
    most = pair.limits.spoiled_sentences
    if lost and lost > most * len(numbers(pair.source, 2)):
        return True
    return _share_of_lost_ends(pair.source, pair.target, pair.lang) > most


def _share_of_lost_ends(source: str, target: str, lang: str) -> float:
    """Return the share of sentence ends that a translation has fewer than its source."""
    if LANGUAGES[lang].script in _UNMARKED_SENTENCES:
        return 0.0
    ends = _sentence_ends(source)
    return (ends - len(_END.findall(target))) / max(1, ends)


@lru_cache(1024)  # an English sentence is compared with its translation in every language
def _sentence_ends(source: str) -> int:
    return len(_END.findall(source))
