"""The whole graph of a build: from sources to shards, quarantine, card and manifest."""

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.assemble import Assemble, ExtractSegments
from pipelines.config import BuildConfig
from pipelines.deduplicate import Deduplicate
from pipelines.finish import WriteManifest
from pipelines.limit import LimitFailures
from pipelines.read import Read
from pipelines.segment import Segment
from pipelines.tally import Tally
from pipelines.translate import Translate
from pipelines.validate import Validate
from pipelines.write import CountShards, WriteFailedRecords, WriteQuarantine, WriteRows


def build(pipeline: beam.Pipeline, config: BuildConfig) -> PCollection[str]:
    """Add every step of a build to the pipeline; the result is the manifest's path."""
    read = pipeline | "Read" >> Read(config.sources)
    unique = read.records | "Deduplicate" >> Deduplicate()
    failed = (read.failed, unique.failed) | "AllFailed" >> beam.Flatten()
    within = (unique.records, read.records, failed) | LimitFailures(config.max_failed_share)
    records = within | "Segment" >> Segment()

    segments = records | "Extract" >> ExtractSegments()
    translated = segments | "Translate" >> Translate(config.translation)
    groups = (records, translated.translations) | "Assemble" >> Assemble(config.row_translators)
    verdicts = groups | "Validate" >> Validate()

    shards = records | "CountShards" >> CountShards(config.shards)
    files = (
        verdicts.rows | "WriteRows" >> WriteRows(config.output, shards),
        verdicts.quarantined | "WriteQuarantine" >> WriteQuarantine(config.output, shards),
        failed | "WriteFailed" >> WriteFailedRecords(config.output),
    ) | "AllFiles" >> beam.Flatten()
    tags = Tally.tags(read, failed, records, segments, translated, verdicts)
    tally = tags | "Tally" >> Tally()
    facts = (files, tally, translated.stats, verdicts.calibrations, shards)
    manifest: PCollection[str] = facts | WriteManifest(config)
    return manifest
