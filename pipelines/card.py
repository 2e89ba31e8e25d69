"""The dataset card: README.md of a corpus, readable by people and by `datasets`."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from importlib.resources import files
from string import Template
from typing import Any, Final

import yaml

from pipelines.rows import SOURCE_LANGUAGE
from schemas.language import LANGUAGES
from schemas.manifest import Manifest

_NOTICE: Final = (
    "> **Not for commercial use: {names}.** The translation into {these} was made with a model "
    "under a\n> non-commercial licence ({licences}). The other languages are not affected.\n\n"
)
_NON_COMMERCIAL: Final = re.compile(r"(?<![a-z])nc(?![a-z])|non-?commercial", re.IGNORECASE)
_HUB_LICENSES: Final = re.compile(
    r"apache-2\.0|mit|cc0-1\.0|cc-by(-nc)?(-sa|-nd)?-[34]\.0|odc-by|odbl|pddl|unlicense"
    r"|[al]?gpl-[23]\.0|bsd-[23]-clause"
)
_SIZES: Final = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B")


def write_card(manifest: Manifest) -> str:
    """Return the dataset card of a corpus."""
    present = [lang for lang in manifest.languages if manifest.counts[lang].kept]
    splits = _rows_by_split(manifest)
    source, names = manifest.source, sorted({split for _, split in splits})
    template = (files("pipelines") / "card.md").read_text(encoding="utf-8")
    return Template(template).substitute(
        header=_header(manifest, present),
        title=_cell(_title(manifest)),
        notice=_notice(manifest),
        rows=f"{splits.total():,}",
        languages=len(present),
        groups=f"{source.groups:,}",
        code=present[-1] if present else SOURCE_LANGUAGE,
        split="train" if "train" in names or not names else names[0],
        languages_table=_languages_table(manifest, splits, names),
        translators_table=_translators_table(manifest),
        sources_table=_table(("source", "licence"), _sources(manifest), text=2),
        read=f"{source.read:,}",
        set_aside=_set_aside(manifest),
        missing=_missing(manifest),
        calibration=_calibration(manifest),
        leaked=_leaked(manifest),
        version=manifest.tandemqa_version,
    )


def is_non_commercial(license: str) -> bool:
    """Return whether a licence allows no commercial use, judged by its name."""
    return bool(_NON_COMMERCIAL.search(license))


def _rows_by_split(manifest: Manifest) -> Counter[tuple[str, str]]:
    splits: Counter[tuple[str, str]] = Counter()
    for entry in manifest.files:
        if entry.kind == "row":
            splits[entry.lang, entry.split] += entry.rows
    return splits


def _header(manifest: Manifest, present: list[str]) -> str:
    """Return what the hub and `datasets` read, as YAML."""
    metadata = _metadata(manifest, present)
    return yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True, width=math.inf)


def _metadata(manifest: Manifest, present: list[str]) -> dict[str, Any]:
    splits = _rows_by_split(manifest)
    details = [lang for lang in present if "-" in lang]
    return {
        "pretty_name": _title(manifest),
        # The hub wants ISO 639 here, and BCP-47 in the details.
        "language": list(dict.fromkeys(lang.split("-")[0] for lang in present)),
        **({"language_details": details} if details else {}),
        "license": _hub_licenses(manifest),
        "task_categories": ["question-answering", "text-retrieval"],
        "multilinguality": "translation",
        "language_creators": ["machine-generated"],
        "size_categories": [_size_category(splits.total())],
        "tags": ["tandemqa", "machine-translated", "parallel"],
        "configs": [
            {
                "config_name": lang,
                "data_files": [
                    {"split": split, "path": f"data/{split}/lang={lang}/*.parquet"}
                    for found, split in sorted(splits)
                    if found == lang
                ],
            }
            for lang in present
        ],
    }


def _title(manifest: Manifest) -> str:
    names = sorted({name for name, _ in _sources(manifest)})
    title = "Parallel question answering corpus"
    return f"{title} from {' '.join(', '.join(names).split())}" if 0 < len(names) <= 3 else title


def _hub_licenses(manifest: Manifest) -> list[str]:
    """Return the licences of the sources, and of models that restrict what they make."""
    names = {licence for _, licence in _sources(manifest)} | {
        entry.license for entry in manifest.translators.values() if is_non_commercial(entry.license)
    }
    return sorted({_hub_license(name) for name in names}) or ["unknown"]


def _hub_license(name: str) -> str:
    known = name.lower().removesuffix("-only").removesuffix("-or-later")
    if _HUB_LICENSES.fullmatch(known):
        return known
    return "unknown" if known == "unknown" else "other"


def _size_category(rows: int) -> str:
    """Return the hub's word for the number of rows."""
    place = min(max(len(str(rows)) - 3, 0), len(_SIZES) - 1)
    return f"{_SIZES[place - 1]}<n<{_SIZES[place]}" if place else f"n<{_SIZES[0]}"


