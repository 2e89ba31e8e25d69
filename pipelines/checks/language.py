"""Checks of the language: script, copies of the English text, language identification."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import regex
from rapidfuzz.distance import Levenshtein

from pipelines.checks.field_pair import FieldPair
from pipelines.text import language_id
from pipelines.text.characters import LETTER, count_in_spans
from pipelines.text.language_id import (
    LanguageVerdict,
    english_evidence,
    mask_names,
    verify_language,
)
from pipelines.text.script import letters, script_share
from pipelines.text.second_opinion import find_opinion
from pipelines.text.words import NOT_LETTERS
from schemas.check import Check
from schemas.language import LANGUAGES, SOURCE_LANGUAGE
from schemas.reason import declare_reason

_ENGLISH_SCRIPT: Final = LANGUAGES[SOURCE_LANGUAGE].script
_LOWER_CASE_WORD: Final = regex.compile(r"(?<![\p{L}\p{N}])\p{Ll}{2,}")
_SENTENCE_LETTERS: Final = 30
_SHORT: Final = 300  # characters; longer texts have enough letters beside the names
_START, _SURE = 80, 20  # what differs in its first 20 letters, within 80 characters, is no copy
_COMPARED: Final = 100_000  # characters; the time grows with their square
_UNVERIFIED_SHORT: Final = declare_reason("unverified_short", "too short to tell the language")
_SCRIPT_ONLY: Final = declare_reason(
    "script_only", "no detector knows the language; only its script was checked"
)
_UNVERIFIED: Final = {
    language_id.SHORT: _UNVERIFIED_SHORT,
    language_id.SCRIPT_ONLY: _SCRIPT_ONLY,
}


_WRONG_SCRIPT: Final = declare_reason(
    "wrong_script", "too few letters in the script of the language"
)


def wrong_script(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation with too few letters of its language's script."""
    if letters(pair.source) < pair.limits.script_letters:
        yield pair.skip(_WRONG_SCRIPT)
        return
    share, least = _script_share(pair)
    if script_share(pair.target, _ENGLISH_SCRIPT) >= least:  # a name may stay as it is
        yield pair.refuse_unless_name(_WRONG_SCRIPT, share, least, share < least)
    else:
        yield pair.refuse(_WRONG_SCRIPT, share, least, share < least)


_COPY_OF_SOURCE: Final = declare_reason("copy_of_source", "a copy of the English text")


def copy_of_source(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation with the letters of the English text, case and marks aside.

    Texts of names alone may be the same in both languages. The value is the share of the field,
    or of a passage's sentences, that is copied.
    """
    lower_case = 1 if pair.field == "question" else 2
    if not _may_not_be_copied(pair.source, pair.limits.copy_letters, lower_case):
        yield pair.skip(_COPY_OF_SOURCE)
        return
    copied = float(_is_copy(pair.source, pair.target))
    segments = [s for s in pair.segments() if _may_not_be_copied(s[0], _SENTENCE_LETTERS, 2)]
    if segments and not copied:
        copied = sum(_is_copy(*segment) for segment in segments) / len(segments)
    most = pair.limits.copied_sentences
    yield pair.refuse_unless_name(_COPY_OF_SOURCE, copied, most, copied > most)


_WRONG_LANGUAGE: Final = declare_reason("wrong_language", "not recognised as the language")
_LANGUAGE_DISPUTED: Final = declare_reason("language_disputed", "two language detectors disagree")
_UNTRANSLATED: Final = declare_reason("untranslated", "still English")


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
        yield pair.refuse(_WRONG_LANGUAGE, share, least_share, False)
    elif found.verdict == language_id.DISAGREEMENT:
        yield pair.flag(_LANGUAGE_DISPUTED, found.evidence, least, True)
    else:
        name = _UNTRANSLATED if found.verdict == language_id.UNTRANSLATED else _WRONG_LANGUAGE
        refused = found.verdict != language_id.VERIFIED
        yield pair.refuse_unless_name(name, found.evidence, least, refused)


_ENGLISH_SENTENCE: Final = declare_reason("english_sentence", "a sentence is still English")


def english_sentence(pair: FieldPair) -> Iterator[Check]:
    """Refuse a passage with sentences that are still English.

    The value is, of the sentence that is worst off, the evidence against English or, in scripts
    other than Latin, the share of the script.
    """
    language = LANGUAGES[pair.lang]
    sizes = count_in_spans(pair.target, (span[2:] for span in pair.sentences), LETTER)
    found_segments = zip(pair.segments(), sizes, strict=True)
    segments = [segment for segment, size in found_segments if size >= _SENTENCE_LETTERS]
    if not segments or (language.script == "Latn" and not language.langdetect):
        return
    if language.script == "Latn":
        found = [english_evidence(text, pair.lang, pair.source) for _, text in segments]
        least = pair.limits.english_sentence
    else:
        found = [script_share(text, language.script) for _, text in segments]
        least = pair.limits.sentence_script
    spoiled = [source for (source, _), value in zip(segments, found, strict=True) if value < least]
    yield pair.refuse_sentences(_ENGLISH_SENTENCE, min(found), least, spoiled)


_SIMILAR_LANGUAGE: Final = declare_reason(
    "similar_language", "too like a neighbouring language to tell them apart"
)


def _similar(pair: FieldPair, found: LanguageVerdict) -> Check:
    """Return a skipped check; a text that is clearly in the similar language is flagged."""
    least = pair.limits.look_alike
    if found.evidence is not None and found.evidence <= least:
        return pair.flag(_SIMILAR_LANGUAGE, found.evidence, least, True)
    return pair.skip(_SIMILAR_LANGUAGE, found.evidence, least)


def _unverified(pair: FieldPair, found: LanguageVerdict) -> Check:
    """Return a skipped check; a near copy of the English text is refused none the less."""
    likely_english = found.evidence is not None and found.evidence < -language_id.SOME
    if found.verdict == language_id.SCRIPT_ONLY and likely_english:
        source, target = pair.source[:_COMPARED], pair.target[:_COMPARED]
        similarity = Levenshtein.normalized_similarity(source, target)
        if similarity >= pair.limits.near_copy:
            least = pair.limits.near_copy
            return pair.refuse_unless_name(_UNTRANSLATED, similarity, least, True)
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


@lru_cache(1024)  # an English sentence is compared with its translation in every language
def _may_not_be_copied(text: str, least: int, lower_case: int) -> bool:
    """Return whether a text has enough letters and words that are no names."""
    words = _LOWER_CASE_WORD.findall(text, endpos=_START)
    return letters(text) >= least and len(words) >= lower_case


def _is_copy(source: str, target: str) -> bool:
    if _starts_otherwise(source, target):
        return False
    alike = _dense(source[:_START])[:_SURE] == _dense(target[:_START])[:_SURE]
    return alike and _dense(source) == _dense(target)


def _starts_otherwise(source: str, target: str) -> bool:
    """Return whether both texts start with letters, and with different ones."""
    first, other = source[:1], target[:1]
    return first.isalpha() and other.isalpha() and first.casefold()[0] != other.casefold()[0]


def _dense(text: str) -> str:
    return NOT_LETTERS.sub("", text).casefold()
