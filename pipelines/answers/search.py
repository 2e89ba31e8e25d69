"""Find a text in a part of another one: word for word, or what resembles it most."""

from collections.abc import Sequence
from typing import Final

import regex
from rapidfuzz import fuzz

from pipelines.text.words import WORD_CHARACTER

FUZZY_SHORT: Final = 0.8
FUZZY_LONG: Final = 0.7
FUZZY_MARGIN: Final = 0.1
LONG_ANSWER: Final = 12
# Characters compared; only answers of many sentences in texts of many pages need more.
_COMPARED: Final = 2_000_000_000
_FOUND: Final = 100_000_000

_SPACED_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}](?:\S*[\p{L}\p{M}\p{N}])?")
_CHARACTER: Final = regex.compile(r"\S")


def find_fuzzy(
    text: str, wanted: str, span: tuple[int, int], spaced: bool
) -> tuple[int, int, float] | None:
    """Return start, end and similarity of the one window of the span that resembles `wanted`.

    Windows are runs of words (characters where words are not spaced) about as many as `wanted`
    has. The best must reach 0.8 (0.7 from 12 characters on) and be better by 0.1 than any window
    beside it; otherwise there is no answer: a wrong span is worse than none.
    """
    unit = _SPACED_WORD if spaced else _CHARACTER
    if not (length := len(unit.findall(wanted))):
        return None
    words = [m.span() for m in unit.finditer(text, *span)]
    if len(words) * len(wanted) ** 2 > _COMPARED:
        return None
    scored = [
        (_likeness(text[words[i][0] : words[i + size - 1][1]], wanted), i, size)
        for size in range(max(1, length - 1), length + 2)
        for i in range(len(words) - size + 1)
    ]
    if not scored:
        return None
    score, first, size = max(scored, key=lambda item: (item[0], -item[1], -item[2]))
    rivals = (s for s, i, n in scored if i + n <= first or first + size <= i)
    least = FUZZY_LONG if len(wanted) >= LONG_ANSWER else FUZZY_SHORT
    if score < least or score - max(rivals, default=0.0) < FUZZY_MARGIN:
        return None
    return words[first][0], words[first + size - 1][1], score


def _likeness(first: str, second: str) -> float:
    return fuzz.ratio(first.lower(), second.lower()) / 100


def find_exact(text: str, wanted: str, span: tuple[int, int], spaced: bool) -> list[int]:
    """Return where `wanted` stands in the span as whole words, ignoring case."""
    low, wanted_low = text.lower(), wanted.lower()
    if len(low) != len(text):  # a letter whose lower case is longer would shift offsets
        low, wanted_low = text, wanted
    starts: list[int] = []
    start = low.find(wanted_low, span[0], span[1])
    for _ in range(_FOUND // max(len(wanted), 1)):
        if start < 0:
            break
        if not spaced or _stands_alone(text, start, start + len(wanted)):
            starts.append(start)
        start = low.find(wanted_low, start + 1, span[1])
    return starts


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1 : start] + text[start : start + 1]
    after = text[end - 1 : end] + text[end : end + 1]
    return not any(
        len(pair) == 2 and WORD_CHARACTER.match(pair[0]) and WORD_CHARACTER.match(pair[1])
        for pair in (before, after)
    )


def choose_occurrence(
    found: Sequence[int],
    ranks: Sequence[int],
    start: int,
    src: tuple[int, int],
    tgt: tuple[int, int],
) -> tuple[int, float]:
    """Return the occurrence that corresponds to the English one, and the confidence.

    Args:
        found: Where the answer stands in the translated sentences.
        ranks: Where it stands in the English ones.
        start: Which of those it is.
        src: Span of the English sentences.
        tgt: Span of the translated ones.
    """
    if len(found) == 1:
        return found[0], 1.0
    if len(found) == len(ranks) and start in ranks:
        return found[ranks.index(start)], 0.9
    place = tgt[0] + (start - src[0]) / max(src[1] - src[0], 1) * (tgt[1] - tgt[0])
    return min(found, key=lambda candidate: abs(candidate - place)), 0.5
