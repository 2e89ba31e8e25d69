"""Judge a corpus again, with other limits or checks, without translating again."""

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsList, AsSingleton, PCollection

from pipelines.checks import Limits
from pipelines.finish import count_languages, publish
from pipelines.reread import Reread
from pipelines.storage import join, read_bytes, write_bytes
from pipelines.tally import Tag, Tally, verdict_tags
from pipelines.validate import Validate
from pipelines.write import WriteQuarantine, WriteRows
from schemas.manifest import Calibration, FileEntry, Manifest


def revalidate(
    pipeline: beam.Pipeline, corpus: str, manifest: Manifest, limits: Limits, output: str
) -> PCollection[str]:
    """Add every step of a second judgement to the pipeline; the result is the manifest's path.

    Rows move between shards and quarantine in both directions; what could not be translated
    stays failed. The corpus that is read is not touched.
    """
    groups = pipeline | "Reread" >> Reread(corpus, manifest)
    verdicts = groups | "Validate" >> Validate(limits)
    shards = pipeline | "Shards" >> beam.Create([manifest.shards])
    files = (
        verdicts.rows | "WriteRows" >> WriteRows(output, shards),
        verdicts.quarantined | "WriteQuarantine" >> WriteQuarantine(output, shards),
        pipeline | "CopyFailed" >> _CopyFailedRecords(corpus, manifest, output),
    ) | "AllFiles" >> beam.Flatten()
    tally = verdict_tags(verdicts) | "Tally" >> Tally()
    written: PCollection[str] = (
        pipeline
        | beam.Create([(output, manifest)])
        | "WriteManifest"
        >> beam.Map(_finish, AsList(files), AsDict(tally), AsSingleton(verdicts.calibrations), limits)
    )
    return written


class _CopyFailedRecords(beam.PTransform[beam.pvalue.PBegin, PCollection[FileEntry]]):
    """Take over the list of source items that became no row."""

    def __init__(self, corpus: str, manifest: Manifest, output: str) -> None:
        super().__init__()
        self.corpus, self.output = corpus, output
        self.files = [entry for entry in manifest.files if entry.kind == "failed_record"]

    def expand(self, begin: beam.pvalue.PBegin) -> PCollection[FileEntry]:
        copied: PCollection[FileEntry] = (
            begin | beam.Create(self.files) | beam.Map(_copy, self.corpus, self.output)
        )
        return copied


def _copy(entry: FileEntry, corpus: str, output: str) -> FileEntry:
    write_bytes(join(output, entry.path), read_bytes(join(corpus, entry.path)))
    return entry


def _finish(
    place: tuple[str, Manifest],
    files: Iterable[FileEntry],
    tally: dict[Tag, int],
    calibrations: dict[tuple[str, str], Calibration],
    limits: Limits,
) -> str:
    output, before = place
    manifest = before.model_copy(
        update=revised(before, files, tally, calibrations, limits, datetime.now(timezone.utc))
    )
    return publish(output, manifest)


def revised(
    before: Manifest,
    files: Iterable[FileEntry],
    tally: dict[Tag, int],
    calibrations: dict[tuple[str, str], Calibration],
    limits: Limits,
    now: datetime,
) -> dict[str, Any]:
    """Return what a second judgement changes in a manifest."""
    return {
        "created": now,
        "config": {**before.config, "limits": limits.changed()},
        "files": sorted(files, key=lambda entry: entry.path),
        **count_languages(before.languages, tally, calibrations),
    }
