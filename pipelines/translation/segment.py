"""Which segments a record consists of; the same list is used to translate and to assemble."""

from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.answers.markers import mark_answer
from pipelines.io.progress import advance
from schemas.record import Record
from translators import segmentation
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


class Segment(beam.PTransform[PCollection[tuple[str, Record]], PCollection[Segmented]]):
    """Cut the texts of identified records into segments.

    Args:
        markers: Whether the sentences of answers are translated once more, with marks around
            the answer.
    """

    def __init__(self, markers: bool = False) -> None:
        super().__init__()
        self.markers = markers

    def expand(self, records: PCollection[tuple[str, Record]]) -> PCollection[Segmented]:
        """Segment behind a shuffle: splitting is slow, and files may be few."""
        segmented: PCollection[Segmented] = (
            records | beam.Reshuffle() | "Split" >> beam.MapTuple(_segment, self.markers)
        )
        return segmented


def _segment(group_id: str, record: Record, markers: bool = False) -> Segmented:
    advance("segment", 1)
    return group_id, segment_record(record, markers)


def segment_record(record: Record, markers: bool = False) -> SegmentedRecord:
    """Return the record's texts cut into segments, with marked sentences when they are wanted."""
    passage = split_passage(record.passage)
    return SegmentedRecord(
        record=record,
        question=split_short(record.question),
        passage=passage,
        title=split_short(record.title),
        answers=[split_short(answer.text) for answer in record.answers],
        marked=[
            mark_answer(answer, record.passage, passage) if markers else []
            for answer in record.answers
        ],
    )


def translatable_segments(segmented: SegmentedRecord) -> dict[bytes, str]:
    """Return the distinct segments of a record that need a translator, by their key."""
    return {
        segment_key(segment.text): segment.text
        for field in segmented.texts()
        for segment in field
        if is_translatable(segment.text)
    }
