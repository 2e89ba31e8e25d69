"""Make the manifest of a corpus from what was counted."""

import sys
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Final

from pipelines.corpus.config import BuildConfig
from pipelines.corpus.faults import systemic_faults
from pipelines.corpus.tally import Tag
from pipelines.translation.metrics import PacketStats
from schemas.language import SOURCE_LANGUAGE
from schemas.manifest import (
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
from translators.translator import TranslatorInfo
from translators.usage import Usage, token_cost

_DISTRIBUTIONS: Final = ("apache-beam", "pyarrow", "sentencex", "langdetect")


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
    counts = count_languages(languages, tally)
    now = datetime.now(timezone.utc)
    return Manifest(
        schema_version=SCHEMA_VERSION,
        tandemqa_version=version("tandemqa"),
        created=now,
        # Never below zero: clocks can be set back, and workers have others.
        seconds=max(0.0, round((now - config.started).total_seconds(), 3)),
        config=config.as_json(),
        readings=list(config.readings),
        languages=languages,
        shards=shards,
        shuffled_bytes=tally.get(("shuffled_bytes",), 0),
        source=_count_source(config, tally),
        alarms=_count_alarms(tally),
        counts=counts,
        faults=systemic_faults(counts, config.max_rejected_share, config.max_unverified_share),
        segments=_count_segments(config, tally, list(stats)),
        translators=_translators(config),
        calibration=by_language(calibrations),
        files=sorted(files, key=lambda entry: entry.path),
        inputs=list(config.inputs),
        broken_packets=sorted(tag[1] for tag in tally if tag[0] == "broken_packet"),
        versions={
            "python": sys.version.split()[0],
            **{name: version(name) for name in _DISTRIBUTIONS},
        },
    )


def count_languages(
    languages: Iterable[str], tally: Mapping[Tag, int]
) -> dict[str, LanguageCounts]:
    """Return what became of the records in each language."""
    return {lang: _count_language(lang, tally) for lang in languages}


def by_language(
    calibrations: Mapping[tuple[str, str], Calibration],
) -> dict[str, dict[str, Calibration]]:
    """Return calibrations by language and then by field, sorted."""
    sorted_ones: dict[str, dict[str, Calibration]] = {}
    for (lang, field), calibration in sorted(calibrations.items()):
        sorted_ones.setdefault(lang, {})[field] = calibration
    return sorted_ones


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
        mended={tag[1]: count for tag, count in sorted(tally.items()) if tag[0] == "mended"},
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
    return LanguageCounts(
        kept=tally.get(("kept", lang), 0),
        unverified=tally.get(("unverified", lang), 0),
        reasons=reasons,
        **counts,
    )


def _count_segments(
    config: BuildConfig, tally: Mapping[Tag, int], stats: list[PacketStats]
) -> dict[str, SegmentCounts]:
    counts = {}
    for lang in config.languages:
        packets = [packet for packet in stats if packet.lang == lang]
        usage = sum((packet.usage for packet in packets), Usage())
        options = dict(config.translation.config(lang).options)
        for fallback, _ in config.translation.fallbacks_of(lang):
            options |= dict(fallback.options)
        counts[lang] = SegmentCounts(
            distinct=tally.get(("segment",), 0),
            remembered=tally.get(("remembered", lang), 0),
            translated=sum(packet.segments - packet.failed for packet in packets),
            failed=sum(packet.failed for packet in packets),
            fallback=sum(packet.fallback for packet in packets),
            seconds=round(sum(packet.seconds for packet in packets), 3),
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost=token_cost(usage.input_tokens, usage.output_tokens, options),
        )
    return counts


def _translators(config: BuildConfig) -> dict[str, TranslatorEntry]:
    entries = {
        lang: [_translator(info, lang) for info in config.translation.all_infos(lang)]
        for lang in config.languages
    }
    return {
        lang: first.model_copy(update={"fallbacks": fallbacks})
        for lang, (first, *fallbacks) in entries.items()
    }


def _translator(info: TranslatorInfo, lang: str) -> TranslatorEntry:
    return TranslatorEntry(
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
