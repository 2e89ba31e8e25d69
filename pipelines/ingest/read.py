"""Read sources into records; the first step of a build."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import PBegin, PCollection, TaggedOutput

from pipelines.formats import judged
from pipelines.formats.catalogue import HUGGING_FACE
from pipelines.formats.join import JoinJudged, Work
from pipelines.formats.reader import read_dataset, read_file
from pipelines.ingest.source import Source, find_units
from pipelines.io.progress import advance
from pipelines.shuffle.group import SpreadPacked
from schemas.collection_files import choose_split
from schemas.reason import declare_reason
from schemas.record import FailedRecord, Record

_NO_FILE: Final = declare_reason("no_file", "a source that disappeared during the build")

FAILED: Final = "failed"

_Failure = TaggedOutput[Literal["failed"], FailedRecord]
# One file of a source, or one split of a Hugging Face dataset. Names of files are bytes, which need
# not be text; Beam can hand on no other text.
Unit = tuple[Source, bytes]


class Records(NamedTuple):
    """What was read; every item of every source is in one of the two."""

    records: PCollection[Record]
    failed: PCollection[FailedRecord]


class Read(beam.PTransform[PBegin, Records]):
    """Read sources that `check_sources` has accepted.

    Files are found when the pipeline runs; one file, or one split of a dataset, is read by one
    worker. What goes wrong with an item or a file is a failed record and never raises; what may
    go better the next time, such as a network error, raises, and the runner tries again.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        super().__init__()
        self.sources = tuple(sources)

    def expand(self, begin: PBegin) -> "Records":
        collections = [s for s in self.sources if s.format in judged.FORMATS]
        plain = [s for s in self.sources if s.format not in judged.FORMATS]
        outcomes = []
        if plain:
            outcomes.append(_read_plain(begin, plain))
        if collections:
            outcomes.append(_read_collections(begin, collections))
        counted = [outcome.records for outcome in outcomes] | "Records" >> beam.Flatten(
            pipeline=begin.pipeline
        )
        failed = [outcome.failed for outcome in outcomes] | "Failed" >> beam.Flatten(
            pipeline=begin.pipeline
        )
        return Records(
            counted | "CountRecords" >> beam.Map(_count_record),
            failed | "CountFailed" >> beam.Map(_count_failed),
        )


def _read_plain(begin: PBegin, sources: list[Source]) -> Records:
    units = (
        begin
        | "Sources" >> beam.Create(sources)
        | "FindFiles" >> beam.FlatMap(_find_units).with_outputs(FAILED, main="units")
    )
    items = (
        units.units
        | "SpreadFiles" >> beam.Reshuffle()
        | "ReadFiles" >> beam.FlatMap(_read_unit).with_outputs(FAILED, main="records")
    )
    failed = (units[FAILED], items[FAILED]) | "FailedFiles" >> beam.Flatten()
    return Records(items.records | "SpreadRecords" >> SpreadPacked(), failed)


def _read_collections(begin: PBegin, sources: list[Source]) -> Records:
    joined = (
        begin
        | "Collections" >> beam.Create(sources)
        | "FindParts" >> beam.FlatMap(_find_parts)
        | "SpreadParts" >> beam.Reshuffle()
        | "Join" >> JoinJudged()
    )
    return Records(joined.records, joined.failed)


def encode_name(name: str) -> bytes:
    """Return the name of a file as it is on disk."""
    return name.encode("utf-8", "surrogateescape")


def decode_name(name: bytes) -> str:
    """Return the name of a file as Python has it."""
    return name.decode("utf-8", "surrogateescape")


def _find_units(source: Source) -> Iterator[Unit | _Failure]:
    names = find_units(source)
    for name in names:
        yield source, encode_name(name)
    if not names:
        detail = "the source has gone since the build was started"
        yield _Failure(FAILED, source.origin(source.path).failed(0, _NO_FILE, detail))


def _read_unit(unit: Unit) -> Iterator[Record | _Failure]:
    source, name = unit
    for result in read_unit(source, decode_name(name)):
        advance("read", 1)
        if isinstance(result, Record):
            yield result
        else:
            yield _Failure(FAILED, result)


def read_unit(source: Source, name: str) -> Iterator[Record | FailedRecord]:
    """Yield the records and failed records of one file or split, in order."""
    if source.format in HUGGING_FACE:
        origin = source.origin(source.path, split=name)
        return read_dataset(source.path, name, source.format == "hf-stream", origin)
    return read_file(name, source.file_format(name), source.origin(name))


def _find_parts(source: Source) -> Iterator[Work]:
    parts = judged.list_parts(source.path)
    for part in choose_split(parts, source.split) if source.split else parts:
        yield Work(source.path, part, source.origin(part.path, split=part.split))


def _count_record(record: Record) -> Record:
    Metrics.counter("read", "records").inc()
    return record


def _count_failed(failure: FailedRecord) -> FailedRecord:
    Metrics.counter("read", failure.reason).inc()
    return failure
