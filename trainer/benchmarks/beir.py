"""Folders in the format of BEIR (Thakur et al. 2021), of any domain and language.

`corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`, `text`), `qrels/<split>.tsv`
(query-id, corpus-id, score): https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from schemas.command import UsageError
from schemas.language import SOURCE_LANGUAGE, canonical_code, select_languages
from trainer.benchmarks.benchmark import Benchmark
from trainer.benchmarks.judged import (
    JudgedSet,
    join_title,
    make_benchmark,
    read_grade,
    read_json_lines,
    read_table,
)

_COLUMNS: Final = ("query-id", "corpus-id", "score")
_SPLITS: Final = ("test", "dev", "validation", "train")


def read_beir(folder: Path, languages: Sequence[str] = (), split: str | None = None) -> Benchmark:
    """Return a BEIR folder, or one with such a folder for each language, as a benchmark.

    Languages with the very same ids and judgements are taken for translations of each other, and
    searched across languages and in one pool as well.

    Args:
        folder: The folder.
        languages: The language of its texts (English by default), or the languages to read.
        split: Which judgements; the first there is of test, dev, validation and train.

    Raises:
        UsageError: If something is missing or not in the format.
    """
    if _corpus(folder):
        if len(languages) > 1:
            raise UsageError(
                f"{folder}: one language, but {', '.join(languages)} are asked for; several have "
                f"a folder each, such as {folder / languages[0] / 'corpus.jsonl'}"
            )
        folders = {canonical_code((languages or (SOURCE_LANGUAGE,))[0]): folder}
    else:
        folders = {path.name: path for path in sorted(folder.glob("*")) if _corpus(path)}
        chosen, missing = select_languages(languages, folders)
        if missing or not folders:
            wanted = folder / (missing[0] if missing else "") / "corpus.jsonl"
            raise UsageError(f"{wanted}: not there; wanted a folder in BEIR's format")
        folders = {lang: folders[lang] for lang in chosen}
    sets = {lang: read_folder(path, split) for lang, path in folders.items()}
    return make_benchmark(f"beir:{folder.resolve().name}", sets, may_be_parallel=True)


def read_folder(folder: Path, split: str | None) -> JudgedSet:
    """Return the judged set of one BEIR folder.

    Raises:
        UsageError: If something is missing or not in the format.
    """
    corpus = _corpus(folder)
    if corpus is None:
        raise UsageError(f"{folder / 'corpus.jsonl'}: not there")
    queries = folder / corpus.name.replace("corpus", "queries")
    found = [folder / "qrels" / f"{name}.tsv" for name in ([split] if split else _SPLITS)]
    judgements = next((path for path in found if path.exists()), found[0])
    grades: dict[str, dict[str, int]] = {}
    for row in read_table(judgements, _COLUMNS):
        grades.setdefault(row["query-id"], {})[row["corpus-id"]] = read_grade(
            judgements, row["score"]
        )
    return JudgedSet(
        documents={
            str(row["_id"]): join_title(row.get("title"), row["text"])
            for row in read_json_lines(corpus, ("_id", "text"))
        },
        questions={
            str(row["_id"]): row["text"]
            for row in read_json_lines(queries, ("_id", "text"))
            if str(row["_id"]) in grades
        },
        grades=grades,
        source=str(folder),
    )


def _corpus(folder: Path) -> Path | None:
    for name in ("corpus.jsonl", "corpus.jsonl.gz"):
        if (folder / name).exists():
            return folder / name
    return None
