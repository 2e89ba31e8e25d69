"""Verify that a text is in the language it should be in.

Not detection: the language is known, and the question is whether there is strong evidence
against it. The caller has looked at the script before, for a restricted detector must choose
one of its languages even when none fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import regex

from pipelines.text.language_evidence import labels_of, language_lead, language_scores
from pipelines.text.script import decides_language, letters
from pipelines.text.second_opinion import Opinion, agrees
from schemas.language import LANGUAGES, Language

VERIFIED: Final = "verified"
SIMILAR: Final = "similar"
SHORT: Final = "unverified_short"
SCRIPT_ONLY: Final = "script_only"
UNTRANSLATED: Final = "untranslated"
WRONG_LANGUAGE: Final = "wrong_language"
DISAGREEMENT: Final = "disagreement"

# Evidence is ln(likelihood in the expected language / in its best rival). On XQuAD correct
# questions reach -15 once in 5,000, and 99 % of those in another language go below -19.
STRONG: Final = 15.0
SOME: Final = 4.0  # enough to call a language verified
# Letters below which nothing is said. From 8 on, 69 % of short pieces (up to 16 letters) in another
# language are refused and 0.7 % of correct ones; from 12 on it is 34 % and 0.4 %.
SHORTEST: Final = 8
# Probabilities that a second opinion must reach to verify a language, or to refuse one.
LIKELY: Final = 0.5
CERTAIN: Final = 0.9

_MID_SENTENCE: Final = r"(?<=[\p{L}\p{N},;’'”\")\]]\s[“\"'‘(\[]?|\p{L}[-–/&])"
_CAPITALISED: Final = regex.compile(r"(?<![\p{L}\p{M}])\p{Lu}[\p{L}\p{M}]*")
_SOURCE_NAME: Final = regex.compile(rf"{_MID_SENTENCE}\p{{Lu}}[\p{{L}}\p{{M}}]*")


@dataclass(frozen=True, slots=True)
class LanguageVerdict:
    """What language verification says.

    Attributes:
        verdict: `verified`, `similar` (a language too close to tell apart), `unverified_short`
            (too little evidence either way), `script_only` (no detector knows the language),
            `untranslated` (English), `wrong_language`, or `disagreement` (wrong for langdetect
            but not for the second opinion).
        evidence: ln(likelihood in the expected language / in its best rival outside of its
            group); against its best look-alike for `similar`; of not being English for
            languages langdetect lacks. None when nothing was measured, or the script decides.
    """

    verdict: str
    evidence: float | None


def verify_language(
    text: str,
    lang: str,
    source: str = "",
    opinion: Opinion | None = None,
    least: float = -STRONG,
) -> LanguageVerdict:
    """Return whether `text`, whose script is right, is in `lang`.

    Args:
        text: The translation.
        lang: BCP-47 code it should be in.
        source: Its English source; names in it tell nothing about the language of `text`.
        opinion: Another detector, asked before refusing and for languages langdetect lacks.
        least: Evidence at which a text is in another language.
    """
    language = LANGUAGES[lang]
    if decides_language(language.script):
        return LanguageVerdict(VERIFIED if letters(text) else SHORT, None)
    own_words = mask_names(text, source)
    scores = language_scores(own_words, language.script)
    if not language.langdetect:
        return _verify_unknown(text, language, scores, opinion, least)
    if not scores or letters(own_words) < SHORTEST:
        return LanguageVerdict(SHORT, None)
    best = max(scores, key=lambda label: scores[label])
    alike = _similar_labels(language)
    behind = scores[language.langdetect] - scores[best]
    if best in alike and behind < -SOME:
        return LanguageVerdict(SIMILAR, behind)
    rivals = [score for label, score in scores.items() if label not in alike]
    evidence = scores[language.langdetect] - max(rivals or scores.values())
    if evidence > least or best in alike:
        sure = evidence > SOME or not rivals
        return LanguageVerdict(VERIFIED if sure else SHORT, evidence)
    refusal = UNTRANSLATED if best == "en" else WRONG_LANGUAGE
    kept = opinion and agrees(opinion(text), language) >= LIKELY
    return LanguageVerdict(DISAGREEMENT if kept else refusal, evidence)


def _verify_unknown(
    text: str,
    language: Language,
    scores: Mapping[str, float],
    opinion: Opinion | None,
    least: float,
) -> LanguageVerdict:
    """Return the verdict for a language langdetect lacks: the second opinion's, or script only."""
    others = [score for label, score in scores.items() if label != "en"]
    evidence = max(others) - scores["en"] if others and "en" in scores else None
    found = opinion(text) if opinion else {}
    if agrees(found, language) >= LIKELY:
        itself = found.get(language.code, 0.0) >= LIKELY
        return LanguageVerdict(VERIFIED if itself else SIMILAR, evidence)
    if evidence is not None and evidence <= least and found.get("en", 0.0) >= CERTAIN:
        return LanguageVerdict(UNTRANSLATED, evidence)
    return LanguageVerdict(SCRIPT_ONLY, evidence)


def english_evidence(text: str, lang: str, source: str = "") -> float:
    """Return ln(likelihood of `text` in `lang` / in English); 0 when nothing was measured.

    Args:
        text: A text in Latin script.
        lang: BCP-47 code of a language langdetect knows.
        source: Its English source; names in it tell nothing about the language of `text`.
    """
    language = LANGUAGES[lang]
    return language_lead(mask_names(text, source), language.script, language.langdetect, "en")


def mask_names(text: str, source: str) -> str:
    """Return `text` without the names (capitalised words within sentences) of its source."""
    names = _names(source)
    if not names:
        return text
    return _CAPITALISED.sub(lambda word: "" if word[0] in names else word[0], text)


@lru_cache(16)  # asked again for each sentence and language
def _names(source: str) -> frozenset[str]:
    return frozenset(_SOURCE_NAME.findall(source))


@cache
def _similar_labels(language: Language) -> frozenset[str]:
    """Return the labels of the language and of those it is confused with, in its script."""
    alike = {
        other.langdetect
        for other in LANGUAGES.values()
        if other.code == language.code or (language.group and other.group == language.group)
    }
    return frozenset(alike & set(labels_of(language.script)))
