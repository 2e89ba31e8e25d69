"""Which words of a translation an English answer became, by a lexicon learnt on the corpus itself.

IBM model 1 (Brown et al. 1993, https://aclanthology.org/J93-2003) in both directions, over the
first letters of words. On XQuAD-R it finds answers as well as eflomal does, twenty times as fast,
and always the same ones (benchmarks/QUALITY.md). Where no spaces are written it finds too little,
and is not used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import regex

from pipelines.text.words import WORD

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
SentencePair = tuple[str, str]  # English, translation
_Encoded = Sequence[tuple[Numbers, Numbers]]

LEAST_PAIRS: Final = 300  # a lexicon of fewer sentences says more wrong than right
LEAST_SCORE: Final = 0.5  # below it, more windows are wrong than right

_STEM: Final = 5  # letters; inflected forms of a word are one
_LONGEST: Final = 80  # words of a sentence to learn from
_LONGEST_ALIGNED: Final = 2_000  # words; time and memory grow with their square
_ROUNDS: Final = 5
_NULL: Final = 0  # the word that words without a counterpart come from
_NULL_SHARE: Final = 0.08
_STEEPNESS: Final = 8.0  # of the prior that words keep their relative places
_SAME: Final = 0.3  # probability that a word stays as it is, such as a name or number
_UNSEEN: Final = 1e-7
_NEGLIGIBLE: Final = 1e-4


class Window(NamedTuple):
    """A part of a text: start, end (exclusive), and 0 to 1, how well it fits."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Table:
    """Probabilities of a word given a word of the other language.

    Attributes:
        stride: More than any number of a word.
        keys: `given * stride + word`, sorted.
        values: The probability of each of `keys`.
    """

    stride: int
    keys: Numbers
    values: Floats

    def look_up(self, given: Numbers, words: Numbers) -> Floats:
        """Return the probability of every word (columns) given every other one (rows)."""
        wanted = given[:, None] * self.stride + words[None, :]
        places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found = np.where(self.keys[places] == wanted, self.values[places], _UNSEEN)
        return np.maximum(found, _UNSEEN)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What words of one language became in another.

    Attributes:
        source: Numbers of English words.
        target: Numbers of words of the target language.
        forward: Target words given English ones.
        backward: English words given target ones.
    """

    source: dict[str, int]
    target: dict[str, int]
    forward: Table
    backward: Table


def learn_lexicon(pairs: Iterable[SentencePair]) -> Lexicon | None:
    """Return the lexicon of sentence pairs, whatever their order; None for too few of them."""
    source: dict[str, int] = {}
    target: dict[str, int] = {}
    encoded = []
    for english, translation in sorted(set(pairs)):
        left = _number(_words(english), source)
        right = _number(_words(translation), target)
        if 0 < len(left) <= _LONGEST and 0 < len(right) <= _LONGEST:
            encoded.append((left, right))
    if len(encoded) < LEAST_PAIRS:
        return None
    return Lexicon(
        source,
        target,
        forward=_learn(encoded, len(target)),
        backward=_learn([(right, left) for left, right in encoded], len(source)),
    )


def align(lexicon: Lexicon, source: str, target: str, answer: tuple[int, int]) -> Window | None:
    """Return the part of a translated sentence that an English answer became.

    Args:
        lexicon: Of the target language.
        source: The English sentence.
        target: Its translation.
        answer: Where the answer stands in `source`.

    Returns:
        The window of words that most of the answer's words point to and few others do, if it is
        likely enough.
    """
    english, words = _words(source), _words(target)
    inside = np.array([m.start() < answer[1] and answer[0] < m.end() for m in english])
    if not words or not inside.any() or max(len(english), len(words)) > _LONGEST_ALIGNED:
        return None
    left = _known(english, lexicon.source)
    right = _known(words, lexicon.target)
    same = np.array([[_token(a) == _token(b) for b in words] for a in english]) * _SAME
    comes_from = _posterior(lexicon.forward, left, right, same)
    goes_to = _posterior(lexicon.backward, right, left, same.T).T
    first, last, score = _best_window(comes_from[inside].sum(0), goes_to, inside)
    if score < LEAST_SCORE:
        return None
    return Window(words[first].start(), words[last].end(), score)


def _words(text: str) -> list["regex.Match[str]"]:
    return list(WORD.finditer(text))


def _token(match: "regex.Match[str]") -> str:
    return match[0].lower()[:_STEM]


def _number(words: list["regex.Match[str]"], known: dict[str, int]) -> Numbers:
    return np.array([known.setdefault(_token(m), len(known) + 1) for m in words], np.int64)


def _known(words: list["regex.Match[str]"], known: dict[str, int]) -> Numbers:
    """Return numbers of words; -1 for one that was never seen, which is in no table."""
    return np.array([known.get(_token(m), -1) for m in words], np.int64)


def _learn(pairs: _Encoded, words: int) -> Table:
    """Return the probabilities of words given those of the other language, by EM."""
    stride = words + 1
    cells, owners, total = [], [], 0
    for given, made in pairs:
        with_null = np.append(given, _NULL)
        cells.append((with_null[None, :] * stride + made[:, None]).ravel())
        owners.append(np.repeat(np.arange(total, total + len(made)), len(with_null)))
        total += len(made)
    keys, places = np.unique(np.concatenate(cells), return_inverse=True)
    owner, given_of = np.concatenate(owners), keys // stride
    values: Floats = np.ones(len(keys))
    for _ in range(_ROUNDS):
        weights = values[places]
        weights /= np.bincount(owner, weights, total)[owner]
        counts = np.bincount(places, weights, len(keys))
        values = counts / np.bincount(given_of, counts)[given_of]
    kept = values >= _NEGLIGIBLE
    return Table(stride, keys[kept], values[kept])


def _posterior(table: Table, given: Numbers, made: Numbers, same: Floats) -> Floats:
    """Return how likely each word `made` (columns) comes from each word `given` (rows)."""
    places = np.arange(len(given))[:, None] / len(given) - np.arange(len(made)) / len(made)
    prior = np.exp(-_STEEPNESS * np.abs(places))
    prior *= (1 - _NULL_SHARE) / prior.sum(0)
    likely = np.maximum(table.look_up(given, made), same) * prior
    null = np.maximum(table.look_up(np.array([_NULL]), made)[0], 10 * _UNSEEN) * _NULL_SHARE
    result: Floats = likely / (likely.sum(0) + null)
    return result


def _best_window(
    from_answer: Floats, goes_to: Floats, inside: npt.NDArray[np.bool_]
) -> tuple[int, int, float]:
    """Return first and last word of the best window, and its score.

    The score is Dice's coefficient of the window and the answer, in expected links both ways;
    words outside of the answer that point into the window count against it.
    """
    size, count = int(inside.sum()), len(from_answer)
    sums = [
        np.concatenate(([0.0], np.cumsum(values)))
        for values in (from_answer + goes_to[inside].sum(0), goes_to[~inside].sum(0))
    ]
    starts, ends = np.triu_indices(count + 1, 1)
    short = ends - starts <= 3 * size + 4
    starts, ends = starts[short], ends[short]
    links, intruders = (total[ends] - total[starts] for total in sums)
    scores = links / (ends - starts + size + intruders)
    best = int(np.argmax(scores))
    return int(starts[best]), int(ends[best]) - 1, float(scores[best])
