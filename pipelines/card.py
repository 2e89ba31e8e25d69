"""The dataset card: README.md of a corpus, readable by people and by `datasets`."""

from typing import Any

import yaml

from schemas.language import LANGUAGES
from schemas.manifest import Manifest

_CARD = """---
{header}---

# {title}

{rows:,} question-passage pairs in {languages} languages, made from {groups:,} English records
by machine translation. The languages are parallel: rows with the same `group_id` are the same
record.

```python
from datasets import load_dataset

corpus = load_dataset("{example}", "{code}")
```

## Languages

| language | code | kept | rejected | failed | translated by | licence of the model |
|---|---|---:|---:|---:|---|---|
{table}

## How it was made

{read:,} source items were read; {set_aside}. Passages were translated sentence by sentence,
every row was checked for language, script, length and repetition, and what failed is in
`quarantine/` with its reasons. Counts, checks, models, parameters and versions are in
`manifest.json`.

## Sources

| dataset | licence |
|---|---|
{sources}

## Columns that matter most

| column | meaning |
|---|---|
| `group_id` | the record; equal in all languages |
| `question`, `passage`, `title` | the texts in `lang` |
| `answers` | text, start (Unicode code points, -1 without a span), how it was found |
| `sentence_map` | which sentence of the English passage became which part of this one |
| `passage_id` | the English passage; rows that share it are never negatives of each other |
| `languages` | all languages of the group, for cross-lingual pairs |
| `mono`, `cross` | which batches the row may serve in |
| `checks` | every check with value, threshold and verdict |

## Limits

Machine translation makes mistakes that no check here sees: wrong word senses, awkward style,
names translated that should not be. Do not evaluate on it what is to be used by people.

Made with tandemqa {version}.
"""


def write_card(manifest: Manifest) -> str:
    """Return the dataset card of a corpus."""
    kept = {lang: manifest.counts[lang].kept for lang in manifest.languages}
    present = [lang for lang in manifest.languages if kept[lang]]
    return _CARD.format(
        header=yaml.safe_dump(_header(manifest, present), sort_keys=False, allow_unicode=True),
        title="Parallel question answering corpus",
        rows=sum(kept.values()),
        languages=len(present),
        groups=manifest.source.groups,
        read=manifest.source.read,
        set_aside=_set_aside(manifest),
        table="\n".join(_language_line(manifest, lang) for lang in manifest.languages),
        sources="\n".join(_source_lines(manifest)),
        example="path/to/this/folder",
        code=present[-1] if present else "en",
        version=manifest.tandemqa_version,
    )


def _header(manifest: Manifest, present: list[str]) -> dict[str, Any]:
    splits: dict[str, set[str]] = {lang: set() for lang in present}
    for entry in manifest.files:
        if entry.kind == "row":
            splits[entry.lang].add(entry.split)
    return {
        "language": [lang for lang in present],
        "task_categories": ["question-answering", "text-retrieval"],
        "multilinguality": "translation",
        "tags": ["tandemqa", "machine-translated", "parallel"],
        "configs": [
            {
                "config_name": lang,
                "data_files": [
                    {"split": split, "path": f"data/{split}/lang={lang}/*.parquet"}
                    for split in sorted(splits[lang])
                ],
            }
            for lang in present
        ],
    }


def _set_aside(manifest: Manifest) -> str:
    source = manifest.source
    facts = [
        (sum(source.failed.values()), "malformed"),
        (source.duplicates, "duplicates"),
        (sum(source.leaked.values()), "in evaluation sets"),
    ]
    told = [f"{count:,} {what}" for count, what in facts if count]
    return ", ".join(told) + " were set aside" if told else "none was set aside"


def _language_line(manifest: Manifest, lang: str) -> str:
    counts, translator = manifest.counts[lang], manifest.translators.get(lang)
    by = f"{translator.backend}: {_cell(translator.model)}" if translator else "source"
    licence = _cell(translator.license) if translator else ""
    return (
        f"| {LANGUAGES[lang].name} | `{lang}` | {counts.kept:,} | {counts.rejected:,} | "
        f"{counts.failed:,} | {by} | {licence} |"
    )


def _source_lines(manifest: Manifest) -> list[str]:
    named = {
        (str(source.get("dataset", "")), str(source.get("license", "")))
        for source in manifest.config["sources"]
    }
    return [f"| {_cell(name)} | {_cell(licence) or 'unknown'} |" for name, licence in sorted(named)]


def _cell(text: str) -> str:
    """Return text that cannot break out of a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
