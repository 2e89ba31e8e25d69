"""Bring the passages, queries and judgements of BEIR and MS MARCO collections together."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PCollection, TaggedOutput

from pipelines.formats.item import EMPTY_FILE, MISSING, BadItem, Origin, build_record
from pipelines.formats.judged import Passage, read_part
from pipelines.formats.stream import Stream
from pipelines.io.progress import advance
from schemas.collection_entries import Judgement
from schemas.collection_files import Part
from schemas.reason import declare_reason
from schemas.record import FailedRecord, Record

_MISSING_TEXT: Final = {
    "query": declare_reason("missing_query", "no query with the id that a judgement names"),
    "passage": MISSING["passage"],
}
_DUPLICATE_ID: Final = declare_reason("duplicate_id", "one id for several different texts")
_CONTRADICTORY_JUDGEMENT: Final = declare_reason(
    "contradictory_judgement", "a passage that is judged both relevant and not relevant"
)

FAILED: Final = "failed"

Key = tuple[str, str]  # the collection's path, the id of a query or passage in it
_Group = tuple[Key, dict[str, Iterable[Any]]]
_Passage = TaggedOutput[Literal["passages"], tuple[Key, Passage]]
_Query = TaggedOutput[Literal["queries"], tuple[Key, Passage]]
_Failure = TaggedOutput[Literal["failed"], FailedRecord]


class Work(NamedTuple):
    """One file of a collection, to be read by one worker."""

    collection: str
    part: Part
    origin: Origin


class Judged(NamedTuple):
    """A judgement on its way: whether a passage answers a query, and where that is written."""

    query_id: str
    question: str
    passage_id: str
    is_positive: bool
    line: int
    origin: Origin


class Joined(NamedTuple):
    """One record for each positive judgement, and what has no counterpart."""

    records: PCollection[Record]
    failed: PCollection[FailedRecord]


class JoinJudged(beam.PTransform[PCollection[Work], Joined]):
    """Make a record of each positive judgement; texts that none names go no further."""

    def expand(self, work: PCollection[Work]) -> "Joined":
        parts = work | "ReadParts" >> beam.FlatMap(_read_part).with_outputs(
            "passages", "queries", FAILED, main="judgements"
        )
        asked = (
            {"texts": parts.queries, "judged": parts.judgements}
            | "GroupByQuery" >> beam.CoGroupByKey()
            | "AddQuestions" >> beam.FlatMap(_add_question).with_outputs(FAILED, main="judged")
        )
        answered = (
            {"texts": parts.passages, "judged": asked.judged}
            | "GroupByPassage" >> beam.CoGroupByKey()
            | "AddPassages" >> beam.FlatMap(_add_passage).with_outputs(FAILED, main="records")
        )
        failed = (parts[FAILED], asked[FAILED], answered[FAILED]) | beam.Flatten()
        return Joined(answered.records, failed)


def _read_part(work: Work) -> Iterator[tuple[Key, Judged] | _Passage | _Query | _Failure]:
    stream = Stream(work.part.path, work.origin.dialect.encoding)
    count = 0
    for entry in read_part(work.part, work.origin, stream):
        count += 1
        advance("read", 1)
        if isinstance(entry, FailedRecord):
            yield _Failure(FAILED, entry)
        elif isinstance(entry, Judgement):
            positive, line = entry.grade > 0, entry.line
            judged = Judged(entry.query_id, "", entry.passage_id, positive, line, work.origin)
            yield (work.collection, entry.query_id), judged
        elif work.part.role == "queries":
            yield _Query("queries", ((work.collection, entry.id), entry))
        else:
            yield _Passage("passages", ((work.collection, entry.id), entry))
    if stream.fault:
        detail = f"the file breaks off after {count} entries; fetch it again"
        yield _Failure(FAILED, work.origin.failed(0, stream.fault, detail))
    elif not count:
        yield _Failure(FAILED, work.origin.failed(0, EMPTY_FILE, "nothing in the file"))


def _add_question(group: _Group) -> Iterator[tuple[Key, Judged] | _Failure]:
    (collection, query_id), found = group
    for judged, contradicting in _distinct(found["judged"]):
        try:
            if contradicting:
                raise _contradiction(judged, contradicting)
            question = _one_text(found["texts"], "query", query_id)
        except BadItem as bad:
            yield _Failure(FAILED, _failure(judged, bad))
        else:
            yield (collection, judged.passage_id), judged._replace(question=question.text)


def _add_passage(group: _Group) -> Iterator[Record | _Failure]:
    (_, passage_id), found = group
    for judged in found["judged"]:
        try:
            passage = _one_text(found["texts"], "passage", passage_id)
            name = _record_id(judged)
            yield build_record(judged.origin, name, judged.question, passage.text, passage.title)
        except BadItem as bad:
            yield _Failure(FAILED, _failure(judged, bad))


def _distinct(judged: Iterable[Judged]) -> list[tuple[Judged, Judged | None]]:
    """Return one positive judgement for each pair and split, and one that contradicts it.

    `dev.small` repeats what is in `dev`: judgements that agree count once.
    """
    first: dict[tuple[str, str], dict[bool, Judged]] = {}
    for judgement in sorted(judged, key=lambda j: (j.origin.path, j.line)):
        verdicts = first.setdefault((judgement.passage_id, judgement.origin.split), {})
        verdicts.setdefault(judgement.is_positive, judgement)
    return [(found[True], found.get(False)) for found in first.values() if True in found]


def _contradiction(judged: Judged, other: Judged) -> BadItem:
    detail = (
        f"the passage {judged.passage_id!r} is relevant to {judged.query_id!r} here, and not "
        f"relevant in line {other.line} of {other.origin.path}"
    )
    return BadItem(_CONTRADICTORY_JUDGEMENT, detail)


def _one_text(texts: Iterable[Passage], kind: str, name: str) -> Passage:
    """Return the text that an id stands for.

    Raises:
        BadItem: `missing_query`, `missing_passage` or `duplicate_id`.
    """
    different = set(texts)
    if not different:
        raise BadItem(_MISSING_TEXT[kind], f"judged, but there is no {kind} with the id {name!r}")
    if len(different) > 1:
        raise BadItem(_DUPLICATE_ID, f"{len(different)} different texts for {kind} {name!r}")
    return different.pop()


def _failure(judged: Judged, bad: BadItem) -> FailedRecord:
    raw = f"{judged.query_id}\t{judged.passage_id}"
    return judged.origin.failed(judged.line, bad.reason, bad.detail, raw, _record_id(judged))


def _record_id(judged: Judged) -> str:
    return f"{judged.query_id}:{judged.passage_id}"
