"""Read a corpus back into groups that can be judged again, without translating again."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.pvalue import PBegin, PCollection

from pipelines.rows import SOURCE_LANGUAGE, Draft, Group
from pipelines.storage import join, read_bytes
from schemas.manifest import FileEntry, Manifest
from schemas.record import Answer, Record
from schemas.row import QuarantinedRow, Row
from schemas.row_reader import table_to_quarantine, table_to_rows

Found = Row | QuarantinedRow


class Reread(beam.PTransform[PBegin, PCollection[Group]]):
    """Bring accepted and quarantined rows of every group together again."""

    def __init__(self, corpus: str, manifest: Manifest) -> None:
        super().__init__()
        self.corpus = corpus
        self.files = [entry for entry in manifest.files if entry.kind != "failed_record"]

    def expand(self, begin: PBegin) -> PCollection[Group]:
        """Wire reading and grouping."""
        groups: PCollection[Group] = (
            begin
            | "Files" >> beam.Create(self.files)
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadRows" >> beam.FlatMap(_read_rows, self.corpus)
            | "GroupRows" >> beam.GroupByKey()
            | "Regroup" >> beam.MapTuple(regroup)
        )
        return groups


def regroup(group_id: str, found: Iterable[Found]) -> Group:
    """Return a group as it was before it was judged.

    Args:
        group_id: The group.
        found: Its rows in all languages, accepted and quarantined, in any order.

    Raises:
        ValueError: If the row in the source language is missing.
    """
    drafts = []
    source: Row | None = None
    for item in found:
        row = item.row if isinstance(item, QuarantinedRow) else item
        if row.lang == SOURCE_LANGUAGE:
            source = row
        else:
            drafts.append(_draft(item, row))
    if source is None:
        raise ValueError(f"group {group_id} has no {SOURCE_LANGUAGE} row; run: tandemqa verify")
    drafts.sort(key=lambda draft: draft.row.lang)
    return Group(_record(source), replace(source, languages=()), tuple(drafts))


def _draft(item: Found, row: Row) -> Draft:
    failure = ""
    if isinstance(item, QuarantinedRow) and item.status == "failed":
        failure = item.reason
    unfinished = tuple(
        check.field for check in row.checks if check.name == "decode_limit" and check.value == 1.0
    )
    fresh = replace(row, checks=(), languages=(), mono=False, cross=False)
    return Draft(fresh, failure, unfinished)


def _record(source: Row) -> Record:
    return Record(
        record_id=source.record_id,
        dataset=source.dataset,
        split=source.split,
        question=source.question,
        passage=source.passage,
        title=source.title,
        answers=tuple(Answer(answer.text, answer.start) for answer in source.answers),
        license=source.license,
    )


def _read_rows(entry: FileEntry, corpus: str) -> Iterator[tuple[str, Found]]:
    table = pq.read_table(pa.BufferReader(read_bytes(join(corpus, entry.path))))
    if entry.kind == "row":
        for row in table_to_rows(table):
            yield row.group_id, row
    else:
        for item in table_to_quarantine(table):
            yield item.row.group_id, item
