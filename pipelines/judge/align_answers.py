"""Give answers that were not found a place in their passage, by aligning words."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Final

import apache_beam as beam
from apache_beam.pvalue import AsDict, PCollection
from apache_beam.transforms.combiners import Top

from pipelines.answers.spans import align_answer
from pipelines.answers.word_alignment import Lexicon, SentencePair, learn_lexicon
from pipelines.translation.rows import Draft, Group
from schemas.language import LANGUAGES

# Sentence pairs a lexicon is learnt from: enough to know common words, few enough for one worker.
SENTENCES: Final = 10_000


class AlignAnswers(beam.PTransform[PCollection[Group], PCollection[Group]]):
    """Learn a lexicon for every language from the groups themselves, and align with it.

    Only answers without a place are aligned, in languages that put spaces between words.
    """

    def expand(self, groups: PCollection[Group]) -> PCollection[Group]:
        lexicons = (
            groups
            | "SentencePairs" >> beam.FlatMap(sentence_pairs)
            | "Draw" >> Top.SmallestPerKey(SENTENCES)
            | "Learn" >> beam.FlatMapTuple(_learn)
        )
        aligned: PCollection[Group] = groups | "Align" >> beam.Map(align_group, AsDict(lexicons))
        return aligned


def sentence_pairs(group: Group) -> Iterator[tuple[str, tuple[bytes, str, str]]]:
    """Yield by language, with a hash to draw by, sentences and questions and their translations."""
    for draft in group.drafts:
        row = draft.row
        if not draft.failure and LANGUAGES[row.lang].word_spaces:
            pairs = [
                (group.source.passage[a:b], row.passage[c:d]) for a, b, c, d in row.sentence_map
            ]
            for english, translation in [(group.source.question, row.question), *pairs]:
                key = sha256(f"{english}\0{translation}".encode("utf-8", "surrogatepass")).digest()
                yield row.lang, (key[:8], english, translation)


def _learn(lang: str, drawn: Iterable[tuple[bytes, str, str]]) -> Iterator[tuple[str, Lexicon]]:
    pairs: list[SentencePair] = [(english, translation) for _, english, translation in drawn]
    if lexicon := learn_lexicon(pairs):
        yield lang, lexicon


def align_group(group: Group, lexicons: Mapping[str, Lexicon]) -> Group:
    """Return the group with a place for every answer that words can be aligned for."""
    drafts = [
        _align_draft(draft, group, lexicons[draft.row.lang])
        if draft.row.lang in lexicons and not draft.failure
        else draft
        for draft in group.drafts
    ]
    return replace(group, drafts=tuple(drafts))


def _align_draft(draft: Draft, group: Group, lexicon: Lexicon) -> Draft:
    row = draft.row
    answers = tuple(
        found
        if found.start >= 0
        else align_answer(
            answer, found, group.source.passage, row.passage, row.sentence_map, lexicon
        )
        for answer, found in zip(group.record.answers, row.answers, strict=True)
    )
    return replace(draft, row=replace(row, answers=answers))
