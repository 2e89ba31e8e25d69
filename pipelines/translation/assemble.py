"""Bring the translations of a record's segments back together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.io.progress import advance
from pipelines.shuffle.group import JoinPacked
from pipelines.translation.rows import Group, assemble_group
from pipelines.translation.segment import Segmented
from pipelines.translation.translate import Piece
from schemas.row import RowTranslator
from translators.translator import Translation


@dataclass(eq=False)
class Assemble(beam.PTransform[Any, PCollection[Group]]):
    """Join records with the translations of their segments into groups of rows."""

    translators: Mapping[str, Sequence[RowTranslator]]

    def expand(
        self,
        inputs: "tuple[PCollection[Segmented], tuple[PCollection[tuple[str, Piece]], ...]]",
    ) -> PCollection[Group]:
        records, pieces = inputs
        result: PCollection[Group] = (
            {"records": records, "pieces": pieces}
            | "JoinGroups" >> JoinPacked()
            | "Assemble" >> beam.FlatMap(_assemble, dict(self.translators))
        )
        return result


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
