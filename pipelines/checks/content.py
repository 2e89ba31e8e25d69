"""Checks of the content: numbers, the form of a question, whether question and passage belong."""

from collections.abc import Collection, Iterator, Set
from typing import Final

import numpy as np
import regex
from rapidfuzz.distance import OSA

from pipelines.checks.field_pair import FieldPair
from pipelines.checks.length import ends_as_question, marks_questions
from pipelines.text.characters import SMALL, kinds_of
from pipelines.text.numerals import (
    dense_digits,
    has_digits,
    in_ascii_digits,
    lost_numbers,
    numbers,
    without_numbers,
)
from pipelines.text.relatedness import EXPECTED_SLOPE, shared_part
from pipelines.text.scale_words import is_cut
from pipelines.text.script import letters
from schemas.check import Check
from schemas.language import LANGUAGES
from schemas.reason import declare_reason

_LETTERS_OF_A_QUESTION: Final = 20
_CUT: Final = 5  # digits of a number whose thousands may be lost
_SPELLED_OUT: Final = regex.compile(r"(?<!\d)\d+(?:s|st|nd|rd|th)\b")

# Letters before a digit, and a capital inside of a word of small letters; not German's BürgerInnen.
_GLUED: Final = regex.compile(r"\p{Ll}{3,}\d+|\p{Ll}{2,}(?!Innen\b)\p{Lu}\p{Ll}{2,}")
# Languages that write so themselves: Bantu prefixes (isiZulu, ngo2010), Gaelic ones (bhFrainc).
_PREFIX_LANGUAGES: Final = frozenset(
    {
        *("bem", "cjk", "kam", "kg", "ki", "kj", "kmb", "kqn", "kwn", "kwy", "lg", "ln", "loz"),
        *("lu", "lua", "lue", "lun", "ng", "nso", "ny", "nyk", "rn", "rnd", "rw", "sn", "ss"),
        *("st", "sw", "swc", "tll", "tn", "toi", "ts", "tum", "umb", "xh", "zu"),
        *("ga", "gd", "gv"),
    }
)

_NUMBER_MISSING: Final = declare_reason("number_missing", "a number of the English text is missing")


def number_missing_from_short_text(pair: FieldPair) -> Iterator[Check]:
    """Refuse a question whose number was changed or, unless it may be spelled out, lost.

    A changed number has another one in its place. Numbers of one digit, of two (flagged), round
    ones (`100`), centuries (`20th`) and decades (`1980s`) may be spelled out.
    """
    if not has_digits(pair.source):
        return
    lost = lost_numbers(_SPELLED_OUT.sub(" ", pair.source), pair.target, 1)
    lost_long = [number for number in lost if len(number) > 2 and number.rstrip("0") != "1"]
    lost_any = lost_numbers(pair.source, pair.target, 1)
    if lost_long or (lost_any and lost_numbers(pair.target, pair.source, 1)):
        yield pair.refuse(_NUMBER_MISSING, len(lost_any), 1, True)
    else:
        yield pair.flag(_NUMBER_MISSING, len(lost), 1, any(len(number) > 1 for number in lost))


_NUMBER_CHANGED: Final = declare_reason("number_changed", "a number became another one")


def number_missing_from_passage(pair: FieldPair) -> Iterator[Check]:
    """Refuse a passage in which a number became another; flag one without a number of its source.

    One in ten passages of human translators lacks a number: they write out, round, convert. The
    flag `number_changed` says that another one of as many digits, three or more, is there. It
    rejects where just one number changed, by one digit or by two that are swapped: no rounding and
    hardly a conversion does so. Of 2,400 human translations 7 do, and all 7 are mistakes. And it
    rejects where the thousands are gone: `1 in 215,000` as `1 em 215`.
    """
    wanted = numbers(pair.source, 2)
    if not wanted:
        return
    lost = lost_numbers(pair.source, pair.target, 2)
    new = lost_numbers(pair.target, pair.source, 3) if lost else frozenset()
    sizes = set(map(len, new))
    changed = sum(len(number) in sizes for number in lost)
    cut = _cut_numbers(pair, lost)
    most = pair.limits.spoiled_sentences * len(wanted)
    if _is_slip(lost, new) and changed > most:
        yield pair.refuse(_NUMBER_CHANGED, changed, 1, True)
    elif cut > most:
        yield pair.refuse(_NUMBER_CHANGED, cut, 1, True)
    else:
        yield pair.flag(_NUMBER_CHANGED, changed, 1, changed > 0)
    yield pair.flag(_NUMBER_MISSING, len(lost), 1, bool(lost))


def _is_slip(lost: Collection[str], new: Collection[str]) -> bool:
    """Return whether just one number became another, by one digit or by two that are swapped."""
    long = [number for number in lost if len(number) > 2]
    if len(long) != 1 or len(new) != 1:
        return False
    (before,), (after,) = long, new
    return len(before) == len(after) and OSA.distance(before, after) == 1


def _cut_numbers(pair: FieldPair, lost: Set[str]) -> int:
    """Return how many of the lost numbers stand in their sentence without their thousands."""
    long = {number for number in lost if len(number) >= _CUT}
    if not long:
        return 0
    cut = set()
    for source, target in pair.segments() or [(pair.source, pair.target)]:
        if wanted := numbers(source, _CUT) & long:
            alone, text = numbers(target, 2) - numbers(source, 2), in_ascii_digits(target)
            cut |= {n for n in wanted if any(is_cut(n, first, text, pair.lang) for first in alone)}
    return len(cut)


