"""The checks: each a pure function on one field of a row; all are computed, then one decides."""

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import regex
from rapidfuzz.distance import Levenshtein

from pipelines.calibration import length_ratio
from pipelines.language_id import (
    SCRIPT_ONLY,
    SHORT,
    THRESHOLD,
    UNTRANSLATED,
    WRONG_LANGUAGE,
    verify_language,
)
from pipelines.script import letters, script_share, script_threshold
from schemas.check import PASS, REJECT, SKIPPED, Check
from schemas.language import LANGUAGES
from schemas.manifest import Calibration

LEAST_LETTERS: Final = 0.1
COPY_SIMILARITY: Final = 0.8
COPY_SHORTEST: Final = 20
QUESTION_BAND: Final = math.log(2)
PASSAGE_BAND: Final = math.log(1.25)
PASSAGE_Z: Final = 4.0
# A text of few words has no stable length ratio: such passages are held to the question's band.
SHORT_PASSAGE: Final = 200
SHORT_TEXT: Final = 10
REPEATS: Final = 3

_LETTER_OR_DIGIT: Final = regex.compile(r"[\p{L}\p{M}\p{N}]")
_NOT_LETTER: Final = regex.compile(r"[^\p{L}\p{M}]+")
_LOOP: Final = {
    True: regex.compile(r"(?<!\S)(\S.{2,100}?)(?:\s*\1){2,}"),
    False: regex.compile(r"(\S.{2,100}?)(?:\s*\1){2,}"),
}


@dataclass(frozen=True, slots=True)
class FieldPair:
    """A field in English and in the target language, and what is known about it.

    Attributes:
        field: `question` or `passage`.
        lang: BCP-47 code of the target language.
        source: The English text.
        target: The translation.
        finished: Whether the model ended all of its segments itself.
        calibration: Length ratios of correct translations.
    """

    field: str
    lang: str
    source: str
    target: str
    finished: bool
    calibration: Calibration


def run_checks(pair: FieldPair) -> list[Check]:
    """Return the outcome of every check, the most telling first."""
    return [check for rule in _RULES for check in rule(pair)]


def empty(pair: FieldPair) -> list[Check]:
    """Refuse a translation with fewer than a tenth letters and digits, such as rows of dots.

    A source without letters (a formula, an emoji) may have such a translation.
    """
    share = _share_of_text(pair.target)
    wanted = min(LEAST_LETTERS, _share_of_text(pair.source))
    refused = not pair.target.strip() or share < wanted
    return [_check("empty", pair, share, LEAST_LETTERS, refused)]


def decode_limit(pair: FieldPair) -> list[Check]:
    """Refuse a translation that the model did not end itself: its end is missing."""
    return [_check("decode_limit", pair, float(not pair.finished), 1.0, not pair.finished)]


def wrong_script(pair: FieldPair) -> list[Check]:
    """Refuse a translation with too few letters of its language's script."""
    script = LANGUAGES[pair.lang].script
    if letters(pair.target) < SHORT_TEXT:
        return [Check("wrong_script", pair.field, None, None, SKIPPED)]
    share, threshold = script_share(pair.target, script), script_threshold(script)
    return [_check("wrong_script", pair, share, threshold, share < threshold)]


def copy_of_source(pair: FieldPair) -> list[Check]:
    """Refuse a translation with the letters of the English text, case and marks aside."""
    source, target = (_NOT_LETTER.sub("", t).casefold() for t in (pair.source, pair.target))
    if len(source) < COPY_SHORTEST:
        return [Check("copy_of_source", pair.field, None, None, SKIPPED)]
    same = float(source == target)
    return [_check("copy_of_source", pair, same, 1.0, source == target)]


def language(pair: FieldPair) -> list[Check]:
    """Refuse a translation that is English (`untranslated`) or in another language.

    Texts that are too short to tell, and languages the detector does not know, are skipped
    and never count as verified.
    """
    script = LANGUAGES[pair.lang].script
    if script_share(pair.target, script) < script_threshold(script):
        return []
    found = verify_language(pair.target, pair.lang)
    if found.verdict == SHORT:
        return [Check(WRONG_LANGUAGE, pair.field, None, None, SKIPPED)]
    if found.verdict == SCRIPT_ONLY:
        return [_not_english(pair, found.probability)]
    refused = found.verdict in {UNTRANSLATED, WRONG_LANGUAGE}
    name = UNTRANSLATED if found.verdict == UNTRANSLATED else WRONG_LANGUAGE
    return [_check(name, pair, found.probability, THRESHOLD, refused)]


def _not_english(pair: FieldPair, not_english: float) -> Check:
    """Return the verdict for a language the detector does not know: skipped, or a near copy."""
    near_copy = (
        not_english <= THRESHOLD
        and Levenshtein.normalized_similarity(pair.source, pair.target) >= COPY_SIMILARITY
    )
    if near_copy:
        return _check(UNTRANSLATED, pair, not_english, THRESHOLD, True)
    return Check(WRONG_LANGUAGE, pair.field, not_english, THRESHOLD, SKIPPED)


def length(pair: FieldPair) -> list[Check]:
    """Refuse a translation far longer or shorter than those of its language are."""
    if not pair.target.strip() or len(pair.source) < SHORT_TEXT:
        return [Check("length_ratio", pair.field, None, None, SKIPPED)]
    widened = pair.calibration.origin == "widened"
    if pair.field == "question" or len(pair.source) < SHORT_PASSAGE:
        band = QUESTION_BAND * (1.5 if widened else 1.0)
    else:
        band = max(PASSAGE_Z * pair.calibration.mad, PASSAGE_BAND)
    deviation = length_ratio(pair.source, pair.target) - pair.calibration.median
    return [_check("length_ratio", pair, deviation, band, abs(deviation) > band)]


def repetition(pair: FieldPair) -> list[Check]:
    """Refuse a translation that says a phrase three times in a row when English does not."""
    loop = _LOOP[LANGUAGES[pair.lang].spaces]
    refused = bool(loop.search(pair.target)) and not _LOOP[True].search(pair.source)
    return [_check("repetition", pair, float(refused), 1.0, refused)]


_RULES: Final[tuple[Callable[[FieldPair], list[Check]], ...]] = (
    empty,
    decode_limit,
    wrong_script,
    copy_of_source,
    language,
    length,
    repetition,
)


def _check(name: str, pair: FieldPair, value: float, threshold: float, refused: bool) -> Check:
    return Check(name, pair.field, value, threshold, REJECT if refused else PASS)


def _share_of_text(text: str) -> float:
    dense = [c for c in text if not c.isspace() and unicodedata.category(c) != "Cf"]
    return len(_LETTER_OR_DIGIT.findall("".join(dense))) / len(dense) if dense else 0.0
