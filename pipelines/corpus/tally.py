"""Count what became of every record, in one place, from the elements themselves.

Beam's own counters may count a retried bundle twice; these cannot.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from pipelines.corpus.faults import is_unverified
from pipelines.ingest.read import Records
from pipelines.ingest.splits import Move, SplitResult
from pipelines.judge.validate import Verdicts
from pipelines.leaks.audit import Alarm
from pipelines.leaks.decontaminate import Clean, Leaked
from pipelines.translation.segment import Segmented, Segments
from pipelines.translation.translate import Translations
from schemas.record import FailedRecord, Record
from schemas.row import QuarantinedRow, Row

Tag = tuple[str, ...]


class Tally(beam.PTransform[Any, PCollection[tuple[Tag, int]]]):
    """Count the tags of records, rows and segments."""

    @staticmethod
    def tags(
        read: Records,
        failed: PCollection[FailedRecord],
        clean: Clean,
        separated: SplitResult,
        records: PCollection[Segmented],
        segments: Segments,
        translated: Translations,
        verdicts: Verdicts,
        alarms: PCollection[Alarm],
    ) -> tuple[PCollection[Tag], ...]:
        """Return the tags to count; each names what happened to one element."""
        return (
            read.records | "TagRead" >> beam.Map(_tag, "read"),
            read.records | "TagMended" >> beam.FlatMap(_mended_tags),
            read.failed | "TagUnreadable" >> beam.Map(_tag, "read"),
            failed | "TagFailed" >> beam.Map(_failed_tag),
            clean.leaked | "TagLeaked" >> beam.Map(_leaked_tag),
            separated.moved | "TagMoved" >> beam.Map(_moved_tag),
            alarms | "TagAlarms" >> beam.Map(_alarm_tag),
            records | "TagGroups" >> beam.Map(_tag, "group"),
            segments.texts | "TagSegments" >> beam.Map(_tag, "segment"),
            translated.remembered | "TagRemembered" >> beam.Map(_remembered_tag),
            translated.broken | "TagBroken" >> beam.Map(_broken_tag),
            *Tally.verdict_tags(verdicts),
        )

    @staticmethod
    def verdict_tags(verdicts: Verdicts) -> tuple[PCollection[Tag], ...]:
        """Return the tags of judged rows."""
        return (
            verdicts.rows | "TagRows" >> beam.FlatMap(_row_tags),
            verdicts.quarantined | "TagQuarantined" >> beam.Map(_quarantined_tag),
        )

    def expand(self, tags: "tuple[PCollection[Tag], ...]") -> PCollection[tuple[Tag, int]]:
        counted: PCollection[tuple[Tag, int]] = (
            [
                tag | f"Count{number}" >> beam.ParDo(_CountInBundle())
                for number, tag in enumerate(tags)
            ]
            | beam.Flatten()
            | beam.CombinePerKey(sum)
        )
        return counted


class _CountInBundle(beam.DoFn):
    """Counts the equal tags of a bundle, so that few numbers go on."""

    def start_bundle(self) -> None:
        self._counts: Counter[Tag] = Counter()

    def process(self, tag: Tag) -> None:
        self._counts[tag] += 1

    def finish_bundle(self) -> Iterator[WindowedValue]:
        return map(GlobalWindows.windowed_value, self._counts.items())


def count_items(name: str, items: int) -> tuple[Tag, int]:
    """Return how many items of an evaluation set were looked for, as an entry of the tally."""
    return ("evaluation_items", name), items


def count_shuffled(size: int) -> tuple[Tag, int]:
    """Return how many bytes were shuffled, as an entry of the tally."""
    return ("shuffled_bytes",), size


def _tag(element: object, tag: str) -> Tag:
    return (tag,)


def _mended_tags(record: Record) -> Iterator[Tag]:
    for what in record.mended:
        yield ("mended", what)


def _failed_tag(failure: FailedRecord) -> Tag:
    return ("source", failure.reason)


def _remembered_tag(lang: str) -> Tag:
    return ("remembered", lang)


def _broken_tag(path: str) -> Tag:
    return ("broken_packet", path)


def _leaked_tag(leaked: Leaked) -> Tag:
    return ("leaked", leaked[0])


def _moved_tag(move: Move) -> Tag:
    return ("moved", *move)


def _alarm_tag(alarm: Alarm) -> Tag:
    return ("alarm", *alarm)


def _row_tags(row: Row) -> Iterator[Tag]:
    yield ("kept", row.lang)
    if is_unverified(row.checks):
        yield ("unverified", row.lang)


def _quarantined_tag(item: QuarantinedRow) -> Tag:
    return (item.status, item.row.lang, item.reason)
