"""Normalise records and keep one of those with the same question and passage."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput

from pipelines.ingest.splits import SPLIT_ORDER
from pipelines.shuffle.group import GroupPacked
from pipelines.text.normalise import missing_text, normalise_record
from schemas.identity import content_id
from schemas.reason import declare_reason
from schemas.record import Answer, FailedRecord, Record

_DUPLICATE: Final = declare_reason("duplicate", "the same question and passage as another record")

FAILED: Final = "failed"

_Failure = TaggedOutput[Literal["failed"], FailedRecord]


class Unique(NamedTuple):
    """One record for each group, and what was set aside."""

    records: PCollection[tuple[str, Record]]
    failed: PCollection[FailedRecord]


class Deduplicate(beam.PTransform[PCollection[Record], Unique]):
    """Key records by `group_id`, one for each; the copies become failed records."""

    def expand(self, records: PCollection[Record]) -> "Unique":
        normalised = records | "Normalise" >> beam.FlatMap(_normalise).with_outputs(
            FAILED, main="records"
        )
        chosen = (
            normalised.records
            | "GroupCopies" >> GroupPacked()
            | "Choose" >> beam.FlatMap(_choose).with_outputs(FAILED, main="records")
        )
        failed = (normalised[FAILED], chosen[FAILED]) | beam.Flatten()
        return Unique(chosen.records, failed)


def group_id(record: Record) -> str:
    """Return the group of a normalised record: a hash of its question and passage."""
    return content_id(record.question, record.passage)


def merge_copies(copies: Iterable[Record]) -> tuple[Record, list[FailedRecord]]:
    """Return the record to keep, with the answers of all copies, and the others as failed.

    The choice depends on the content alone, not on the order of reading.
    """
    kept, *others = sorted(copies, key=_order)
    answers: dict[Answer, None] = dict.fromkeys(kept.answers)
    for other in others:
        answers.update(dict.fromkeys(other.answers))
    duplicates = [
        FailedRecord(
            source=other.dataset,
            line=0,
            record_id=other.record_id,
            reason=_DUPLICATE,
            detail=f"same question and passage as {kept.record_id} of {kept.dataset}",
            raw=other.question[:1000],
        )
        for other in others
    ]
    return replace(kept, answers=tuple(answers)), duplicates


def _order(record: Record) -> tuple[int, str, str, str]:
    return (
        SPLIT_ORDER.index(record.split),  # the copy that may least be trained on is kept
        record.dataset,
        record.record_id,
        repr((record.title, record.answers, record.license)),
    )


def _normalise(record: Record) -> Iterator[tuple[str, Record] | _Failure]:
    normalised = normalise_record(record)
    failure = missing_text(normalised)
    if failure:
        yield TaggedOutput(FAILED, failure)
    else:
        yield group_id(normalised), normalised


def _choose(group: tuple[str, Iterable[Record]]) -> Iterator[tuple[str, Record] | _Failure]:
    record, duplicates = merge_copies(group[1])
    yield group[0], record
    for duplicate in duplicates:
        yield TaggedOutput(FAILED, duplicate)
