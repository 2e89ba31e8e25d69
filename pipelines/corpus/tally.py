"""Count what became of every record, in one place, from the elements themselves.

Beam's own counters may count a retried bundle twice; these cannot.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
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
    """Add up what happened to records, rows and segments."""

    @staticmethod
    def counts(
        read: Records,
        failed: PCollection[FailedRecord],
        clean: Clean,
        separated: SplitResult,
        records: PCollection[Segmented],
        segments: Segments,
        translated: Translations,
        verdicts: Verdicts,
        alarms: PCollection[Alarm],
    ) -> tuple[PCollection[tuple[Tag, int]], ...]:
        """Return what to add up: tags that name what happened to elements, and how often each."""
        return (
            read.records | "CountRead" >> _count(_tag, tag="read"),
            read.records | "CountMended" >> _count(_mended_tags),
            read.failed | "CountUnreadable" >> _count(_tag, tag="read"),
            failed | "CountFailed" >> _count(_failed_tag),
            clean.leaked | "CountLeaked" >> _count(_leaked_tag),
            separated.moved | "CountMoved" >> _count(_moved_tag),
            alarms | "CountAlarms" >> _count(_alarm_tag),
            records | "CountGroups" >> _count(_tag, tag="group"),
            segments.texts | "CountSegments" >> _count(_tag, tag="segment"),
            translated.remembered | "CountRemembered" >> _count(_remembered_tag),
            translated.broken | "CountBroken" >> _count(_broken_tag),
            *Tally.verdict_counts(verdicts),
        )

    @staticmethod
    def verdict_counts(verdicts: Verdicts) -> tuple[PCollection[tuple[Tag, int]], ...]:
        """Return the counts of judged rows."""
        return (
            verdicts.rows | "CountRows" >> _count(_row_tags),
            verdicts.quarantined | "CountQuarantined" >> _count(_quarantined_tag),
        )

    def expand(
        self, counts: "tuple[PCollection[tuple[Tag, int]], ...]"
    ) -> PCollection[tuple[Tag, int]]:
        added: PCollection[tuple[Tag, int]] = counts | beam.Flatten() | beam.CombinePerKey(sum)
        return added


def count_items(name: str, items: int) -> tuple[Tag, int]:
    """Return how many items of an evaluation set were looked for, as an entry of the tally."""
    return ("evaluation_items", name), items


def count_shuffled(size: int) -> tuple[Tag, int]:
    """Return how many bytes were shuffled, as an entry of the tally."""
    return ("shuffled_bytes",), size


def _count(tags: Callable[..., Iterator[Tag]], **arguments: str) -> beam.ParDo:
    return beam.ParDo(_CountInBundle(partial(tags, **arguments)))


class _CountInBundle(beam.DoFn):
    """Counts the tags of a bundle, so that few numbers go on."""

    def __init__(self, tags: Callable[[Any], Iterator[Tag]]) -> None:
        self._tags = tags
        self._counts: Counter[Tag] = Counter()

    def start_bundle(self) -> None:
        self._counts.clear()

    def process(self, element: Any) -> None:  # noqa: ANN401 - elements of any kind have tags
        self._counts.update(self._tags(element))

    def finish_bundle(self) -> Iterator[WindowedValue]:
        return map(GlobalWindows.windowed_value, self._counts.items())


def _tag(element: object, tag: str) -> Iterator[Tag]:
    yield (tag,)


def _mended_tags(record: Record) -> Iterator[Tag]:
    for what in record.mended:
        yield ("mended", what)


def _failed_tag(failure: FailedRecord) -> Iterator[Tag]:
    yield ("source", failure.reason)


def _remembered_tag(lang: str) -> Iterator[Tag]:
    yield ("remembered", lang)


def _broken_tag(path: str) -> Iterator[Tag]:
    yield ("broken_packet", path)


def _leaked_tag(leaked: Leaked) -> Iterator[Tag]:
    yield ("leaked", leaked[0])


def _moved_tag(move: Move) -> Iterator[Tag]:
    yield ("moved", *move)


def _alarm_tag(alarm: Alarm) -> Iterator[Tag]:
    yield ("alarm", *alarm)


def _row_tags(row: Row) -> Iterator[Tag]:
    yield ("kept", row.lang)
    if is_unverified(row.checks):
        yield ("unverified", row.lang)


def _quarantined_tag(item: QuarantinedRow) -> Iterator[Tag]:
    yield (item.status, item.row.lang, item.reason)
