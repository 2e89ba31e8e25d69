"""Compare the meaning of rows with English, by the cosine of sentence embeddings.

The English text of a record is encoded once for all of its languages, and every text once for all
groups that are measured together.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from pipelines.translation.rows import Draft, Group, Meaning
from schemas.row import Row

Encode = Callable[[Sequence[str]], Any]
"""Texts to embeddings: an array with a row of length one for each."""

# Other questions about a passage that a translation is compared with.
MOST_NEIGHBOURS: Final = 16
_DIGITS: Final = 4  # further ones depend on the machine


def measure_meaning(
    groups: Sequence[tuple[Group, Sequence[str]]], encode: Encode
) -> Iterator[Group]:
    """Yield the groups with the similarity of every translated text to its English one.

    Args:
        groups: Each with other English questions about its passage.
        encode: What embeds texts.
    """
    texts = sorted({text for group, near in groups for text in _texts(group, near)})
    similar = _Similarity(texts, encode)
    for group, near in groups:
        others = [text for text in near if text != group.source.question]
        drafts = (
            replace(draft, row=_with_summary(draft.row, found), meaning=found)
            if (found := _measure(group.source, draft, others, similar))
            else draft
            for draft in group.drafts
        )
        yield replace(group, drafts=tuple(drafts))


class _Similarity:
    """Cosines of texts, of which each is encoded once."""

    def __init__(self, texts: Sequence[str], encode: Encode) -> None:
        self._vectors = encode(texts)
        self._places = {text: place for place, text in enumerate(texts)}

    def __call__(self, first: str, second: str) -> float:
        if first == second:
            return 1.0
        a, b = self._vectors[self._places[first]], self._vectors[self._places[second]]
        return round(float((a * b).sum()), _DIGITS)


def _texts(group: Group, near: Iterable[str]) -> Iterator[str]:
    yield from near
    for draft in group.drafts:
        if not draft.failure:
            for pair in _pairs(group.source, draft.row):
                yield from pair


def _pairs(source: Row, row: Row) -> Iterator[tuple[str, str]]:
    """Yield question, segments and answers, each in English and in the row's language."""
    yield source.question, row.question
    for a, b, c, d in row.sentence_map:
        yield source.passage[a:b], row.passage[c:d]
    for english, answer in zip(source.answers, row.answers, strict=True):
        yield english.text, answer.text


def _measure(
    source: Row, draft: Draft, others: Sequence[str], similar: _Similarity
) -> Meaning | None:
    if draft.failure:
        return None
    row, sentences = draft.row, len(draft.row.sentence_map)
    question, *rest = (similar(english, text) for english, text in _pairs(source, row))
    nearest, other = max(((similar(o, row.question), o) for o in others), default=(None, ""))
    return Meaning(
        question=question,
        sentences=tuple(rest[:sentences]),
        answers=tuple(rest[sentences:]),
        margin=None if nearest is None else round(question - nearest, _DIGITS),
        nearest=other,
    )


def _with_summary(row: Row, meaning: Meaning) -> Row:
    found = (meaning.question, *meaning.sentences)
    mean = round(sum(found) / len(found), _DIGITS)
    return replace(row, meaning_min=min(found), meaning_mean=mean)
