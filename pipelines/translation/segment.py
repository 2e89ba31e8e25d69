"""Which segments a record consists of; the same list is used to translate and to assemble."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.answers.markers import mark_answer
from pipelines.io.progress import advance
from schemas.record import Answer, Record
from translators import segmentation
from translators.context import add_context
from translators.memory import segment_key
from translators.segmentation import is_translatable, split_passage, split_short


@dataclass(frozen=True, slots=True)
class SegmentedRecord:
    """A record with the segments of its texts, in order.

    `marked` has, for each answer, its sentence with the answer marked, or nothing.
    """

    record: Record
    question: list[segmentation.Segment]
    passage: list[segmentation.Segment]
    title: list[segmentation.Segment]
    answers: list[list[segmentation.Segment]]
    marked: list[list[segmentation.Segment]]

    def texts(self) -> Iterator[list[segmentation.Segment]]:
        """Yield the segments of every text of the record."""
        yield self.question
        yield self.passage
        yield self.title
        yield from self.answers
        yield from self.marked


Segmented = tuple[str, SegmentedRecord]


class Segments(NamedTuple):
    """The segments of all records that need a translator, by their key.

    Attributes:
        texts: Each distinct one once.
        groups: The group of every record that it occurs in.
    """

    texts: PCollection[tuple[bytes, str]]
    groups: PCollection[tuple[bytes, str]]


class Segment(beam.PTransform[PCollection[tuple[str, Record]], PCollection[Segmented]]):
    """Cut the texts of identified records into segments.

    Args:
        markers: Whether the sentences of answers are translated once more, with marks around
            the answer.
        context: Sentences on each side of a segment that the translator is shown.
    """

    def __init__(self, markers: bool = False, context: int = 0) -> None:
        super().__init__()
        self.markers = markers
        self.context = context

    def expand(self, records: PCollection[tuple[str, Record]]) -> PCollection[Segmented]:
        """Segment, which is slow, behind `Deduplicate`: its groups are spread over all workers."""
        segmented: PCollection[Segmented] = records | "Split" >> beam.MapTuple(
            _segment, self.markers, self.context
        )
        return segmented


@dataclass(eq=False)
class ExtractSegments(beam.PTransform[PCollection[Segmented], Segments]):
    """Return the segments of all records."""

    def expand(self, records: PCollection[Segmented]) -> "Segments":
        texts = (
            records
            | "Segments" >> beam.FlatMapTuple(_texts)
            | "Deduplicate" >> beam.CombinePerKey(_any)
        )
        return Segments(texts, records | "Groups" >> beam.FlatMapTuple(_groups))


def _texts(group_id: str, segmented: SegmentedRecord) -> Iterator[tuple[bytes, str]]:
    yield from translatable_segments(segmented).items()


def _any(texts: Iterable[str]) -> str:
    """Return one of several equal texts."""
    return next(iter(texts))


def _groups(group_id: str, segmented: SegmentedRecord) -> Iterator[tuple[bytes, str]]:
    for key in translatable_segments(segmented):
        yield key, group_id


def _segment(group_id: str, record: Record, markers: bool = False, context: int = 0) -> Segmented:
    advance("segment", 1)
    return group_id, segment_record(record, markers, context)


def segment_record(record: Record, markers: bool = False, context: int = 0) -> SegmentedRecord:
    """Return the record's texts cut into segments.

    Args:
        record: The record.
        markers: Whether there are marked sentences of answers; these have no context.
        context: Sentences on each side of a segment that the translator is shown. Questions and
            titles have those around the first answer, or the passage's first ones.
    """
    passage = split_passage(record.passage)
    places = [_place(answer, passage) for answer in record.answers]
    first = next(iter(places), 0)
    return SegmentedRecord(
        record=record,
        question=add_context(split_short(record.question), passage, context, first),
        passage=add_context(passage, passage, context),
        title=add_context(split_short(record.title), passage, context, first),
        answers=[
            add_context(split_short(answer.text), passage, context, place)
            for answer, place in zip(record.answers, places, strict=True)
        ],
        marked=[
            mark_answer(answer, record.passage, passage) if markers else []
            for answer in record.answers
        ],
    )


def _place(answer: Answer, passage: Sequence[segmentation.Segment]) -> int:
    """Return the number of the sentence in which an answer begins; 0 where that is not known."""
    behind = (index for index, segment in enumerate(passage) if answer.start < segment.end)
    return next(behind, 0)


def translatable_segments(segmented: SegmentedRecord) -> dict[bytes, str]:
    """Return the distinct segments of a record that need a translator, by their key."""
    return {
        segment_key(segment.asked): segment.asked
        for field in segmented.texts()
        for segment in field
        if is_translatable(segment.text)
    }
