"""The last step: prove that nothing was lost, then write the card and the manifest."""

from hashlib import sha256
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsList, AsSingleton, PCollection

from pipelines.corpus.card import write_card
from pipelines.corpus.config import BuildConfig
from pipelines.corpus.manifest import make_manifest
from pipelines.corpus.output_folder import delete_leftovers, write_pages
from pipelines.corpus.tally import Tag
from pipelines.ingest.failure_limit import LimitExceededError
from pipelines.io.storage import join, write_bytes
from pipelines.translation.metrics import PacketStats
from schemas.corpus_layout import CARD_NAME, MANIFEST_NAME
from schemas.manifest import Calibration, FileEntry, Manifest, SourceCounts


class ConservationError(RuntimeError):
    """Records were lost or invented; this is a fault of tandemqa, never of the data."""


class WriteManifest(beam.PTransform[Any, PCollection[str]]):
    """Write card and manifest when all files are there, and remove files of earlier attempts."""

    def __init__(self, config: BuildConfig) -> None:
        super().__init__()
        self.config = config

    def expand(self, inputs: "tuple[PCollection[Any], ...]") -> PCollection[str]:
        """Pass everything that must be complete as side inputs of one element."""
        files, tally, stats, calibrations, shards = inputs
        result: PCollection[str] = (
            files.pipeline
            | beam.Create([self.config])
            | "Write"
            >> beam.Map(
                _finish,
                AsList(files),
                AsDict(tally),
                AsList(stats),
                AsSingleton(calibrations),
                AsSingleton(shards),
            )
        )
        return result


def _finish(
    config: BuildConfig,
    files: list[FileEntry],
    tally: dict[Tag, int],
    stats: list[PacketStats],
    calibrations: dict[tuple[str, str], Calibration],
    shards: int,
) -> str:
    manifest = make_manifest(config, files, tally, stats, calibrations, shards)
    if not manifest.source.groups:
        raise LimitExceededError(
            f"no usable record among {manifest.source.read:,} source items: "
            + ", ".join(f"{reason} {count:,}" for reason, count in _set_aside(manifest.source))
        )
    return publish(config.output, manifest)


def publish(output: str, manifest: Manifest) -> str:
    """Prove that nothing was lost; write the card and, last of all, the manifest.

    Returns:
        The manifest's path.

    Raises:
        ConservationError: If records do not add up; then there is no manifest.
    """
    faults = manifest.conservation_faults() + _uncounted(manifest)
    if faults:
        raise ConservationError("records do not add up: " + "; ".join(faults))
    delete_leftovers(output, {entry.path for entry in manifest.files})
    card = write_card(manifest).encode()
    write_pages(output, {CARD_NAME: card})
    path = join(output, MANIFEST_NAME)
    manifest = manifest.model_copy(update={"card_sha256": sha256(card).hexdigest()})
    write_bytes(path, manifest.model_dump_json(indent=2).encode() + b"\n")
    return path


def _set_aside(source: SourceCounts) -> list[tuple[str, int]]:
    leaked = [(f"in {name}", count) for name, count in source.leaked.items()]
    return [(reason, count) for reason, count in [*source.failed.items(), *leaked] if count]


def _uncounted(manifest: Manifest) -> list[str]:
    """Return where files hold another number of rows than were judged."""
    faults = []
    for lang in manifest.languages:
        counts = manifest.counts[lang]
        for kind, expected in (
            ("row", counts.kept),
            ("quarantine", counts.rejected + counts.failed),
        ):
            rows = sum(f.rows for f in manifest.files if f.lang == lang and f.kind == kind)
            if rows != expected:
                faults.append(f"{lang}: {expected} rows judged, {rows} written as {kind}")
    return faults
