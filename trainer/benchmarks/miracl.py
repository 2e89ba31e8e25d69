"""MIRACL (Zhang et al. 2023), dev: human judgements in 18 languages, each with its own Wikipedia.

By default with hard negatives: the 250 best documents of BM25 and two dense models for each
question, 2.45 million in all (mteb/MIRACLRetrievalHardNegatives). A folder may instead hold full
languages as released: `miracl-v1.0-<lang>/` (topics and qrels) and `miracl-corpus-v1.0-<lang>/`.
Titles are part of the documents (project-miracl/miracl, issue 18).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.command import UsageError
from schemas.language import list_codes, select_languages
from trainer.benchmarks.benchmark import Benchmark
from trainer.benchmarks.judged import (
    JudgedSet,
    join_title,
    make_benchmark,
    read_grade,
    read_json_lines,
    read_table,
)

LANGUAGES: Final = (
    *("ar", "bn", "de", "en", "es", "fa", "fi", "fr", "hi"),
    *("id", "ja", "ko", "ru", "sw", "te", "th", "yo", "zh"),
)
_HARD_NEGATIVES: Final = "mteb/MIRACLRetrievalHardNegatives"
_REVISION: Final = "d7d94fa4b946cec4a27c84653aa0cf6b33f74a3c"
_RELEASED: Final = "miracl-v1.0-"


def read_miracl(folder: Path | None, languages: Sequence[str] = ()) -> Benchmark:
    """Return MIRACL dev.

    Args:
        folder: A copy of mteb/MIRACLRetrievalHardNegatives (`hf download --repo-type dataset`)
            or of the released files; None takes the hard negatives from the hub.
        languages: Languages to read; all there are when empty.

    Raises:
        UsageError: If something is missing or not in the format.
    """
    if folder is None:
        chosen, missing = select_languages(languages, LANGUAGES)
        if missing:
            raise UsageError(
                f"MIRACL is not in {list_codes(missing)}; it is in {', '.join(LANGUAGES)}"
            )
        sets = {lang: _read_hard_negatives(None, lang) for lang in chosen}
        return make_benchmark("miracl", sets)
    full = [path.name.removeprefix(_RELEASED) for path in sorted(folder.glob(f"{_RELEASED}*"))]
    small = [path.name.removesuffix("-corpus") for path in sorted(folder.glob("*-corpus"))]
    chosen, missing = select_languages(languages, dict.fromkeys([*full, *small]))
    if missing or not (full or small):
        lang = missing[0] if missing else "sw"
        raise UsageError(
            f"{folder}: no MIRACL in {lang}; wanted {lang}-corpus, {lang}-queries and {lang}-qrels "
            f"of {_HARD_NEGATIVES}, or {_RELEASED}{lang} and miracl-corpus-v1.0-{lang}"
        )
    return make_benchmark(
        "miracl",
        {
            lang: _read_released(folder, lang)
            if lang in full
            else _read_hard_negatives(folder, lang)
            for lang in chosen
        },
    )


def _read_released(folder: Path, lang: str) -> JudgedSet:
    home = folder / f"{_RELEASED}{lang}"
    topics = home / "topics" / f"topics.miracl-v1.0-{lang}-dev.tsv"
    qrels = home / "qrels" / f"qrels.miracl-v1.0-{lang}-dev.tsv"
    parts = sorted((folder / f"miracl-corpus-v1.0-{lang}").glob("docs-*.jsonl*"))
    if not parts:
        raise UsageError(f"{folder / f'miracl-corpus-v1.0-{lang}'}: no docs-*.jsonl.gz")
    grades: dict[str, dict[str, int]] = {}
    for row in read_table(qrels, ("question", "q0", "document", "grade")):
        grades.setdefault(row["question"], {})[row["document"]] = read_grade(qrels, row["grade"])
    return JudgedSet(
        documents={
            str(row["docid"]): join_title(row["title"], row["text"])
            for part in parts
            for row in read_json_lines(part, ("docid", "title", "text"))
        },
        questions={row["id"]: row["text"] for row in read_table(topics, ("id", "text"))},
        grades=grades,
        source=str(home),
    )


def _read_hard_negatives(folder: Path | None, lang: str) -> JudgedSet:
    grades: dict[str, dict[str, int]] = {}
    for row in _read_part(folder, lang, "qrels"):
        grades.setdefault(str(row["query-id"]), {})[str(row["corpus-id"])] = int(row["score"])
    return JudgedSet(
        documents={
            str(row.get("_id") or row["id"]): join_title(row.get("title"), row["text"])
            for row in _read_part(folder, lang, "corpus")
        },
        questions={
            str(row.get("_id") or row["id"]): row["text"]
            for row in _read_part(folder, lang, "queries")
        },
        grades=grades,
        source=f"{folder or _HARD_NEGATIVES}, {lang}",
    )


def _read_part(folder: Path | None, lang: str, part: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one part, from Parquet files or from the hub."""
    if folder is None:
        yield from _download_part(lang, part)
        return
    files = sorted((folder / f"{lang}-{part}").glob("*.parquet"))
    if not files:
        raise UsageError(f"{folder / f'{lang}-{part}'}: no Parquet files")
    for file in files:
        try:
            for batch in pq.ParquetFile(file).iter_batches():
                yield from batch.to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise UsageError(f"{file}: {error}") from error


def _download_part(lang: str, part: str) -> Iterator[dict[str, Any]]:
    from datasets import load_dataset

    try:
        splits = load_dataset(_HARD_NEGATIVES, f"{lang}-{part}", revision=_REVISION)
    except (OSError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise UsageError(
            f"MIRACL {lang}-{part} cannot be had: {first}. Without a network, name a folder with "
            f"a copy of {_HARD_NEGATIVES}: --data DIR"
        ) from error
    yield from splits["dev" if "dev" in splits else next(iter(splits))]
