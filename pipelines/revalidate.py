"""Judge a corpus again, with other limits or checks, without translating again."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsList, AsSingleton, PBegin, PCollection

from pipelines.checks import Limits
from pipelines.checks.limit_settings import changed_limits
from pipelines.corpus.corpus_file import read_content
from pipelines.corpus.faults import systemic_faults
from pipelines.corpus.finish import publish
from pipelines.corpus.manifest import by_language, count_languages
from pipelines.corpus.reread import Corpus, Reread
from pipelines.corpus.tally import Tag, Tally
from pipelines.corpus.write import WriteQuarantine, WriteRows
from pipelines.io.storage import join, write_bytes
from pipelines.judge.align_answers import AlignAnswers
from pipelines.judge.measure_meaning import MeaningCheck, MeasureMeaning
from pipelines.judge.model_checks import ModelCheck
from pipelines.judge.score_groups import ScoreGroups
from pipelines.judge.validate import Validate
from schemas.corpus_layout import FAILED_RECORD
from schemas.manifest import Calibration, FileEntry, Manifest


@dataclass(frozen=True, slots=True)
class Revision:
    """What a second judgement does differently.

    Attributes:
        limits: When each check refuses.
        model_checks: Models that score now, or thresholds for scores that the rows have.
        meaning: What compares the meaning of texts now; None to keep what was found before.
        memory: Translation memory beside which embeddings and scores are kept; empty for none.
        align_answers: Whether answers without a place are looked for by aligning words.
        retried: A corpus of some of the records, translated with other settings, whose rows stand
            in for quarantined ones.
    """

    limits: Limits
    model_checks: tuple[ModelCheck, ...] = ()
    meaning: MeaningCheck | None = None
    memory: str = ""
    align_answers: bool = False
    retried: Corpus | None = None

    def config(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration of the corpus after the revision."""
        changes: dict[str, Any] = {"limits": changed_limits(self.limits)}
        checks = {check["name"]: check for check in before.get("model_checks", [])}
        for check in self.model_checks:
            scorer = check.scorer or checks.get(check.name, {}).get("scorer", "")
            checks[check.name] = {**check.as_json(), "scorer": scorer}
        changes["model_checks"] = list(checks.values())
        changes["align_answers"] = self.align_answers or before.get("align_answers", False)
        if self.meaning:
            changes["meaning"] = asdict(self.meaning)
        if self.retried:
            changes["retried"] = [*before.get("retried", []), self.retried.folder]
        return {**before, **changes}


def revalidate(
    pipeline: beam.Pipeline, corpus: Corpus, revision: Revision, output: str
) -> PCollection[str]:
    """Add every step of a second judgement to the pipeline; the result is the manifest's path.

    Rows move between shards and quarantine in both directions; what could not be translated
    stays failed, unless it was retried. The corpora that are read are not touched.
    """
    config = revision.config(corpus.manifest.config)
    before = corpus.manifest.model_copy(update={"config": config})
    groups = pipeline | "Reread" >> Reread(corpus, revision.retried)
    placed = groups | "AlignAnswers" >> AlignAnswers() if revision.align_answers else groups
    measured = placed | "MeasureMeaning" >> MeasureMeaning(revision.meaning, revision.memory)
    scored = measured | "ScoreGroups" >> ScoreGroups(revision.model_checks, revision.memory)
    verdicts = scored | "Validate" >> Validate(
        revision.limits, config.get("language_model", ""), revision.model_checks
    )
    has_meaning = bool(config.get("meaning"))
    shards = pipeline | "Shards" >> beam.Create([before.shards])
    files = (
        verdicts.rows | "WriteRows" >> WriteRows(output, shards, has_meaning),
        verdicts.quarantined | "WriteQuarantine" >> WriteQuarantine(output, shards, has_meaning),
        pipeline | "CopyFailed" >> _CopyFailedRecords(corpus, output),
    ) | "AllFiles" >> beam.Flatten()
    tally = Tally.verdict_counts(verdicts) | "Tally" >> Tally()
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

    def __init__(self, corpus: Corpus, output: str) -> None:
        super().__init__()
        self.corpus, self.output = corpus.folder, output
        self.files = [e for e in corpus.manifest.files if e.kind == FAILED_RECORD]

    def expand(self, begin: PBegin) -> PCollection[FileEntry]:
        copied: PCollection[FileEntry] = (
            begin | beam.Create(self.files) | beam.Map(_copy, self.corpus, self.output)
        )
        return copied


def _copy(entry: FileEntry, corpus: str, output: str) -> FileEntry:
    write_bytes(join(output, entry.path), read_content(corpus, entry))
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
        "faults": systemic_faults(counts, *_allowed_shares(before.config)),
    }
    return publish(output, before.model_copy(update=changes))


def _allowed_shares(config: Mapping[str, Any]) -> tuple[float, float]:
    return config.get("max_rejected_share", 1.0), config.get("max_unverified_share", 1.0)
