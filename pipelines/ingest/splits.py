"""Keep splits apart: no passage is in two of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput

from pipelines.shuffle.group import GroupPacked
from pipelines.text.overlap import find_words, text_key
from schemas.record import Record

MOVED: Final = "moved"
SPLIT_ORDER: Final = ("test", "validation", "train")  # what may least be trained on comes first

Identified = tuple[str, Record]
Move = tuple[str, str]  # the split a record came with, and the one it is in now


class SplitResult(NamedTuple):
    """All records, and one move for each that changed its split."""

    records: PCollection[Identified]
    moved: PCollection[Move]


class SeparateSplits(beam.PTransform[PCollection[Identified], SplitResult]):
    """Put all records of a passage into one split: the first of them in `SPLIT_ORDER`.

    Passages that differ in case, punctuation or white space are one.
    """

    def expand(self, records: PCollection[Identified]) -> "SplitResult":
        united = (
            records
            | "KeyByPassage" >> beam.Map(_key_by_passage)
            | "GroupByPassage" >> GroupPacked()
            | "Unite" >> beam.FlatMapTuple(_unite).with_outputs(MOVED, main="records")
        )
        return SplitResult(united.records, united[MOVED])


def passage_key(passage: str) -> bytes:
    """Return the same key for passages with the same letters and digits."""
    return text_key("passage", find_words(passage) or [passage])


def protected_split(splits: Iterable[str]) -> str:
    """Return the split that may least be trained on."""
    return min(splits, key=SPLIT_ORDER.index)


def _key_by_passage(identified: Identified) -> tuple[bytes, Identified]:
    return passage_key(identified[1].passage), identified


def _unite(
    key: bytes, members: Iterable[Identified]
) -> Iterator[Identified | TaggedOutput[Literal["moved"], Move]]:
    split = protected_split(record.split for _, record in members)
    for group_id, record in members:  # a second time: a passage may have very many questions
        if record.split != split:
            yield TaggedOutput(MOVED, (record.split, split))
        yield group_id, replace(record, split=split)
