"""Judge a corpus again, with other limits or checks, without translating again."""

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsList, AsSingleton, PBegin, PCollection

from pipelines.checks import Limits
from pipelines.faults import systemic_faults
from pipelines.finish import publish
from pipelines.limit_settings import changed_limits
from pipelines.manifest import by_language, count_languages
from pipelines.reread import Reread
from pipelines.storage import join, read_bytes, write_bytes
from pipelines.tally import Tag, Tally
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
    config = {**manifest.config, "limits": changed_limits(limits)}
    before = manifest.model_copy(update={"config": config})
    groups = pipeline | "Reread" >> Reread(corpus, manifest)
    verdicts = groups | "Validate" >> Validate(limits, before.config["language_model"])
    shards = pipeline | "Shards" >> beam.Create([manifest.shards])
    files = (
        verdicts.rows | "WriteRows" >> WriteRows(output, shards),
        verdicts.quarantined | "WriteQuarantine" >> WriteQuarantine(output, shards),
        pipeline | "CopyFailed" >> _CopyFailedRecords(corpus, manifest, output),
    ) | "AllFiles" >> beam.Flatten()
    tally = Tally.verdict_tags(verdicts) | "Tally" >> Tally()
    written: PCollection[str] = (
        pipeline
        | "Before" >> beam.Create([before])
        | "WriteManifest"
        >> beam.Map(
            _finish, output, AsList(files), AsDict(tally), AsSingleton(verdicts.calibrations)
        )
    )
    return written


class _CopyFailedRecords(beam.PTransform[PBegin, PCollection[FileEntry]]):
    """Take over the list of source items that became no row."""

    def __init__(self, corpus: str, manifest: Manifest, output: str) -> None:
        super().__init__()
        self.corpus, self.output = corpus, output
        self.files = [entry for entry in manifest.files if entry.kind == "failed_record"]

    def expand(self, begin: PBegin) -> PCollection[FileEntry]:
        copied: PCollection[FileEntry] = (
            begin | beam.Create(self.files) | beam.Map(_copy, self.corpus, self.output)
        )
        return copied


def _copy(entry: FileEntry, corpus: str, output: str) -> FileEntry:
    write_bytes(join(output, entry.path), read_bytes(join(corpus, entry.path)))
    return entry


def _finish(
    before: Manifest,
    output: str,
    files: Iterable[FileEntry],
    tally: dict[Tag, int],
    calibrations: dict[tuple[str, str], Calibration],
) -> str:
    counts = count_languages(before.languages, tally)
    changes: dict[str, Any] = {
        "created": datetime.now(timezone.utc),
        "files": sorted(files, key=lambda entry: entry.path),
        "counts": counts,
        "calibration": by_language(calibrations),
        "faults": systemic_faults(counts, before.config["max_rejected_share"]),
    }
    return publish(output, before.model_copy(update=changes))
