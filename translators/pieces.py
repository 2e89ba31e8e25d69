"""Long texts in pieces that a model reads whole, and a second try for those that lost something.

Models of sentences drop parts of long sources though they end properly: of the numbers in sources
of 128 and more tokens a Bergamot model keeps .68, and its score says nothing of it. So every neural
family has a longest source, in tokens of its own, and what came back without its numbers or far
too short is cut once more; the better of both is kept.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from translators.translator import Translation
from translators.wrapping import wrap

RULE: Final = "cut again when numbers or length are lost"
"""What goes into the memory's key; change it whenever a translation can change."""

_LONG: Final = 24  # tokens from which a text that lost something is cut once more
_NUMBER: Final = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d+)*")
# A translation is far too short below this share of the characters of the English; Chinese and
# Japanese need a third of them.
_SHRUNK: Final = 0.4
_SHRUNK_UNSPACED: Final = 0.1

CountTokens = Callable[[Sequence[str]], list[int]]
TranslateAll = Callable[[Sequence[str]], list[Translation]]


@dataclass(slots=True)
class Pieces:
    """A text, cut into what the model reads at a time.

    Attributes:
        text: The whole text.
        chunks: It in pieces, in order; white space between them is left out.
        weights: Source tokens of each.
        answers: The translation of each.
    """

    text: str
    chunks: list[str]
    weights: list[int] = field(default_factory=list)
    answers: list[Translation] = field(default_factory=list)

    def join(self, spaced: bool) -> Translation:
        """Return the translation of the text, or the failure of its first piece that failed.

        Args:
            spaced: Whether the target language has spaces between sentences.
        """
        if len(self.answers) == 1:
            return self.answers[0]
        for answer in self.answers:
            if answer.error:
                return answer
        text = (" " if spaced else "").join(answer.text for answer in self.answers)
        return Translation(text, mean_score([self]), all(a.finished for a in self.answers))


def mean_score(several: Sequence[Pieces]) -> float | None:
    """Return the mean score of all pieces of several texts, long ones weighing more."""
    scored = [
        (answer.score, weight)
        for pieces in several
        for answer, weight in zip(pieces.answers, pieces.weights, strict=True)
        if answer.score is not None
    ]
    total = sum(weight for _, weight in scored)
    return sum(score * weight for score, weight in scored) / total if total else None


def translate_in_pieces(
    texts: Sequence[str],
    longest: int,
    spaced: bool,
    count_tokens: CountTokens,
    translate: TranslateAll,
) -> list[Pieces]:
    """Return each text with its pieces translated.

    Args:
        texts: English, white space in single spaces.
        longest: Tokens that the model reads without losing content.
        spaced: Whether the target language has spaces between sentences.
        count_tokens: Tokens of each text.
        translate: Returns a translation for each piece, in order.
    """
    lengths = count_tokens(texts)
    parts = [ceil(length / longest) for length in lengths]

    def cut(text: str, least: int) -> Pieces:
        def count_parts(whole: str, start: int, end: int) -> int:
            if (start, end) == (0, len(whole)):
                return least
            return ceil(count_tokens([whole[start:end]])[0] / longest)

        return Pieces(text, [text[a:b] for a, b in wrap(text, 0, len(text), count_parts)])

    done = [cut(text, max(least, 1)) for text, least in zip(texts, parts, strict=True)]
    _translate(done, count_tokens, translate)
    again = [
        index
        for index, pieces in enumerate(done)
        if lengths[index] >= _LONG and _losses(pieces, spaced)
    ]
    smaller = [cut(texts[index], len(done[index].chunks) + 1) for index in again]
    _translate(smaller, count_tokens, translate)
    for index, pieces in zip(again, smaller, strict=True):
        if _losses(pieces, spaced) < _losses(done[index], spaced):
            done[index] = pieces
    return done


def _translate(several: Sequence[Pieces], count: CountTokens, translate: TranslateAll) -> None:
    chunks = [chunk for pieces in several for chunk in pieces.chunks]
    if not chunks:
        return
    found = iter(zip(count(chunks), translate(chunks), strict=True))
    for pieces in several:
        for _ in pieces.chunks:
            weight, answer = next(found)
            pieces.weights.append(weight)
            pieces.answers.append(answer)


def _losses(pieces: Pieces, spaced: bool) -> int:
    """Return how many numbers a translation lacks; one more if it is far too short or failed."""
    text = " ".join(answer.text for answer in pieces.answers)
    missing = _numbers(pieces.text)
    for number in _numbers(text):
        if number in missing:
            missing.remove(number)
    least = (_SHRUNK if spaced else _SHRUNK_UNSPACED) * len(pieces.text)
    return len(missing) + (len(text) < least)


def _numbers(text: str) -> list[str]:
    """Return the numbers of a text as digits alone: 1,000, 1.000 and ١٠٠٠ are the same."""
    return [
        "".join(str(unicodedata.decimal(c)) for c in number if c.isdecimal())
        for number in _NUMBER.findall(text)
    ]
