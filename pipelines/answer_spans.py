"""Find an answer in the translated passage, inside the sentence its source stands in.

The stored passage is never changed, and an answer that cannot be found never costs the pair.
"""

from collections.abc import Sequence
from typing import Final

import regex
from rapidfuzz import fuzz

from schemas.record import Answer
from schemas.row import RowAnswer

SpanPair = tuple[int, int, int, int]

_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}]")
_LATIN_NAME: Final = regex.compile(r"\p{N}|^\p{Lu}|://|@")
FUZZY_SHORT: Final = 0.8
FUZZY_LONG: Final = 0.7
FUZZY_MARGIN: Final = 0.1
LONG_ANSWER: Final = 12

_SPACED_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}](?:\S*[\p{L}\p{M}\p{N}])?")
_CHARACTER: Final = regex.compile(r"\S")
_OUTER_PUNCTUATION: Final = regex.compile(r"^[\s\p{P}]+|[\s\p{P}]+$")
_ARTICLE: Final = regex.compile(
    r"^(?:l['’]|(?:el|la|los|las|lo|els|les|o|a|os|as|il|i|gli|le|un|una|uno|unha|um|uma|une|"
    r"des|du|der|die|das|den|dem|ein|eine|het|een|en|ett|et|the)\s+)",
    regex.IGNORECASE,
)


def source_answer(answer: Answer, passage: str) -> RowAnswer:
    """Return the answer of the English row."""
    if answer.start >= 0 and passage.startswith(answer.text, answer.start):
        return RowAnswer(answer.text, answer.start, "source", 1.0)
    return RowAnswer(answer.text, -1, "none", 0.0)


def project_answer(
    answer: Answer,
    translated: str,
    source: str,
    target: str,
    sentence_map: Sequence[SpanPair],
    spaced: bool = True,
) -> RowAnswer:
    """Return the answer in the target passage.

    Tried in order, only inside the sentences that the English answer touches: the whole
    sentences when the answer covers them, the English text itself when it is a number or a
    name (`verbatim`), the answer's own translation (`translated_exact`), what resembles that
    translation (`translated_fuzzy`). Of several occurrences the one at the same rank or relative
    place as in English is taken.

    Args:
        answer: The English answer; `start` -1 gives an answer without a span.
        translated: Its own translation; empty when there is none.
        source: The English passage.
        target: The translated passage.
        sentence_map: Spans of the passage's sentences in both.
        spaced: Whether words of the target language stand between spaces.
    """
    touched = [
        spans
        for spans in sentence_map
        if answer.start >= 0
        and spans[0] < answer.start + len(answer.text)
        and answer.start < spans[1]
    ]
    if touched:
        src = (touched[0][0], touched[-1][1])
        tgt = (touched[0][2], touched[-1][3])
        if _covers(answer, source, src):
            return RowAnswer(target[slice(*tgt)], tgt[0], "whole_sentence", 1.0)
        for method, candidate in _candidates(answer.text, translated):
            found = _occurrences(target, candidate, tgt, spaced)
            if found:
                ranks = _occurrences(source, answer.text, src, True)
                start, confidence = _choose(found, ranks, answer.start, src, tgt)
                text = target[start : start + len(candidate)]
                return RowAnswer(text, start, method, confidence)
        near = find_fuzzy(target, translated, tgt, spaced)
        if near:
            start, end, score = near
            return RowAnswer(target[start:end], start, "translated_fuzzy", score)
    return RowAnswer(translated or answer.text, -1, "none", 0.0)


def find_fuzzy(
    text: str, wanted: str, span: tuple[int, int], spaced: bool
) -> tuple[int, int, float] | None:
    """Return start, end and similarity of the one window of the span that resembles `wanted`.

    Windows are runs of words (characters where words are not spaced) about as many as `wanted`
    has. The best must reach 0.8 (0.7 from 12 characters on) and be better by 0.1 than any window
    beside it; otherwise there is no answer: a wrong span is worse than none.
    """
    unit = _SPACED_WORD if spaced else _CHARACTER
    words = [m.span() for m in unit.finditer(text, *span)]
    length = len(unit.findall(wanted))
    scored = [
        (_likeness(text[words[i][0] : words[i + size - 1][1]], wanted), i, size)
        for size in range(max(1, length - 1), length + 2)
        for i in range(len(words) - size + 1)
    ]
    if not length or not scored:
        return None
    score, first, size = max(scored, key=lambda item: (item[0], -item[1], -item[2]))
    rivals = (s for s, i, n in scored if i + n <= first or first + size <= i)
    least = FUZZY_LONG if len(wanted) >= LONG_ANSWER else FUZZY_SHORT
    if score < least or score - max(rivals, default=0.0) < FUZZY_MARGIN:
        return None
    return words[first][0], words[first + size - 1][1], score


def _likeness(first: str, second: str) -> float:
    return fuzz.ratio(first.lower(), second.lower()) / 100


def _covers(answer: Answer, source: str, span: tuple[int, int]) -> bool:
    """Return whether only punctuation of the sentences lies outside the answer."""
    outside = source[span[0] : answer.start] + source[answer.start + len(answer.text) : span[1]]
    return not _WORD.search(outside)


def _candidates(text: str, translated: str) -> list[tuple[str, str]]:
    """Return (method, text to look for), best first."""
    candidates = [("verbatim", text)] if _LATIN_NAME.search(text) else []
    for variant in (
        translated,
        bare := _OUTER_PUNCTUATION.sub("", translated),
        _ARTICLE.sub("", bare),
    ):
        if variant and ("translated_exact", variant) not in candidates:
            candidates.append(("translated_exact", variant))
    return candidates


def _occurrences(text: str, wanted: str, span: tuple[int, int], spaced: bool) -> list[int]:
    """Return where `wanted` stands in the span as whole words, ignoring case."""
    low, wanted_low = text.lower(), wanted.lower()
    if len(low) != len(text):  # a letter whose lower case is longer would shift offsets
        low, wanted_low = text, wanted
    starts = []
    start = low.find(wanted_low, span[0], span[1])
    while start >= 0:
        if not spaced or _stands_alone(text, start, start + len(wanted)):
            starts.append(start)
        start = low.find(wanted_low, start + 1, span[1])
    return starts


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = text[start - 1 : start] + text[start : start + 1]
    after = text[end - 1 : end] + text[end : end + 1]
    return not any(
        len(pair) == 2 and _WORD.match(pair[0]) and _WORD.match(pair[1]) for pair in (before, after)
    )


def _choose(
    found: list[int],
    ranks: list[int],
    start: int,
    src: tuple[int, int],
    tgt: tuple[int, int],
) -> tuple[int, float]:
    """Return the occurrence that corresponds to the English one, and the confidence."""
    if len(found) == 1:
        return found[0], 1.0
    if len(found) == len(ranks) and start in ranks:
        return found[ranks.index(start)], 0.9
    place = tgt[0] + (start - src[0]) / max(src[1] - src[0], 1) * (tgt[1] - tgt[0])
    return min(found, key=lambda candidate: abs(candidate - place)), 0.5
