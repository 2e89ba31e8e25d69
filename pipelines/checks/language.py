"""Checks of the language: script, copies of the English text, language identification."""

from collections.abc import Iterator
from typing import Final

import regex
from rapidfuzz.distance import Levenshtein

from pipelines.checks.field_pair import FieldPair
from pipelines.text import language_id
from pipelines.text.language_id import (
    LanguageVerdict,
    english_evidence,
    mask_names,
    verify_language,
)
from pipelines.text.script import letters, script_share
from pipelines.text.second_opinion import find_opinion
from schemas.check import Check
from schemas.language import LANGUAGES

_NOT_LETTER: Final = regex.compile(r"[^\p{L}\p{M}]+")
_LOWER_CASE_WORD: Final = regex.compile(r"(?<![\p{L}\p{N}])\p{Ll}{2,}")
_SENTENCE_LETTERS: Final = 30
_SHORT: Final = 300  # characters; longer texts have enough letters beside the names
_START, _SURE = 80, 20  # what differs in its first 20 letters, within 80 characters, is no copy
_UNVERIFIED: Final = {
    language_id.SHORT: "unverified_short",
    language_id.SCRIPT_ONLY: "script_only",
}


def wrong_script(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation with too few letters of its language's script."""
    if letters(pair.source) < pair.limits.script_letters:
        yield pair.skip("wrong_script")
        return
    share, least = _script_share(pair)
    yield pair.refuse("wrong_script", share, least, share < least)


def copy_of_source(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation with the letters of the English text, case and marks aside.

    Texts of names alone may be the same in both languages. The value is the share of the field,
    or of a passage's sentences, that is copied.
    """
    lower_case = 1 if pair.field == "question" else 2
    if not _may_not_be_copied(pair.source, pair.limits.copy_letters, lower_case):
        yield pair.skip("copy_of_source")
        return
    copied = float(_is_copy(pair.source, pair.target))
    segments = [s for s in pair.segments() if _may_not_be_copied(s[0], _SENTENCE_LETTERS, 2)]
    if segments and not copied:
        copied = sum(_is_copy(*segment) for segment in segments) / len(segments)
    most = pair.limits.copied_sentences
    yield pair.refuse("copy_of_source", copied, most, copied > most)


def wrong_language(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation that is English (`untranslated`) or in another language.

    What cannot be told apart, is too short or is in a language nobody detects is skipped, each
    under a name of its own, and never counts as verified.
    """
    share, least_share = _script_share(pair)
    if share < least_share:
        return
    opinion, least = find_opinion(pair.language_model), pair.limits.language
    found = verify_language(pair.target, pair.lang, pair.source, opinion, least)
    if found.verdict in _UNVERIFIED:
        yield _unverified(pair, found)
    elif found.verdict == language_id.SIMILAR:
        yield _similar(pair, found)
    elif found.evidence is None:  # the script decides
        yield pair.refuse("wrong_language", share, least_share, False)
    elif found.verdict == language_id.DISAGREEMENT:
        yield pair.flag("language_disputed", found.evidence, least, True)
    else:
        name = "untranslated" if found.verdict == language_id.UNTRANSLATED else "wrong_language"
        yield pair.refuse(name, found.evidence, least, found.verdict != language_id.VERIFIED)


def english_sentence(pair: FieldPair) -> Iterator[Check]:
    """Refuse a passage with a sentence that is still English.

    The value is, of the sentence that is worst off, the evidence against English or, in scripts
    other than Latin, the share of the script.
    """
    language = LANGUAGES[pair.lang]
    sentences = [text for _, text in pair.segments() if letters(text) >= _SENTENCE_LETTERS]
    if not sentences or (language.script == "Latn" and not language.langdetect):
        return
    if language.script == "Latn":
        lowest = min(english_evidence(text, pair.lang, pair.source) for text in sentences)
        least = pair.limits.english_sentence
    else:
        lowest = min(script_share(text, language.script) for text in sentences)
        least = pair.limits.sentence_script
    yield pair.refuse("english_sentence", lowest, least, lowest < least)


def _similar(pair: FieldPair, found: LanguageVerdict) -> Check:
    """Return a skipped check; a text that is clearly in the similar language is flagged."""
    least = pair.limits.look_alike
    if found.evidence is not None and found.evidence <= least:
        return pair.flag("similar_language", found.evidence, least, True)
    return pair.skip("similar_language", found.evidence, least)


def _unverified(pair: FieldPair, found: LanguageVerdict) -> Check:
    """Return a skipped check; a near copy of the English text is refused none the less."""
    likely_english = found.evidence is not None and found.evidence < -language_id.SOME
    if found.verdict == language_id.SCRIPT_ONLY and likely_english:
        similarity = Levenshtein.normalized_similarity(pair.source, pair.target)
        if similarity >= pair.limits.near_copy:
            return pair.refuse("untranslated", similarity, pair.limits.near_copy, True)
    return pair.skip(_UNVERIFIED[found.verdict], found.evidence, pair.limits.language)


def _script_share(pair: FieldPair) -> tuple[float, float]:
    """Return the share of the expected script and the least share of a correct text.

    Names may stay Latin in other scripts, so those of the source do not count in short texts.
    """
    script = LANGUAGES[pair.lang].script
    if script == "Latn":
        return script_share(pair.target, script), pair.limits.script
    return script_share(_without_names(pair), script), pair.limits.script_not_latin


def _without_names(pair: FieldPair) -> str:
    return mask_names(pair.target, pair.source) if len(pair.source) < _SHORT else pair.target


def _may_not_be_copied(text: str, least: int, lower_case: int) -> bool:
    """Return whether a text has enough letters and words that are no names."""
    words = _LOWER_CASE_WORD.findall(text, endpos=_START)
    return letters(text) >= least and len(words) >= lower_case


def _is_copy(source: str, target: str) -> bool:
    alike = _dense(source[:_START])[:_SURE] == _dense(target[:_START])[:_SURE]
    return alike and _dense(source) == _dense(target)


def _dense(text: str) -> str:
    return _NOT_LETTER.sub("", text).casefold()
