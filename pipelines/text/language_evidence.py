"""How well a text fits each language, by langdetect's profiles.

langdetect draws n-grams at random until one language has won, seven times over, and calls the
mean a probability. The same model (its profiles, its normalisation, its smoothing) is evaluated
here over all n-grams of the text instead: no seed, no threads to guard, ten times as fast, and
the result is evidence that grows with the length of the text, so that a few words of foreign
names weigh little. Every word counts for itself in that model, which makes words worth caching.
"""

from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import regex
from langdetect import detector_factory
from langdetect.detector import Detector
from langdetect.utils.ngram import NGram

from pipelines.text.characters import CODE_POINTS, Codes, codes_of, text_of
from schemas.language import LANGUAGES

_SMOOTHING: Final = Detector.ALPHA_DEFAULT / Detector.BASE_FREQ
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
    lead: float = sum(map(itemgetter(mine), scored)) - sum(map(itemgetter(other), scored))
    return lead


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
    return list(filter(None, map(_words(script).__getitem__, words)))


@cache
def labels_of(script: str) -> tuple[str, ...]:
    """Return langdetect's labels of the languages written in a script, sorted."""
    found = {item.langdetect for item in LANGUAGES.values() if item.script == script}
    return tuple(sorted(found - {""}))


class _Words(dict[str, tuple[float, ...]]):
    """The scores of words, worked out when they are first met, for each label of a script.

    They are empty for a word without known n-grams.
    """

    def __init__(self, script: str) -> None:
        super().__init__()
        self._script = script

    def __missing__(self, word: str) -> tuple[float, ...]:
        places, scores = _profiles(self._script)
        ngrams = _ngrams(word[:_LONGEST])
        known = [place for place in map(places.get, ngrams) if place is not None]
        found = tuple(scores[known].sum(axis=0).tolist()) if known else ()
        if len(self) >= _WORDS_REMEMBERED:
            self.clear()
        if len(word) <= _LONGEST:
            self[word] = found
        return found


@cache
def _words(script: str) -> _Words:
    return _Words(script)


def _ngrams(word: str) -> list[str]:
    """Return the n-grams of one to three characters that langdetect takes from a word.

    Spaces around the word count; n-grams that end in a run of capitals (abbreviations) are left
    out.
    """
    padded = f" {word} "
    ends: Sequence[int] = range(2, len(padded) + 1)
    if not word.islower():
        ends = [i for i in ends if not (padded[i - 1].isupper() and padded[i - 2].isupper())]
    ngrams = [padded[end - size : end] for size in (1, 2) for end in ends]
    return ngrams + [padded[end - 3 : end] for end in ends if end > 2]


def _profiles(script: str) -> tuple[dict[str, int], npt.NDArray[np.float64]]:
    """Return at which place each n-gram has its scores, one for each label of the script.

    langdetect loads its profiles lazily and not thread-safely, hence the lock.
    """
    with _lock:
        return _load_profiles(script)


@cache
def _load_profiles(script: str) -> tuple[dict[str, int], npt.NDArray[np.float64]]:
    detector_factory.init_factory()
    factory: Any = detector_factory._factory
    labels = list(map(factory.langlist.index, labels_of(script)))
    shares = np.array(list(factory.word_lang_prob_map.values()))[:, labels]
    # N-grams that no language of the script has share the last place.
    used = shares.any(axis=1)
    places = np.where(used, np.cumsum(used) - 1, np.count_nonzero(used)).tolist()
    scores = np.log(_SMOOTHING + np.vstack((shares[used], np.zeros(len(labels)))))
    return dict(zip(factory.word_lang_prob_map, places, strict=True)), scores


def _normal(codes: Codes) -> Codes:
    """Return langdetect's normal form of each character, worked out when it is first met."""
    found = _NORMAL[codes]
    if not found.all():
        for code in set(codes[found == 0].tolist()):
            _NORMAL[code] = ord(NGram.normalize(chr(code)))
        found = _NORMAL[codes]
    return found


_NORMAL: Final[Codes] = np.zeros(CODE_POINTS, np.uint32)
