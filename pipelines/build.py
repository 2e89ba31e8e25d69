"""The whole graph of a build: from sources to shards, quarantine, card and manifest."""

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.corpus.config import BuildConfig
from pipelines.corpus.finish import WriteManifest
from pipelines.corpus.tally import Tally, count_items, count_shuffled
from pipelines.corpus.write import CountShards, WriteFailedRecords, WriteQuarantine, WriteRows
from pipelines.ingest.deduplicate import Deduplicate
from pipelines.ingest.failure_limit import LimitFailures
from pipelines.ingest.read import Read
from pipelines.ingest.source_language import KeepEnglish
from pipelines.ingest.splits import SeparateSplits
from pipelines.judge.align_answers import AlignAnswers
from pipelines.judge.measure_meaning import MeasureMeaning
from pipelines.judge.score_groups import ScoreGroups
from pipelines.judge.validate import Validate
from pipelines.leaks.audit import AuditLeaks
from pipelines.leaks.decontaminate import Decontaminate
from pipelines.shuffle.group import shuffled_bytes
from pipelines.translation.assemble import Assemble
from pipelines.translation.segment import ExtractSegments, Segment
from pipelines.translation.translate import Translate


def build(pipeline: beam.Pipeline, config: BuildConfig) -> PCollection[str]:
    """Add every step of a build to the pipeline; the result is the manifest's path."""
    read = pipeline | "Read" >> Read(config.sources)
    unique = read.records | "Deduplicate" >> Deduplicate()
    english = unique.records | "KeepEnglish" >> KeepEnglish(config.language_model)
    failed = (read.failed, unique.failed, english.failed) | "AllFailed" >> beam.Flatten()
    within = (english.records, read.records, failed) | LimitFailures(config.max_failed_share)
    clean = within | "Decontaminate" >> Decontaminate(config.evaluation_sets)
    split = clean.records | "SeparateSplits" >> SeparateSplits()
    records = split.records | "Segment" >> Segment(
        config.answer_markers, config.translation.context
    )

    segments = records | "Extract" >> ExtractSegments()
    translated = segments | "Translate" >> Translate(config.translation)
    groups = (records, translated.pieces) | "Assemble" >> Assemble(config.row_translators)
    placed = groups | "AlignAnswers" >> AlignAnswers() if config.align_answers else groups
    measured = placed | "MeasureMeaning" >> MeasureMeaning(
        config.meaning, config.translation.memory
    )
    scored = measured | "ScoreGroups" >> ScoreGroups(config.model_checks, config.translation.memory)
    verdicts = scored | "Validate" >> Validate(
        config.limits, config.language_model, config.model_checks
    )
    alarms = verdicts.rows | "AuditLeaks" >> AuditLeaks(config.evaluation_sets)

    leaked = clean.leaked | "LeakedRecords" >> beam.Values()
    set_aside = (failed, leaked) | "SetAside" >> beam.Flatten()
    shards = records | "CountShards" >> CountShards(config.shards)
    files = (
        verdicts.rows | "WriteRows" >> WriteRows(config.output, shards, bool(config.meaning)),
        verdicts.quarantined
        | "WriteQuarantine" >> WriteQuarantine(config.output, shards, bool(config.meaning)),
        set_aside | "WriteFailed" >> WriteFailedRecords(config.output),
    ) | "AllFiles" >> beam.Flatten()
    counts = Tally.counts(
        read, failed, clean, split, records, segments, translated, verdicts, alarms
    )
    counted = counts | "Tally" >> Tally()
    looked_for = clean.items | "CountItems" >> beam.MapTuple(count_items)
    shuffled = shuffled_bytes(pipeline) | "CountShuffled" >> beam.Map(count_shuffled)
    tally = (counted, looked_for, shuffled) | "AllCounts" >> beam.Flatten()
    facts = (files, tally, translated.stats, verdicts.calibrations, shards)
    manifest: PCollection[str] = facts | WriteManifest(config)
    return manifest
