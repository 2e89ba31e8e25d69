"""Read evaluation sets in a pipeline."""

from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.pvalue import PBegin, PCollection

from pipelines.ingest.read import Read, decode_name, encode_name
from pipelines.leaks.evaluation_sets import (
    EvaluationSet,
    find_units,
    is_collection,
    read_items,
    refuse_broken,
    to_item,
)
from pipelines.leaks.rules import EvaluationItem
from schemas.record import FailedRecord, Record

Key = tuple[str, str]  # name and language of a set
KeyedItem = tuple[Key, EvaluationItem | FailedRecord]


class ReadEvaluationSets(beam.PTransform[PBegin, PCollection[KeyedItem]]):
    """Return the items of sets that `check_evaluation_sets` has accepted.

    Single items that cannot be read are among them as failed records; a file that cannot be read
    to its end stops the pipeline.
    """

    def __init__(self, sets: Sequence[EvaluationSet]) -> None:
        super().__init__()
        self.sets = tuple(sets)

    def expand(self, begin: PBegin) -> PCollection[KeyedItem]:
        files = (
            begin
            | "Sets" >> beam.Create([s for s in self.sets if not is_collection(s)])
            | "FindFiles" >> beam.FlatMap(_find_units)
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadFiles" >> beam.FlatMapTuple(_read_items)
        )
        parts = [files]
        for number, collection in enumerate(filter(is_collection, self.sets)):
            read = begin | f"Collection{number}" >> Read([collection.source])
            parts += [
                read.records | f"Items{number}" >> beam.Map(_key_record, collection),
                read.failed | f"Failed{number}" >> beam.Map(_key_failure, collection),
            ]
        items: PCollection[KeyedItem] = parts | beam.Flatten()
        return items


def _find_units(evaluation_set: EvaluationSet) -> Iterator[tuple[EvaluationSet, bytes]]:
    for unit in find_units(evaluation_set):
        yield evaluation_set, encode_name(unit)


def _read_items(evaluation_set: EvaluationSet, unit: bytes) -> Iterator[KeyedItem]:
    for item in read_items(evaluation_set, decode_name(unit)):
        yield (evaluation_set.name, evaluation_set.lang), item


def _key_record(record: Record, collection: EvaluationSet) -> KeyedItem:
    return (collection.name, collection.lang), to_item(record)


def _key_failure(failure: FailedRecord, collection: EvaluationSet) -> KeyedItem:
    return (collection.name, collection.lang), refuse_broken(collection.name, failure)
