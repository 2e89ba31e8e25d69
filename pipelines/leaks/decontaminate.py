"""Remove the records that are in an evaluation set, before anything is translated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsDict, PCollection, TaggedOutput
from apache_beam.transforms.combiners import Count

from pipelines.leaks import rules as leaks
from pipelines.leaks.evaluation_sets import EvaluationSet, EvaluationSetError
from pipelines.leaks.read_evaluation import Key, ReadEvaluationSets
from pipelines.leaks.rules import EvaluationIndex, EvaluationItem, Leak
from schemas.identity import content_id
from schemas.language import SOURCE_LANGUAGE
from schemas.record import FailedRecord, Record

LEAKED: Final = "leaked"

Identified = tuple[str, Record]
Leaked = tuple[str, FailedRecord]  # name of the evaluation set, the removed record
_Found = tuple[str, Record, list[Leak]]

_DETAILS: Final = {
    leaks.PASSAGE: "its passage, or a good part of it, is in the evaluation set",
    leaks.ID: "its id is in the evaluation set",
    leaks.QUESTION: "its question is in the evaluation set",
}


class Clean(NamedTuple):
    """What is left, what was removed, and what was looked for.

    Attributes:
        records: Records that are in no evaluation set.
        leaked: Removed records, each with the first of the sets it is in.
        items: Name and number of items of each set that was looked for.
    """

    records: PCollection[Identified]
    leaked: PCollection[Leaked]
    items: PCollection[tuple[str, int]]


class Decontaminate(beam.PTransform[PCollection[Identified], Clean]):
    """Remove records whose passage, question or id is in an evaluation set.

    A passage that is in a set goes with all its questions, and so does the passage of a record
    with an id of a set. A question that is in a set costs its own record only. Sets in other
    languages than English are left to `AuditLeaks`.
    """

    def __init__(self, sets: Sequence[EvaluationSet]) -> None:
        super().__init__()
        self.sets = tuple(s for s in sets if s.lang == SOURCE_LANGUAGE)

    def expand(self, records: PCollection[Identified]) -> "Clean":
        """Find leaks, then decide with what was found elsewhere in the input."""
        if not self.sets:
            nothing = records.pipeline | "Nothing" >> beam.Create([])
            return Clean(records, nothing, nothing)
        names = tuple(dict.fromkeys(evaluation_set.name for evaluation_set in self.sets))
        indexes = (
            records.pipeline
            | "ReadSets" >> ReadEvaluationSets(self.sets)
            | "GroupSets" >> beam.GroupByKey()
            | "Index" >> beam.MapTuple(_make_index)
        )
        found = records | "Find" >> beam.Map(_find, names, AsDict(indexes))
        passages = found | "PassagesOfIds" >> beam.FlatMap(_passages_of_ids)
        questions = found | "ShortQuestions" >> beam.FlatMap(_short_questions)
        asked = questions | beam.Distinct() | Count.PerKey() | beam.Filter(_is_generic)
        decided = found | "Decide" >> beam.FlatMap(
            _decide, AsDict(passages | beam.CombinePerKey(min)), AsDict(asked)
        ).with_outputs(LEAKED, main="records")
        items = indexes | "CountItems" >> beam.MapTuple(_count_items)
        return Clean(decided.records, decided[LEAKED], items)


def _make_index(
    key: Key, items: Iterable[EvaluationItem | FailedRecord]
) -> tuple[str, EvaluationIndex]:
    index = leaks.make_index(item for item in items if isinstance(item, EvaluationItem))
    if not index.items:
        raise EvaluationSetError(f"{key[0]}: no item could be read")
    return key[0], index


def _count_items(name: str, index: EvaluationIndex) -> tuple[str, int]:
    return name, index.items


def _find(
    identified: Identified, names: Sequence[str], indexes: Mapping[str, EvaluationIndex]
) -> _Found:
    group_id, record = identified
    return group_id, record, leaks.find_leaks(record, [(name, indexes[name]) for name in names])


def _passages_of_ids(found: _Found) -> Iterator[tuple[str, Leak]]:
    _, record, ties = found
    for leak in ties:
        if leak.reason == leaks.ID:
            yield content_id(record.passage), leak


def _short_questions(found: _Found) -> Iterator[tuple[bytes, str]]:
    """Yield question and passage of records that share a short question with a set."""
    _, record, ties = found
    if _has_question(ties) and leaks.is_short(record.question):
        yield leaks.question_key(record.question), content_id(record.passage)


def _is_generic(counted: tuple[bytes, int]) -> bool:
    return counted[1] > leaks.GENERIC_PASSAGES


def _has_question(ties: Iterable[Leak]) -> bool:
    return any(leak.reason == leaks.QUESTION for leak in ties)


def _decide(
    found: _Found, passages_of_ids: Mapping[str, Leak], generic: Mapping[bytes, int]
) -> Iterator[Identified | TaggedOutput[Literal["leaked"], Leaked]]:
    group_id, record, ties = found
    if _has_question(ties) and leaks.question_key(record.question) in generic:
        ties = [leak for leak in ties if leak.reason != leaks.QUESTION]
    if passages_of_ids and (leak := passages_of_ids.get(content_id(record.passage))):
        ties = [*ties, leak._replace(reason=leaks.PASSAGE)]
    if ties:
        yield TaggedOutput(LEAKED, (min(ties).set, _failure(record, ties)))
    else:
        yield group_id, record


def _failure(record: Record, ties: Iterable[Leak]) -> FailedRecord:
    first, *others = sorted(ties)
    names = sorted({leak.set for leak in others} - {first.set})
    also = f"; it is also tied to {', '.join(names)}" if names else ""
    return FailedRecord(
        source=record.dataset,
        line=0,
        record_id=record.record_id,
        reason=first.reason,
        detail=f"{_DETAILS[first.reason]} {first.set}{also}",
        raw=record.question[:1000],
    )
