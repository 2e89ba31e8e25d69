"""Stop a build whose source is mostly broken, before anything is paid for."""

from collections.abc import Mapping
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsSingleton, PCollection
from apache_beam.transforms.combiners import Count

from pipelines.ingest.source_language import NOT_ENGLISH
from schemas.record import FailedRecord, Record

_SHOWN = 3


class LimitExceededError(RuntimeError):
    """A limit the user set was passed; the message has the numbers."""


class LimitFailures(beam.PTransform[Any, PCollection[tuple[str, Record]]]):
    """Pass records on when the share of malformed source items is within a limit.

    Duplicates are no failures.
    """

    def __init__(self, limit: float) -> None:
        super().__init__()
        self.limit = limit

    def expand(
        self,
        # Quoted like all hints of several inputs: Beam cannot use them and would warn.
        inputs: "tuple[PCollection[tuple[str, Record]], PCollection[Record], "
        "PCollection[FailedRecord]]",
    ) -> PCollection[tuple[str, Record]]:
        unique, read, failed = inputs
        good = read | "CountRead" >> Count.Globally()
        reasons = failed | "Reason" >> beam.Map(_reason) | "CountReasons" >> Count.PerElement()
        within: PCollection[tuple[str, Record]] = unique | "Check" >> beam.Map(
            _pass_within, self.limit, AsSingleton(good), AsDict(reasons)
        )
        return within


def check_failures(limit: float, read: int, reasons: Mapping[str, int]) -> None:
    """Refuse a source with too many malformed items.

    Args:
        limit: Share of malformed items that is allowed, 0 to 1.
        read: Well-formed items.
        reasons: Malformed items by reason; `duplicate` does not count.

    Raises:
        LimitExceededError: If more than `limit` of all items are malformed.
    """
    malformed = {reason: count for reason, count in reasons.items() if reason != "duplicate"}
    failed, empty = (
        sum(malformed.values()),
        sum(count for reason, count in malformed.items() if reason in _AFTER_READING),
    )
    total = read + failed - empty
    if total and failed > limit * total:
        most = sorted(malformed.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN]
        shown = ", ".join(f"{reason} {count:,}" for reason, count in most)
        raise LimitExceededError(
            f"{failed:,} of {total:,} source items ({failed / total:.1%}) cannot be used, more "
            f"than --max-failed-share {limit:g} allows: {shown}. Nothing was translated. "
            f"{_ADVICE.get(most[0][0], _CHECK_FIELDS)}, or raise the limit."
        )


# Reasons found after reading: these items are among the well-formed ones already.
_AFTER_READING = frozenset({"empty_question", "empty_passage", NOT_ENGLISH})

_CHECK_FIELDS = "Check --format and --fields"
_ADVICE: dict[str, str] = {
    NOT_ENGLISH: "The source does not look English, and translations start from English: "
    "keep its English records only"
}


def _reason(failure: FailedRecord) -> str:
    return failure.reason


def _pass_within(
    record: tuple[str, Record], limit: float, read: int, reasons: dict[str, int]
) -> tuple[str, Record]:
    check_failures(limit, read, reasons)
    return record
