"""Passages with one sentence spoiled, and the sentence map that goes with it."""

from collections.abc import Callable

from benchmarks.quality.gold import GoldRow, SentenceMap
from benchmarks.quality.spoiler import Spoiler


def drop_sentence(row: GoldRow, spoiler: Spoiler) -> tuple[str, SentenceMap]:
    """Return the passage without one sentence, and the map with an empty span for it."""
    text, spans = row.passage[1], row.sentence_map
    if len(spans) < 2:
        return text, spans
    at = spoiler.random.randrange(len(spans))
    start = spans[at][2]
    end = spans[at + 1][2] if at + 1 < len(spans) else len(text)
    moved = [
        (a, b, start, start) if i == at else (a, b, *_shift(c, d, start, end))
        for i, (a, b, c, d) in enumerate(spans)
    ]
    return (text[:start] + text[end:]).strip(), tuple(moved)


def drop_half_of_segment(row: GoldRow, spoiler: Spoiler) -> tuple[str, SentenceMap]:
    """Drop a sentence that was translated together with its neighbour, as one segment."""
    text, spans = drop_sentence(row, spoiler)
    lost = next((i for i, (_, _, c, d) in enumerate(spans) if c == d), None)
    if lost is None:
        return row.passage[1], row.sentence_map
    first = max(0, lost - 1)
    (a, _, c, d), (_, b, e, f) = spans[first : first + 2]
    pieces = [span for span in ((c, d), (e, f)) if span[0] < span[1]]
    merged = (a, b, min(p[0] for p in pieces), max(p[1] for p in pieces))
    return text, (*spans[:first], merged, *spans[first + 2 :])


def english_sentence(row: GoldRow, spoiler: Spoiler) -> tuple[str, SentenceMap]:
    """Leave one sentence in English."""
    return _replace_sentence(row, spoiler, lambda a, b: row.passage[0][a:b])


def other_sentence(row: GoldRow, spoiler: Spoiler) -> tuple[str, SentenceMap]:
    """Put the first sentence of another row in place of one."""
    other = spoiler.other
    if not other.sentence_map:
        return row.passage[1], row.sentence_map
    return _replace_sentence(row, spoiler, lambda *_: other.passage[1][: other.sentence_map[0][3]])


def _replace_sentence(
    row: GoldRow, spoiler: Spoiler, make: Callable[[int, int], str]
) -> tuple[str, SentenceMap]:
    text, spans = row.passage[1], row.sentence_map
    if len(spans) < 2:
        return text, spans
    at = spoiler.random.randrange(len(spans))
    a, b, c, d = spans[at]
    sentence = make(a, b)
    grown = len(sentence) - (d - c)
    moved = [
        (*span[:2], span[2] + grown * (i > at), span[3] + grown * (i >= at))
        for i, span in enumerate(spans)
    ]
    return text[:c] + sentence + text[d:], tuple(moved)


def _shift(c: int, d: int, start: int, end: int) -> tuple[int, int]:
    return (c, d) if c < start else (c - (end - start), d - (end - start))


MAPPED = {
    "one sentence dropped, map known": drop_sentence,
    "half of a segment dropped, map known": drop_half_of_segment,
    "one sentence in English": english_sentence,
    "one sentence of another row": other_sentence,
}
