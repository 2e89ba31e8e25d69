"""Bring the translations of a record's segments back together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.io.progress import advance
from pipelines.shuffle.group import JoinPacked
from pipelines.translation.rows import Group, assemble_group
from pipelines.translation.segment import Segmented, SegmentedRecord, translatable_segments
from pipelines.translation.translate import Translated
from schemas.row import RowTranslator
from translators.translator import Translation

Piece = tuple[bytes, dict[str, Translation]]


@dataclass(eq=False)
class ExtractSegments(beam.PTransform[PCollection[Segmented], PCollection[tuple[bytes, str]]]):
    """Return the distinct segments of all records, each once in the whole corpus."""

    def expand(self, records: PCollection[Segmented]) -> PCollection[tuple[bytes, str]]:
        result: PCollection[tuple[bytes, str]] = (
            records
            | "Segments" >> beam.FlatMapTuple(_segments)
            | "Deduplicate" >> beam.CombinePerKey(_any)
        )
        return result


@dataclass(eq=False)
class Assemble(beam.PTransform[Any, PCollection[Group]]):
    """Join records with the translations of their segments into groups of rows."""

    translators: Mapping[str, Sequence[RowTranslator]]

    def expand(
        self, inputs: "tuple[PCollection[Segmented], PCollection[Translated]]"
    ) -> PCollection[Group]:
        records, translations = inputs
        occurrences = records | "Occurrences" >> beam.FlatMapTuple(_occurrences)
        pieces = (
            {"translations": translations, "groups": occurrences}
            | "JoinSegments" >> JoinPacked()
            | "ToGroups" >> beam.FlatMapTuple(_to_groups)
        )
        result: PCollection[Group] = (
            {"records": records, "pieces": pieces}
            | "JoinGroups" >> JoinPacked()
            | "Assemble" >> beam.FlatMap(_assemble, dict(self.translators))
        )
        return result


def _segments(group_id: str, segmented: SegmentedRecord) -> Iterator[tuple[bytes, str]]:
    yield from translatable_segments(segmented).items()


def _any(texts: Iterable[str]) -> str:
    """Return one of several equal texts."""
    return next(iter(texts))


def _occurrences(group_id: str, segmented: SegmentedRecord) -> Iterator[tuple[bytes, str]]:
    for key in translatable_segments(segmented):
        yield key, group_id


def _to_groups(key: bytes, joined: dict[str, Iterable[Any]]) -> Iterator[tuple[str, Piece]]:
    by_language = {
        lang: translation for some in joined["translations"] for lang, translation in some.items()
    }
    for group_id in joined["groups"]:
        yield group_id, (key, by_language)


def _assemble(
    group: tuple[str, dict[str, Iterable[Any]]], translators: dict[str, Sequence[RowTranslator]]
) -> Iterator[Group]:
    group_id, joined = group
    dictionaries: dict[str, dict[bytes, Translation]] = {lang: {} for lang in translators}
    for key, by_language in joined["pieces"]:
        for lang, translation in by_language.items():
            dictionaries[lang][key] = translation
    for segmented in joined["records"]:
        advance("assemble", 1)
        yield assemble_group(group_id, segmented, dictionaries, translators)
