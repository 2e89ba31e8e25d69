"""Verify that a text is in the language it should be in.

Not detection: the language is known, and the question is whether there is strong evidence
against it. The caller has looked at the script before, for a restricted detector must choose
one of its languages even when none fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Final

from langdetect import detector_factory
from langdetect.lang_detect_exception import LangDetectException

from pipelines.script import letters
from schemas.language import LANGUAGES, Language

VERIFIED: Final = "verified"
SIMILAR: Final = "similar"
SHORT: Final = "unverified_short"
SCRIPT_ONLY: Final = "script_only"
UNTRANSLATED: Final = "untranslated"
WRONG_LANGUAGE: Final = "wrong_language"

SHORTEST: Final = 20
SHORTEST_HAN: Final = 8
THRESHOLD: Final = 0.5
ENGLISH_CERTAIN: Final = 0.9

# Longer texts are sampled from start, middle and end: more adds time, not certainty.
_SAMPLE: Final = 1200

_lock = Lock()


@dataclass(frozen=True, slots=True)
class LanguageVerdict:
    """What language verification says.

    Attributes:
        verdict: `verified`, `similar` (a language too close to tell apart), `unverified_short`,
            `script_only` (the detector does not know the language), `untranslated` (English)
            or `wrong_language`.
        probability: Of the expected language; of not being English for `script_only`; 0 when
            nothing was measured.
    """

    verdict: str
    probability: float


def verify_language(text: str, lang: str) -> LanguageVerdict:
    """Return whether `text`, whose script is right, is in `lang` (BCP-47)."""
    language = LANGUAGES[lang]
    shortest = SHORTEST_HAN if language.script in {"Hans", "Hant", "Jpan"} else SHORTEST
    if letters(text) < shortest:
        return LanguageVerdict(SHORT, 0.0)
    if _alone_in_script(language.script):
        return LanguageVerdict(VERIFIED, 1.0)
    found = _probabilities(_sample(text), language)
    if not found:
        return LanguageVerdict(SHORT, 0.0)
    top = max(found, key=lambda label: found[label])
    if not language.langdetect:
        english = found.get("en", 0.0)
        if english >= ENGLISH_CERTAIN:
            return LanguageVerdict(UNTRANSLATED, 1 - english)
        return LanguageVerdict(SCRIPT_ONLY, 1 - english)
    probability = found.get(language.langdetect, 0.0)
    if probability >= THRESHOLD:
        return LanguageVerdict(VERIFIED, probability)
    if top in _similar_labels(language):
        return LanguageVerdict(SIMILAR, probability)
    return LanguageVerdict(UNTRANSLATED if top == "en" else WRONG_LANGUAGE, probability)


def _sample(text: str) -> str:
    if len(text) <= _SAMPLE:
        return text
    part = _SAMPLE // 3
    middle = (len(text) - part) // 2
    return f"{text[:part]} {text[middle : middle + part]} {text[-part:]}"


def _probabilities(text: str, language: Language) -> dict[str, float]:
    """Return what langdetect makes of the text among the languages of one script and English."""
    factory, labels = _factory(language.script)
    detector = factory.create()
    detector.seed = 0
    detector.set_prior_map(_prior(language, labels))
    detector.append(text)
    try:
        return {found.lang: found.prob for found in detector.get_probabilities()}
    except LangDetectException:  # no letters it knows
        return {}


def _prior(language: Language, labels: tuple[str, ...]) -> Mapping[str, float]:
    """Return half for the expected language, .3 for English, the rest shared."""
    others = [label for label in labels if label not in {"en", language.langdetect}]
    prior = {label: 0.2 / len(others) for label in others}
    prior["en"] = 0.3
    if language.langdetect:
        prior[language.langdetect] = 0.5
    return prior


@cache
def _labels_by_script() -> dict[str, tuple[str, ...]]:
    labels: dict[str, set[str]] = {}
    for language in LANGUAGES.values():
        if language.langdetect:
            labels.setdefault(language.script, set()).add(language.langdetect)
    return {script: tuple(sorted(found | {"en"})) for script, found in labels.items()}


@cache
def _alone_in_script(script: str) -> bool:
    """Return whether only one language we know is written in the script."""
    return script in {"Hans", "Hant"} or (
        sum(language.script == script for language in LANGUAGES.values()) == 1
    )


@cache
def _similar_labels(language: Language) -> frozenset[str]:
    return frozenset(
        other.langdetect
        for other in LANGUAGES.values()
        if language.group and other.group == language.group and other.langdetect
    )


def _factory(script: str) -> tuple[Any, tuple[str, ...]]:
    """Return a detector factory that knows only the languages of one script and English.

    The same mathematics as a prior of zero for all others, at half the cost.
    langdetect loads its profiles lazily and not thread-safely, hence the lock.
    """
    with _lock:
        return _restricted_factory(script)


@cache
def _restricted_factory(script: str) -> tuple[Any, tuple[str, ...]]:
    detector_factory.init_factory()
    full = detector_factory._factory
    labels = _labels_by_script().get(script, ("en",))
    indices = [full.langlist.index(label) for label in labels]
    factory = detector_factory.DetectorFactory()
    factory.langlist = [full.langlist[i] for i in indices]
    factory.word_lang_prob_map = {
        ngram: kept
        for ngram, probabilities in full.word_lang_prob_map.items()
        if any(kept := [probabilities[i] for i in indices])
    }
    return factory, labels
