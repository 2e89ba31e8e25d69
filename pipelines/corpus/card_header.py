"""The head of the dataset card: what the hub and `datasets` read, and the facts behind it."""

import math
from collections import Counter
from collections.abc import Collection
from typing import Any, Final

import yaml

from schemas.corpus_layout import SPLITS
from schemas.licences import hub_licence, is_non_commercial
from schemas.manifest import Manifest
from schemas.plain_text import one_line

ALL: Final = "all"
PAIRS: Final = "pairs"
"""Configurations beside those of the languages; no language has such a code."""
_SIZES: Final = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B")


def write_header(manifest: Manifest, present: list[str]) -> str:
    """Return what the hub and `datasets` read, as YAML."""
    metadata = _metadata(manifest, present)
    return yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True, width=math.inf)


def _metadata(manifest: Manifest, present: list[str]) -> dict[str, Any]:
    splits = rows_by_split(manifest)
    details = [lang for lang in present if "-" in lang]
    return {
        "pretty_name": card_title(manifest),
        # The hub wants ISO 639 here, and BCP-47 in the details.
        "language": list(dict.fromkeys(lang.split("-")[0] for lang in present)),
        **({"language_details": details} if details else {}),
        "license": _hub_licenses(manifest),
        "task_categories": ["question-answering", "text-retrieval"],
        "multilinguality": "translation",
        "language_creators": ["machine-generated"],
        "size_categories": [_size_category(splits.total())],
        "tags": ["tandemqa", "machine-translated", "parallel"],
        "configs": _configs(splits, present),
    }


def _configs(splits: Collection[tuple[str, str]], present: list[str]) -> list[dict[str, Any]]:
    """Return what `datasets` can load: all rows, those of one language, or pairs to train on.

    `pairs` are two columns of the same files. A third one, such as the passage in another
    language, would be taken for a negative by the losses of sentence-transformers.
    """
    everything = {"config_name": ALL, "default": True, "data_files": _data_files(splits, "*")}
    languages = [{"config_name": lang, "data_files": _data_files(splits, lang)} for lang in present]
    pairs = {
        "config_name": PAIRS,
        "data_files": _data_files(splits, "*"),
        "columns": ["question", "passage"],
        "filters": [["mono", "==", True]],
    }
    return [everything, *languages, pairs]


def _data_files(splits: Collection[tuple[str, str]], lang: str) -> list[dict[str, str]]:
    """Return the files of each split of a language, or of all languages for `*`."""
    return [
        {"split": split, "path": f"data/{split}/lang={lang}/*.parquet"}
        for split in SPLITS
        if any(there == split and lang in ("*", found) for found, there in splits)
    ]


def card_title(manifest: Manifest) -> str:
    """Return the title, with the datasets' names when they are few."""
    names = sorted({name for name, _ in source_licences(manifest)})
    title = "Parallel question answering corpus"
    return f"{title} from {one_line(', '.join(names))}" if 0 < len(names) <= 3 else title


def rows_by_split(manifest: Manifest) -> Counter[tuple[str, str]]:
    """Return the number of rows by language and split."""
    splits: Counter[tuple[str, str]] = Counter()
    for entry in manifest.files:
        if entry.kind == "row":
            splits[entry.lang, entry.split] += entry.rows
    return splits


def source_licences(manifest: Manifest) -> list[tuple[str, str]]:
    """Return name and licence of every source dataset."""
    return sorted(
        {
            (str(source.get("dataset") or "unnamed"), str(source.get("license") or "unknown"))
            for source in manifest.config.get("sources", [])
        }
    )


def _hub_licenses(manifest: Manifest) -> list[str]:
    """Return the licences of the sources, and of models that restrict what they make."""
    names = {licence for _, licence in source_licences(manifest)} | {
        licence
        for entry in manifest.translators.values()
        for licence in entry.licenses
        if is_non_commercial(licence)
    }
    return sorted({hub_licence(name) for name in names}) or ["unknown"]


def _size_category(rows: int) -> str:
    """Return the hub's word for the number of rows."""
    place = min(max(len(str(rows)) - 3, 0), len(_SIZES) - 1)
    return f"{_SIZES[place - 1]}<n<{_SIZES[place]}" if place else f"n<{_SIZES[0]}"