_ANSWER_NUMBER_MISSING: Final = declare_reason(
    "answer_number_missing", "a number of the answer is missing in the passage"
)


def answer_number_missing(pair: FieldPair) -> Iterator[Check]:
    """Refuse a passage without a number of an answer; flag it for numbers of two digits.

    Centuries (`20th`) and decades (`1980s`) do not count, for they may be spelled out, nor do
    numbers that the English passage lacks as well: that answer was wrong before.
    """
    texts = [_SPELLED_OUT.sub(" ", answer) for answer in pair.answers]
    source = dense_digits(pair.source)
    named = frozenset(number for text in texts for number in numbers(text, 2))
    wanted = named - without_numbers(named, source)
    if not wanted:
        return
    lost = without_numbers(wanted, dense_digits(pair.target))
    if any(len(number) > 2 for number in lost):
        yield pair.refuse(_ANSWER_NUMBER_MISSING, len(lost), 1, True)
    else:
        yield pair.flag(_ANSWER_NUMBER_MISSING, len(lost), 1, bool(lost))


_GLUED_WORDS: Final = declare_reason("glued_words", "words that ran into one another")


def glued_words(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation in which words ran into one another; flag one with few such places.

    Letters before a digit (`periodode10`) and capitals inside of words (`casaNueva`) tell it, where
    English has no such word. Of 2,400 human translations 5 have one place, all of them slips, and
    none has more.
    """
    if not LANGUAGES[pair.lang].word_spaces or pair.lang in _PREFIX_LANGUAGES:
        return
    glued = glued_places(pair.source, pair.target)
    most = pair.limits.spoiled_sentences
    share = len(glued) / max(1, len(pair.target.split())) if glued else 0.0
    if share > most:
        yield pair.refuse(_GLUED_WORDS, share, most, True)
    else:
        yield pair.flag(_GLUED_WORDS, share, most, bool(glued))


def glued_places(source: str, target: str) -> list[str]:
    """Return where words of a translation ran into one another."""
    kinds = kinds_of(target)
    behind_small = (kinds[:-1] & SMALL) << 1  # the bit of CAPITAL_OR_DIGIT
    found: list[str] = []
    end = 0
    for place in np.flatnonzero(behind_small & kinds[1:]).tolist():
        if place >= end:  # in another word than the places before
            start = target.rfind(" ", 0, place) + 1
            end = target.find(" ", place) % (len(target) + 1)
            found += _GLUED.findall(target, start, end)
    return [glued for glued in found if glued not in source]


_UNRELATED: Final = declare_reason(
    "unrelated", "question and passage have far fewer words in common than in English"
)


def unrelated(pair: FieldPair) -> Iterator[Check]:
    """Refuse a question that repeats far less of its passage than the English one does.

    A question shares words and names with the passage that answers it, in any language; another
    row's question or passage breaks that. The value is in robust deviations. Where a sentence
    encoder has compared the question with the English one, it decides (`other_meaning`).
    """
    spreads = overlap_spreads(pair)
    if spreads is None:
        yield pair.skip(_UNRELATED)
        return
    least = -pair.limits.overlap_spreads
    refused = spreads < least
    if refused:
        found = shared_part(pair.target, pair.target_passage, pair.lang)
        refused = found < pair.limits.overlap_enough
    if pair.meaning_is_known():
        yield pair.flag(_UNRELATED, spreads, least, refused)
    else:
        yield pair.refuse_unless_name(_UNRELATED, spreads, least, refused)


def overlap_spreads(pair: FieldPair) -> float | None:
    """Return how much more of its passage a question repeats than usual, in robust deviations.

    None where that is not known, or the English one repeats little of it.
    """
    if pair.overlap is None or not pair.target_passage:
        return None
    expected = shared_part(pair.source, pair.source_passage, "en")
    if expected < pair.limits.overlap_least:
        return None
    found = shared_part(pair.target, pair.target_passage, pair.lang)
    return (found - EXPECTED_SLOPE * expected - pair.overlap.median) / pair.overlap.mad


_QUESTION_ANSWERED: Final = declare_reason(
    "question_answered", "the question stands in the passage word for word"
)


def question_answered(pair: FieldPair) -> Iterator[Check]:
    """Flag a question that stands in its passage word for word and in English does not."""
    question = pair.target.strip()
    if letters(question) < _LETTERS_OF_A_QUESTION:
        return
    copied = question in pair.target_passage and pair.source.strip() not in pair.source_passage
    yield pair.flag(_QUESTION_ANSWERED, float(copied), 1.0, copied)


_QUESTION_FORM: Final = declare_reason(
    "question_form", "a question lost its question mark, or a statement got one"
)


def question_form(pair: FieldPair) -> Iterator[Check]:
    """Flag a question that lost, or got, its question mark."""
    if marks_questions(pair.lang):
        differs = ends_as_question(pair.source) != ends_as_question(pair.target)
        yield pair.flag(_QUESTION_FORM, float(differs), 1.0, differs)
