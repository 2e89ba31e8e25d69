"""How well a text fits each language, by langdetect's profiles.

langdetect draws n-grams at random until one language has won, seven times over, and calls the
mean a probability. The same model (its profiles, its normalisation, its smoothing) is evaluated
here over all n-grams of the text instead: no seed, no threads to guard, ten times as fast, and
the result is evidence that grows with the length of the text, so that a few words of foreign
names weigh little. Every word counts for itself in that model, which makes words worth caching.
"""

import math
from collections.abc import Iterator
from functools import cache, lru_cache
from threading import Lock
from typing import Any, Final

import numpy as np
import regex
from langdetect import detector_factory
from langdetect.detector import Detector
from langdetect.utils.ngram import NGram

from pipelines.text.characters import CODE_POINTS, Codes, codes_of, text_of
from schemas.language import LANGUAGES

_SMOOTHING: Final = Detector.ALPHA_DEFAULT / Detector.BASE_FREQ
_UNSEEN: Final = math.log(_SMOOTHING)
_WORDS_REMEMBERED: Final = 100_000
# More words add time, not certainty: every second, third... word of a longer text is looked at.
_WORDS_ENOUGH: Final = 60
_LONGEST: Final = 1000  # characters of a word; scripts without spaces have whole sentences as one
_LATIN: Final = regex.compile(r"[A-Za-z]+")

_lock = Lock()


def language_scores(text: str, script: str) -> dict[str, float]:
    """Return the log-likelihood (natural log) of a text for each language of its script.

    Keys are langdetect's labels; English is among them in Latin script. Latin words in a text of
    another script say nothing about its language and are left out. Empty when langdetect knows
    no language of the script or nothing in the text.
    """
    scored = _scores_of_words(text, script)
    if not scored:
        return {}
    totals = map(sum, zip(*scored, strict=True))
    return dict(zip(labels_of(script), totals, strict=True))


def language_lead(text: str, script: str, label: str, rival: str) -> float:
    """Return ln(likelihood of a text in one language / in another); 0 when nothing is known.

    Args:
        text: Any text.
        script: ISO 15924 code of the script of both languages.
        label: langdetect's label of one language.
        rival: That of the other.
    """
    scored = _scores_of_words(text, script)
    mine, other = map(labels_of(script).index, (label, rival))
    return sum(scores[mine] for scores in scored) - sum(scores[other] for scores in scored)


def _scores_of_words(text: str, script: str) -> list[tuple[float, ...]]:
    """Return the scores of the words that are known, of at most `_WORDS_ENOUGH` words."""
    if "://" in text:
        text = Detector.URL_RE.sub(" ", text)
    if "@" in text:
        text = Detector.MAIL_RE.sub(" ", text)
    if not text.isascii():
        text = NGram.normalize_vi(text)
    if script != "Latn":
        text = _LATIN.sub(" ", text)
    words = text_of(_normal(codes_of(text))).split()
    words = words[:: -(-len(words) // _WORDS_ENOUGH) or 1]
    return [scores for word in words if (scores := _word_scores(word[:_LONGEST], script))]


@cache
def labels_of(script: str) -> tuple[str, ...]:
    """Return langdetect's labels of the languages written in a script, sorted."""
    found = {item.langdetect for item in LANGUAGES.values() if item.script == script}
    return tuple(sorted(found - {""}))


@lru_cache(_WORDS_REMEMBERED)
def _word_scores(word: str, script: str) -> tuple[float, ...]:
    """Return the score of a word for each label of the script; empty without known n-grams."""
    profiles, _ = _profiles(script)
    known = [_ngram_scores(ngram, script) for ngram in _ngrams(word) if ngram in profiles]
    return tuple(map(sum, zip(*known, strict=True)))


@cache  # no more than the profiles hold
def _ngram_scores(ngram: str, script: str) -> tuple[float, ...]:
    profiles, indices = _profiles(script)
    found = profiles[ngram]
    return tuple(math.log(_SMOOTHING + found[i]) if found[i] else _UNSEEN for i in indices)


def _ngrams(word: str) -> Iterator[str]:
    """Yield the n-grams of one to three characters that langdetect takes from a word.

    Spaces around the word count; runs of capitals (abbreviations) are left out.
    """
    padded = f" {word} "
    for end in range(1, len(padded)):
        if not (padded[end].isupper() and padded[end - 1].isupper()):
            for start in range(max(0, end - 2), end + 1):
                yield padded[start : end + 1]


def _profiles(script: str) -> tuple[dict[str, list[float]], tuple[int, ...]]:
    """Return n-gram probabilities by language, and at which places the script's languages are.

    langdetect loads its profiles lazily and not thread-safely, hence the lock.
    """
    with _lock:
        return _load_profiles(script)


@cache
def _load_profiles(script: str) -> tuple[dict[str, list[float]], tuple[int, ...]]:
    detector_factory.init_factory()
    factory: Any = detector_factory._factory
    return factory.word_lang_prob_map, tuple(map(factory.langlist.index, labels_of(script)))


def _normal(codes: Codes) -> Codes:
    """Return langdetect's normal form of each character, worked out when it is first met."""
    found = _NORMAL[codes]
    if not found.all():
        for code in set(codes[found == 0].tolist()):
            _NORMAL[code] = ord(NGram.normalize(chr(code)))
        found = _NORMAL[codes]
    return found


_NORMAL: Final[Codes] = np.zeros(CODE_POINTS, np.uint32)