def _notice(manifest: Manifest) -> str:
    entries = {
        lang: entry.license
        for lang, entry in manifest.translators.items()
        if is_non_commercial(entry.license)
    }
    if not entries:
        return ""
    notice = _NOTICE.format(
        names=", ".join(_name(lang) for lang in entries),
        these="these languages" if len(entries) > 1 else "this language",
        licences=", ".join(sorted({_cell(licence) for licence in entries.values()})),
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
    return _table(("language", "code", *names, "rejected", "failed"), rows, text=2)


def _translators_table(manifest: Manifest) -> str:
    rows = [
        (
            _name(lang),
            f"{entry.backend}: {entry.model}"
            + (f" through {', '.join(map(_name, entry.pivots))}" if entry.pivots else ""),
            entry.revision,
            (entry.license or "unknown")
            + (" (no commercial use)" if is_non_commercial(entry.license) else ""),
        )
        for lang, entry in manifest.translators.items()
    ]
    return _table(("language", "translated by", "revision", "licence of the model"), rows, text=4)


def _sources(manifest: Manifest) -> list[tuple[str, str]]:
    """Return name and licence of every source dataset."""
    return sorted(
        {
            (str(source.get("dataset") or "unnamed"), str(source.get("license") or "unknown"))
            for source in manifest.config.get("sources", [])
        }
    )


def _set_aside(manifest: Manifest) -> str:
    source = manifest.source
    facts = [
        (sum(source.failed.values()), "could not be used"),
        (source.duplicates, "said what another one says"),
        (sum(source.leaked.values()), "are in evaluation sets"),
    ]
    told = [f"{count:,} {what}" for count, what in facts if count]
    return f"of these, {', '.join(told)}" if told else "all of them could be used"


def _missing(manifest: Manifest) -> str:
    reasons: Counter[str] = Counter()
    for counts in manifest.counts.values():
        reasons.update(counts.reasons)
    if not reasons:
        return "No row is missing in any language."
    told = ", ".join(f"`{name}` {count:,}" for name, count in reasons.most_common())
    return f"Rows that are missing, by their first reason, in all languages together: {told}."


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
        for field, entry in fields.items()
    ]
    if not rows:
        return "Nothing was translated, so nothing was calibrated."
    head = ("language", "field", "learnt from", "characters per English character", "rows")
    return _table(head, rows, text=3)


def _leaked(manifest: Manifest) -> str:
    leaked = manifest.source.leaked
    if not leaked:
        return (
            "The manifest names no evaluation set that records were held against. Before you "
            "report results on a\nbenchmark, make sure that its texts are not among the sources."
        )
    told = "These sets were looked for in English before translation, and what was found removed:"
    rows = [(name, f"{count:,}") for name, count in sorted(leaked.items())]
    return f"{told}\n\n{_table(('evaluation set', 'records removed'), rows)}"


def _name(lang: str) -> str:
    return LANGUAGES[lang].name if lang in LANGUAGES else lang


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], text: int = 1) -> str:
    """Return a Markdown table; columns after the first `text` ones hold numbers."""
    rule = ["---" if place < text else "---:" for place in range(len(head))]
    lines = [head, tuple(rule), *(tuple(map(_cell, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return text that cannot break out of a Markdown table."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
