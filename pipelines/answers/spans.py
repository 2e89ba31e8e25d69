"""Find an answer in the translated passage, inside the sentence its source stands in.

The stored passage is never changed, and an answer that cannot be found never costs the pair.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import regex

from pipelines.answers.search import choose_occurrence, find_exact, find_fuzzy
from pipelines.answers.word_alignment import Lexicon, align
from pipelines.text.words import WORD_CHARACTER
from schemas.record import Answer
from schemas.row import RowAnswer

SpanPair = tuple[int, int, int, int]
Span = tuple[int, int]

_LATIN_NAME: Final = regex.compile(r"\p{N}|^\p{Lu}|://|@")
_OUTER_PUNCTUATION: Final = regex.compile(r"^[\s\p{P}]+|(?<![\s\p{P}])[\s\p{P}]+$")
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
    marked: str = "",
) -> RowAnswer:
    """Return the answer in the target passage.

    Tried in order, only inside the sentences that the English answer touches: the whole
    sentences when the answer covers them, the English text itself when it is a number or a
    name (`verbatim`), the answer's own translation (`translated_exact`), what resembles that
    translation (`translated_fuzzy`), what stood between marks when the sentence was translated
    once more with the answer marked (`marker`). Of several occurrences the one at the same rank
    or relative place as in English is taken.

    Args:
        answer: The English answer; `start` -1 gives an answer without a span.
        translated: Its own translation; empty when there is none.
        source: The English passage.
        target: The translated passage.
        sentence_map: Spans of the passage's sentences in both.
        spaced: Whether words of the target language stand between spaces.
        marked: What the answer became in its marked sentence; empty when there is none.
    """
    if touched := _touched(answer, sentence_map):
        src, tgt = touched
        if _covers(answer, source, src):
            return RowAnswer(target[slice(*tgt)], tgt[0], "whole_sentence", 1.0)
        for method, candidate in _candidates(answer.text, translated):
            if found := _exact(method, candidate, answer, source, target, touched, spaced):
                return found
        if near := find_fuzzy(target, translated, tgt, spaced):
            return RowAnswer(target[near[0] : near[1]], near[0], "translated_fuzzy", near[2])
        if found := _exact("marker", marked, answer, source, target, touched, spaced):
            return found
        if near := find_fuzzy(target, marked, tgt, spaced):
            return RowAnswer(target[near[0] : near[1]], near[0], "marker", near[2])
    return RowAnswer(translated or answer.text, -1, "none", 0.0)


def align_answer(
    answer: Answer,
    found: RowAnswer,
    source: str,
    target: str,
    sentence_map: Sequence[SpanPair],
    lexicon: Lexicon,
) -> RowAnswer:
    """Return an answer without a place where its words went (`alignment`), or as it was.

    Args:
        answer: The English answer.
        found: What the row has for it.
        source: The English passage.
        target: The translated passage.
        sentence_map: Spans of the passage's sentences in both.
        lexicon: Of the target language.
    """
    if not (touched := _touched(answer, sentence_map)):
        return found
    (a, b), (c, d) = touched
    place = (answer.start - a, answer.start - a + len(answer.text))
    if not (window := align(lexicon, source[a:b], target[c:d], place)):
        return found
    start, end = c + window.start, c + window.end
    return RowAnswer(target[start:end], start, "alignment", round(window.score, 3))


def _touched(answer: Answer, sentence_map: Sequence[SpanPair]) -> tuple[Span, Span] | None:
    """Return the span of the sentences that an answer touches, in English and translated."""
    if answer.start < 0:
        return None
    end = answer.start + len(answer.text)
    touched = [spans for spans in sentence_map if spans[0] < end and answer.start < spans[1]]
    if not touched:
        return None
    return (touched[0][0], touched[-1][1]), (touched[0][2], touched[-1][3])


def _exact(
    method: str,
    wanted: str,
    answer: Answer,
    source: str,
    target: str,
    touched: tuple[Span, Span],
    spaced: bool,
) -> RowAnswer | None:
    """Return the occurrence of a text that corresponds to the English answer, if there is one."""
    src, tgt = touched
    if not wanted or not (found := find_exact(target, wanted, tgt, spaced)):
        return None
    ranks = find_exact(source, answer.text, src, True)
    start, confidence = choose_occurrence(found, ranks, answer.start, src, tgt)
    return RowAnswer(target[start : start + len(wanted)], start, method, confidence)


def _covers(answer: Answer, source: str, span: Span) -> bool:
    """Return whether only punctuation of the sentences lies outside the answer."""
    outside = source[span[0] : answer.start] + source[answer.start + len(answer.text) : span[1]]
    return not WORD_CHARACTER.search(outside)


def _candidates(text: str, translated: str) -> Iterator[tuple[str, str]]:
    """Yield method and text to look for, best first."""
    if _LATIN_NAME.search(text):
        yield "verbatim", text
    bare = _OUTER_PUNCTUATION.sub("", translated)
    for variant in dict.fromkeys((translated, bare, _ARTICLE.sub("", bare))):
        yield "translated_exact", variant
