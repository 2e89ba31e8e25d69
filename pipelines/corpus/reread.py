"""Read a corpus back into groups that can be judged again, without translating again."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import apache_beam as beam
from apache_beam.pvalue import PBegin, PCollection

from pipelines.checks.meaning import MEANING_REASONS
from pipelines.corpus.corpus_file import DamagedCorpusError, open_file
from pipelines.judge.model_checks import is_of
from pipelines.shuffle.group import GroupPacked
from pipelines.translation.rows import Draft, Group
from schemas.corpus_layout import FAILED_RECORD, ROW
from schemas.language import SOURCE_LANGUAGE
from schemas.manifest import FileEntry, Manifest
from schemas.reason import NO_REASON, Reason
from schemas.record import Answer, Record
from schemas.row import QuarantinedRow, Row
from schemas.row_reader import table_to_quarantine, table_to_rows
from schemas.wording import counted

Found = Row | QuarantinedRow


@dataclass(frozen=True, slots=True)
class Corpus:
    """A finished corpus: its folder and its manifest."""

    folder: str
    manifest: Manifest


class Reread(beam.PTransform[PBegin, PCollection[Group]]):
    """Bring accepted and quarantined rows of every group together again.

    Args:
        corpus: The corpus to read.
        retried: Another one of some of its records, translated with other settings; its rows
            stand in for quarantined ones.
    """

    def __init__(self, corpus: Corpus, retried: Corpus | None = None) -> None:
        super().__init__()
        corpora = [corpus, retried] if retried else [corpus]
        self.files = [
            (place, one.folder, entry)
            for place, one in enumerate(corpora)
            for entry in one.manifest.files
            if entry.kind != FAILED_RECORD
        ]
        scored = {check["name"] for check in corpus.manifest.config.get("model_checks", [])}
        self.scored = frozenset(scored | MEANING_REASONS)

    def expand(self, begin: PBegin) -> PCollection[Group]:
        groups: PCollection[Group] = (
            begin
            | "Files" >> beam.Create(self.files)
            | "SpreadFiles" >> beam.Reshuffle()
            | "ReadRows" >> beam.FlatMapTuple(_read_rows)
            | "GroupRows" >> GroupPacked()
            | "Regroup" >> beam.FlatMapTuple(_regroup, self.scored)
        )
        return groups


def _regroup(
    group_id: str, placed: Iterable[tuple[int, Found]], scored: Collection[str] = ()
) -> Iterator[Group]:
    found: tuple[list[Found], list[Found]] = ([], [])
    for place, item in placed:
        found[place].append(item)
    if found[0]:  # else it is a group of the retried corpus alone
        yield regroup(group_id, *found, scored=scored)


def regroup(
    group_id: str,
    found: Iterable[Found],
    retried: Iterable[Found] = (),
    scored: Collection[str] = (),
) -> Group:
    """Return a group as it was before it was judged.

    Args:
        group_id: The group.
        found: Its rows in all languages, accepted and quarantined, in any order.
        retried: Its rows in a corpus with other translations. Where a row was quarantined, they
            stand in for it, unless they failed themselves.
        scored: Names of model checks, whose outcomes are kept.

    Raises:
        DamagedCorpusError: If the row in the source language is missing, or has another number
            of answers than a translation.
    """
    better = {
        _row(item).lang: item
        for item in retried
        if isinstance(item, Row) or item.status != "failed"
    }
    drafts = []
    source: Row | None = None
    for item in found:
        row = _row(item)
        if row.lang == SOURCE_LANGUAGE:
            source = row
            continue
        stands = better.get(row.lang, item) if isinstance(item, QuarantinedRow) else item
        drafts.append(_draft(stands, scored))
    if source is None:
        raise DamagedCorpusError(f"group {group_id} has no {SOURCE_LANGUAGE} row")
    for draft in drafts:
        if not draft.failure and len(draft.row.answers) != len(source.answers):
            raise DamagedCorpusError(
                f"group {group_id} has {counted(len(draft.row.answers), 'answer')} in "
                f"{draft.row.lang} and {len(source.answers)} in {SOURCE_LANGUAGE}"
            )
    drafts = [_of_record(draft, source) for draft in sorted(drafts, key=lambda d: d.row.lang)]
    return Group(_record(source), replace(source, languages=()), tuple(drafts))


def _of_record(draft: Draft, source: Row) -> Draft:
    """Return the draft with what all rows of a record share; a retried one has its own."""
    row = replace(
        draft.row,
        record_id=source.record_id,
        dataset=source.dataset,
        split=source.split,
        license=source.license,
    )
    return replace(draft, row=row)


def _row(item: Found) -> Row:
    return item.row if isinstance(item, QuarantinedRow) else item


def _draft(item: Found, scored: Collection[str]) -> Draft:
    row = _row(item)
    failure = NO_REASON
    if isinstance(item, QuarantinedRow) and item.status == "failed":
        failure = Reason(item.reason)
    unfinished = tuple(
        check.field for check in row.checks if check.name == "decode_limit" and check.value == 1.0
    )
    checks = tuple(check for check in row.checks if is_of(check, scored))
    fresh = replace(row, checks=checks, languages=(), mono=False, cross=False)
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


def _read_rows(
    place: int, folder: str, entry: FileEntry
) -> Iterator[tuple[str, tuple[int, Found]]]:
    for table in open_file(folder, entry).tables():
        if entry.kind == ROW:
            for row in table_to_rows(table):
                yield row.group_id, (place, row)
        else:
            for item in table_to_quarantine(table):
                yield item.row.group_id, (place, item)
