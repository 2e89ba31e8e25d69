"""What a build starts with, how its sources were understood, and the table it ends with."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pipelines.corpus.config import BuildConfig
from pipelines.ingest.preview import describe, describe_example, describe_mended
from schemas.manifest import Manifest, SegmentCounts, SourceCounts, SourceReading
from schemas.tables import text_table
from schemas.wording import counted

_MORE: Final = "examples of all of them: tandemqa report"


def tell_readings(readings: Iterable[SourceReading]) -> str:
    """Return how each source was understood, with one record of it, as text for a terminal."""
    lines: list[str] = []
    for reading in readings:
        lines.append(describe(reading))
        lines += describe_example(reading.example) if reading.example else []
    return "".join(f"{line}\n" for line in lines)


def tell_work(config: BuildConfig) -> str:
    """Return what a build is about to do, as text for a terminal."""
    by_translator: dict[str, list[str]] = {}
    for lang, translator in config.translation.configs:
        by_translator.setdefault(translator.backend, []).append(lang)
    who = "; ".join(f"{', '.join(langs)} with {name}" for name, langs in by_translator.items())
    return f"translating into {who}\nmemory: {config.translation.memory}\n"


def summarise(manifest: Manifest, output: str, warnings: Sequence[str] = ()) -> str:
    """Return what became of the records, and what to look at, as text for a terminal."""
    source = manifest.source
    records = counted(source.groups, "record")
    lines = [
        ", ".join([f"{counted(source.read, 'source item')} read: {records}", *_set_aside(source)]),
        *describe_mended(source.mended),
        "",
        _table(manifest),
        *_tell_tokens(manifest),
        "",
        *_to_look_at(manifest, output, warnings),
        f"{output}  (built in {manifest.seconds:,.0f} s, {counted(manifest.shards, 'shard')} per "
        f"language; check it with: tandemqa verify {output})",
    ]
    return "\n".join(lines) + "\n"


def _set_aside(source: SourceCounts) -> list[str]:
    failed = [f"{count:,} {reason}" for reason, count in source.failed.items() if count]
    leaked = [f"{count:,} in {name}" for name, count in source.leaked.items() if count]
    duplicates = [counted(source.duplicates, "duplicate")] if source.duplicates else []
    return [*failed, *leaked, *duplicates]


def _to_look_at(manifest: Manifest, output: str, warnings: Sequence[str]) -> list[str]:
    """Return what went wrong, in one place, with what shows more of it."""
    failed = sum(manifest.source.failed.values())
    found = [f"{counted(failed, 'item')} failed: {output}/quarantine/records"] if failed else []
    rows = sum(counts.rejected + counts.failed for counts in manifest.counts.values())
    if rows:
        found.append(f"{counted(rows, 'row')} rejected or failed: {output}/quarantine")
    for lang in manifest.languages:
        found += [f"{lang}: {told}" for told in _troubles(manifest, lang)]
    if broken := manifest.broken_packets:
        more = f" and {len(broken) - 1:,} more" if len(broken) > 1 else ""
        found.append(f"broken in the memory, and translated again: {broken[0]}{more}")
    found += [told for told in warnings if not any(path in told for path in broken)]
    if not found:
        return []
    return ["to look at", *(f"  {line}" for line in found), f"  {_MORE} {output} --open", ""]


def _troubles(manifest: Manifest, lang: str) -> Iterator[str]:
    """Yield what the table of all languages does not show of one."""
    segments = manifest.segments.get(lang, SegmentCounts())
    if segments.failed:
        yield f"{counted(segments.failed, 'segment')} could not be translated"
    if segments.fallback:
        yield f"{counted(segments.fallback, 'segment')} translated by a fallback"
    if unverified := manifest.counts[lang].unverified:
        yield f"{counted(unverified, 'row')} kept whose language could not be verified"
    for name, fields in manifest.alarms.get(lang, {}).items():
        told = " and ".join(counted(count, field) for field, count in sorted(fields.items()))
        yield f"similar to the evaluation set {name}: {told}"


def _tell_tokens(manifest: Manifest) -> list[str]:
    """Return what a server was sent and answered in this run; nothing if there was none."""
    counts = manifest.segments.values()
    if not any(count.input_tokens for count in counts):
        return []
    sent, answered = sum(c.input_tokens for c in counts), sum(c.output_tokens for c in counts)
    costs = [count.cost for count in counts if count.cost is not None]
    cost = f", cost {sum(costs):,.4g}" if costs else ""
    return ["", f"tokens in this run: {sent:,} sent, {answered:,} answered{cost}"]


def _table(manifest: Manifest) -> str:
    head = (
        "language", "kept", "rejected", "failed",
        "segments", "from memory", "translated", "seconds", "reasons",
    )  # fmt: skip
    return text_table(head, [_row(manifest, lang) for lang in manifest.languages], "lrrrrrrrl")


def _row(manifest: Manifest, lang: str) -> tuple[str, ...]:
    counts = manifest.counts[lang]
    reasons = ", ".join(
        f"{reason} {count:,}"
        for reason, count in sorted(counts.reasons.items(), key=lambda item: -item[1])
    )
    segments = manifest.segments.get(lang)
    spent = (
        (
            f"{segments.distinct:,}",
            f"{segments.remembered:,}",
            f"{segments.translated:,}",
            f"{segments.seconds:,.1f}",
        )
        if segments
        else ("", "", "", "")
    )
    return (lang, f"{counts.kept:,}", f"{counts.rejected:,}", f"{counts.failed:,}", *spent, reasons)
