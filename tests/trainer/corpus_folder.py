"""A small corpus on disk, as a build leaves it, without a build."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from hashlib import sha256
from itertools import groupby
from pathlib import Path

import pyarrow.parquet as pq

from schemas.corpus_layout import MANIFEST_NAME
from schemas.identity import content_id
from schemas.manifest import FileEntry, LanguageCounts, Manifest, SourceCounts
from schemas.row import SCHEMA_VERSION, Row, rows_to_table


def make_row(number: int, lang: str, **changes: object) -> Row:
    """Return a row of the group `number`; two groups share a passage."""
    passage = number // 2
    values: dict[str, object] = {
        "group_id": content_id("group", str(number)),
        "record_id": str(number),
        "dataset": "rivers",
        "split": "train",
        "lang": lang,
        "is_source": lang == "en",
        "question": f"{lang} question {number}",
        "passage": f"{lang} passage {passage}",
        "title": "",
        "passage_id": content_id("passage", str(passage)),
        "answers": (),
        "sentence_map": (),
        "languages": ("en", "es"),
        "mono": True,
        "cross": True,
        "checks": (),
        "score_min": None,
        "score_mean": None,
        "unknown_share": None,
        "translator": None,
        "license": "CC0-1.0",
    }
    return Row(**{**values, **changes})


def make_rows(
    numbers: Iterable[int],
    languages: Sequence[str] = ("en", "es"),
    has: Callable[[int, str], bool] = lambda number, lang: True,
    **changes: object,
) -> list[Row]:
    """Return the rows of groups, in the languages that they have."""
    return [
        make_row(number, lang, **changes)
        for number in numbers
        for lang in languages
        if has(number, lang)
    ]


def write_corpus(folder: Path, rows: Iterable[Row]) -> Path:
    """Write rows as a corpus: one shard for each split and language, and a manifest."""

    def place(row: Row) -> tuple[str, str]:
        return row.split, row.lang

    files = []
    for (split, lang), part in groupby(sorted(rows, key=place), place):
        table = rows_to_table(sorted(part, key=lambda row: row.group_id))
        path = folder / f"data/{split}/lang={lang}/part-00000-of-00001.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path, compression="zstd")
        content = path.read_bytes()
        files.append(
            FileEntry(
                path=path.relative_to(folder).as_posix(),
                kind="row",
                split=split,
                lang=lang,
                rows=table.num_rows,
                size=len(content),
                sha256=sha256(content).hexdigest(),
            )
        )
    languages = sorted({"en", *(file.lang for file in files)})
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        tandemqa_version="0",
        created=datetime(2026, 1, 1, tzinfo=timezone.utc),
        seconds=1,
        config={},
        languages=languages,
        shards=1,
        source=SourceCounts(read=1, groups=1),
        counts={lang: LanguageCounts() for lang in languages},
        segments={},
        translators={},
        calibration={},
        files=files,
        versions={},
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(), encoding="utf-8")
    return folder
