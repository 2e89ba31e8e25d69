"""The dataset card: README.md of a corpus, readable by people and by `datasets`."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files
from string import Template
from typing import Final

from pipelines.corpus.card_header import (
    card_title,
    rows_by_split,
    source_licences,
    write_header,
)
from pipelines.corpus.reasons import explain_reason
from pipelines.ingest.preview import describe, describe_mended
from schemas.language import LANGUAGES, SOURCE_LANGUAGE
from schemas.licences import is_non_commercial
from schemas.manifest import Manifest
from schemas.plain_text import markdown_code, markdown_text
from schemas.tables import markdown_table
from schemas.wording import counted

_FAILED: Final = (
    "> **Marked failed.** Something is wrong with this corpus as a whole; do not train on it "
    "before you\n> have looked at its report: {faults}\n\n"
)
_NOTICE: Final = (
    "> **Not for commercial use: {names}.** The translation into {these} was made with a model "
    "under a\n> non-commercial licence ({licences}). The other languages are not affected.\n\n"
)


def write_card(manifest: Manifest) -> str:
    """Return the dataset card of a corpus."""
    present = [lang for lang in manifest.languages if manifest.counts[lang].kept]
    splits = rows_by_split(manifest)
    source, names = manifest.source, sorted({split for _, split in splits})
    template = (files("pipelines.corpus") / "card.md").read_text(encoding="utf-8")
    return Template(template).substitute(
        header=write_header(manifest, present),
        title=markdown_text(card_title(manifest)),
        notice=_failed(manifest) + _notice(manifest),
        rows=f"{splits.total():,}",
        languages=len(present),
        groups=f"{source.groups:,}",
        code=present[-1] if present else SOURCE_LANGUAGE,
        split="train" if "train" in names or not names else names[0],
        codes=", ".join(f"`{lang}`" for lang in present) or "none",
        languages_table=_languages_table(manifest, splits, names),
        translators_table=_translators_table(manifest),
        sources_table=_table(("source", "licence"), source_licences(manifest), "ll"),
        read=counted(source.read, "source item"),
        set_aside=_set_aside(manifest),
        readings=_readings(manifest),
        missing=_missing(manifest),
        calibration=_calibration(manifest),
        meaning=_MEANING if manifest.config.get("meaning") else "",
        leaked=_leaked(manifest),
        version=markdown_text(manifest.tandemqa_version),
    )


_MEANING: Final = (
    "| `meaning_min`, `meaning_mean` | similarity of question and sentences to English, by a "
    "sentence encoder |\n"
)


def _failed(manifest: Manifest) -> str:
    if not manifest.faults:
        return ""
    return _FAILED.format(faults="; ".join(map(markdown_text, manifest.faults)))


def _notice(manifest: Manifest) -> str:
    entries = {
        lang: licence
        for lang, entry in manifest.translators.items()
        for licence in entry.licenses
        if is_non_commercial(licence)
    }
    if not entries:
        return ""
    notice = _NOTICE.format(
        names=", ".join(_name(lang) for lang in entries),
        these="these languages" if len(entries) > 1 else "this language",
        licences=", ".join(sorted({markdown_text(licence) for licence in entries.values()})),
    )
    everything = len(entries) == len(manifest.translators)
    return notice.replace(" The other languages are not affected.", "") if everything else notice


def _languages_table(manifest: Manifest, splits: Counter[tuple[str, str]], names: list[str]) -> str:
    rows = []
    for lang in manifest.languages:
        counts = manifest.counts[lang]
        rows.append(
            (
                _name(lang),
                f"`{lang}`",
                *(f"{splits[lang, split]:,}" for split in names),
                f"{counts.rejected:,}",
                f"{counts.failed:,}",
            )
        )
    head = ("language", "code", *names, "rejected", "failed")
    return markdown_table(head, rows, "ll" + "r" * len(names) + "rr")


def _translators_table(manifest: Manifest) -> str:
    rows = [
        (
            _name(lang) + (", fallback" if entry is not first else ""),
            f"{entry.backend}: {entry.model}"
            + (f" through {', '.join(map(_name, entry.pivots))}" if entry.pivots else ""),
            entry.revision,
            (entry.license or "unknown")
            + (" (no commercial use)" if is_non_commercial(entry.license) else ""),
        )
        for lang, first in manifest.translators.items()
        for entry in (first, *first.fallbacks)
    ]
    return _table(("language", "translated by", "revision", "licence of the model"), rows, "llll")


def _set_aside(manifest: Manifest) -> str:
    """Return what became of the items that are not in the corpus."""
    source = manifest.source
    facts = [
        (sum(source.failed.values()), "could not be used"),
        (source.duplicates, "duplicated another item"),
        (sum(source.leaked.values()), "matched an evaluation set"),
    ]
    told = [f"{count:,} {what}" for count, what in facts if count]
    return f"of these, {', '.join(told)}" if told else "all of them could be used"


def _readings(manifest: Manifest) -> str:
    """Return how the sources were understood, and what was put right in them."""
    named = [
        reading.model_copy(update={"source": reading.source.rstrip("/").rpartition("/")[2]})
        for reading in manifest.readings
    ]
    told = [*map(describe, named), *describe_mended(manifest.source.mended)]
    lines = [f"- {markdown_text(sentence)}" for sentence in told]
    return "\n".join(["The sources were understood so:", "", *lines, "", ""]) if lines else ""


def _missing(manifest: Manifest) -> str:
    reasons: Counter[str] = Counter()
    for counts in manifest.counts.values():
        reasons.update(counts.reasons)
    if not reasons:
        return "No row is missing in any language."
    head = ("reason", "meaning", "rows")
    rows = [
        (markdown_code(code), explain_reason(code), f"{count:,}")
        for code, count in reasons.most_common()
    ]
    table = markdown_table(head, rows, "llr")
    return f"Missing rows in all languages together, by their first reason:\n\n{table}"


def _calibration(manifest: Manifest) -> str:
    origins = {"shipped": "human translations", "run": "this corpus", "widened": "few rows; wide"}
    rows = [
        (
            _name(lang),
            field,
            origins.get(entry.origin, entry.origin),
            f"{math.exp(entry.median):.2f}",
            f"{entry.rows:,}",
        )
        for lang, fields in manifest.calibration.items()
        for field, entry in sorted(fields.items(), reverse=True)
        if field in {"question", "passage"}
    ]
    if not rows:
        return "Nothing was translated, so nothing was calibrated."
    head = ("language", "field", "learnt from", "characters per English character", "rows")
    return _table(head, rows, "lllrr")


def _leaked(manifest: Manifest) -> str:
    leaked = manifest.source.leaked
    if not leaked:
        return (
            "No evaluation sets were excluded. Before you report results on a benchmark, make sure "
            "that its\ntexts are not among the sources."
        )
    told = "Records that match these sets in English were removed before translation:"
    looked_for = manifest.source.looked_for
    rows = [
        (name, f"{looked_for.get(name, 0):,}", f"{count:,}")
        for name, count in sorted(leaked.items())
    ]
    head = ("evaluation set", "items looked for", "records removed")
    return "\n\n".join([told, _table(head, rows, "lrr"), *_alarms(manifest)])


def _alarms(manifest: Manifest) -> list[str]:
    """Return what the audit of translated rows found; it is for people to look at."""
    found = [
        f"{counted(count, field)} in {_name(lang)} resembling {markdown_text(name)}"
        for lang, sets in manifest.alarms.items()
        for name, fields in sets.items()
        for field, count in fields.items()
    ]
    return [f"Found after translation: {'; '.join(found)}. Look at them."] if found else []


def _name(lang: str) -> str:
    return LANGUAGES[lang].name if lang in LANGUAGES else lang


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    return markdown_table(head, [tuple(map(markdown_text, row)) for row in rows], alignment)
