"""The table a build ends with."""

from collections.abc import Sequence

from schemas.manifest import Manifest


def summarise(manifest: Manifest, output: str) -> str:
    """Return what became of the records, as text for a terminal."""
    source = manifest.source
    lines = [
        f"{source.read:,} source items read: {source.groups:,} records"
        + "".join(f", {count:,} {reason}" for reason, count in _set_aside(manifest)),
        "",
        *_table(manifest),
        "",
        f"{output}  (built in {manifest.seconds:,.0f} s, {manifest.shards} shard(s) per language; "
        f"check it with: tandemqa verify {output})",
    ]
    return "\n".join(lines) + "\n"


def _set_aside(manifest: Manifest) -> list[tuple[str, int]]:
    source = manifest.source
    facts = [*source.failed.items(), *source.leaked.items(), ("duplicates", source.duplicates)]
    return [(reason, count) for reason, count in facts if count]


def _table(manifest: Manifest) -> list[str]:
    header = (
        "language", "kept", "rejected", "failed",
        "segments", "from memory", "translated", "seconds", "reasons",
    )  # fmt: skip
    rows = [_row(manifest, lang) for lang in manifest.languages]
    return align([header, *rows])


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


def align(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Return a table as lines: first and last column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    last = len(widths) - 1
    return [
        "  ".join(
            cell.ljust(width) if i in {0, last} else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
