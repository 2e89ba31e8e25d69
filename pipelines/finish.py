"""The last step: prove that nothing was lost, then write the card and the manifest."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any, Final

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsList, AsSingleton, PCollection

from pipelines.card import write_card
from pipelines.config import BuildConfig
from pipelines.limit import LimitExceededError
from pipelines.packet import PacketStats
from pipelines.rows import SOURCE_LANGUAGE
from pipelines.storage import delete, join, list_files, write_bytes
from pipelines.tally import Tag
from schemas.manifest import (
    MANIFEST_NAME,
    Calibration,
    FileEntry,
    LanguageCounts,
    Manifest,
    SegmentCounts,
    SourceCounts,
    TranslatorEntry,
)
from schemas.row import SCHEMA_VERSION
from translators.memory import directory, parameters_hash

CARD_NAME: Final = "README.md"
_DISTRIBUTIONS: Final = ("apache-beam", "pyarrow", "sentencex", "langdetect")


class ConservationError(RuntimeError):
    """Records were lost or invented; this is a fault of tandemqa, never of the data."""


class WriteManifest(beam.PTransform[Any, PCollection[str]]):
    """Write card and manifest when all files are there, and remove files of earlier attempts."""

    def __init__(self, config: BuildConfig) -> None:
        super().__init__()
        self.config = config

    def expand(self, inputs: "tuple[PCollection[Any], ...]") -> PCollection[str]:
        """Wire everything that must be complete as side inputs of one element."""
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
    faults = manifest.conservation_faults() + _uncounted(manifest)
    if faults:
        raise ConservationError("records do not add up: " + "; ".join(faults))
    _delete_leftovers(config.output, {entry.path for entry in files})
    write_bytes(join(config.output, CARD_NAME), write_card(manifest).encode())
    path = join(config.output, MANIFEST_NAME)
    write_bytes(path, manifest.model_dump_json(indent=2).encode() + b"\n")
    return path


def _set_aside(source: SourceCounts) -> list[tuple[str, int]]:
    leaked = [(f"in {name}", count) for name, count in source.leaked.items()]
    return [(reason, count) for reason, count in [*source.failed.items(), *leaked] if count]


def make_manifest(
    config: BuildConfig,
    files: Iterable[FileEntry],
    tally: Mapping[Tag, int],
    stats: Iterable[PacketStats],
    calibrations: Mapping[tuple[str, str], Calibration],
    shards: int,
) -> Manifest:
    """Return the manifest of a finished build."""
    languages = [SOURCE_LANGUAGE, *config.languages]
    by_language: dict[str, dict[str, Calibration]] = {}
    for (lang, field), calibration in sorted(calibrations.items()):
        by_language.setdefault(lang, {})[field] = calibration
    now = datetime.now(timezone.utc)
    return Manifest(
        schema_version=SCHEMA_VERSION,
        tandemqa_version=version("tandemqa"),
        created=now,
        seconds=round((now - config.started).total_seconds(), 3),
        config=config.as_json(),
        languages=languages,
        shards=shards,
        source=_count_source(config, tally),
        alarms=_count_alarms(tally),
        counts={lang: _count_language(lang, tally) for lang in languages},
        segments=_count_segments(config.languages, tally, list(stats)),
        translators=_translators(config),
        calibration=by_language,
        files=sorted(files, key=lambda entry: entry.path),
        versions={
            "python": sys.version.split()[0],
            **{name: version(name) for name in _DISTRIBUTIONS},
        },
    )


def _count_source(config: BuildConfig, tally: Mapping[Tag, int]) -> SourceCounts:
    names = [s.name for s in config.evaluation_sets if s.lang == SOURCE_LANGUAGE]
    moved = {tag[1:]: count for tag, count in sorted(tally.items()) if tag[0] == "moved"}
    reasons = {tag[1]: count for tag, count in sorted(tally.items()) if tag[0] == "source"}
    return SourceCounts(
        read=tally.get(("read",), 0),
        duplicates=reasons.pop("duplicate", 0),
        failed=reasons,
        leaked={name: tally.get(("leaked", name), 0) for name in names},
        looked_for={name: tally.get(("evaluation_items", name), 0) for name in names},
        moved={">".join(splits): count for splits, count in moved.items()},
        groups=tally.get(("group",), 0),
    )


def _count_alarms(tally: Mapping[Tag, int]) -> dict[str, dict[str, dict[str, int]]]:
    alarms: dict[str, dict[str, dict[str, int]]] = {}
    for tag, count in sorted(tally.items()):
        if tag[0] == "alarm":
            _, lang, name, field = tag
            alarms.setdefault(lang, {}).setdefault(name, {})[field] = count
    return alarms


def _count_language(lang: str, tally: Mapping[Tag, int]) -> LanguageCounts:
    counts = {"rejected": 0, "failed": 0}
    reasons: dict[str, int] = {}
    for tag, count in sorted(tally.items()):
        if tag[0] in counts and tag[1] == lang:
            counts[tag[0]] += count
            reasons[tag[2]] = count
    return LanguageCounts(kept=tally.get(("kept", lang), 0), reasons=reasons, **counts)


def _count_segments(
    languages: Iterable[str], tally: Mapping[Tag, int], stats: list[PacketStats]
) -> dict[str, SegmentCounts]:
    counts = {}
    for lang in languages:
        packets = [packet for packet in stats if packet.lang == lang]
        counts[lang] = SegmentCounts(
            distinct=tally.get(("segment",), 0),
            remembered=tally.get(("remembered", lang), 0),
            translated=sum(packet.segments - packet.failed for packet in packets),
            failed=sum(packet.failed for packet in packets),
            seconds=round(sum(packet.seconds for packet in packets), 3),
        )
    return counts


def _translators(config: BuildConfig) -> dict[str, TranslatorEntry]:
    return {
        lang: TranslatorEntry(
            backend=info.backend,
            model=info.model,
            revision=info.revision,
            engine=info.engine,
            parameters=dict(info.parameters),
            parameters_hash=parameters_hash(info),
            license=info.license,
            pivots=list(info.pivots),
            memory=directory(info, lang),
        )
        for lang, info in config.translation.infos
    }


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


def _delete_leftovers(output: str, written: set[str]) -> None:
    """Delete Parquet files of earlier attempts with other shards, languages or records."""
    for folder in ("data", "quarantine"):
        base = join(output, folder)
        for path, _ in list_files(base):
            relative = folder + path[len(base) :] if path.startswith(base) else ""
            if relative and relative not in written:
                delete(path)
