"""Judged sets: documents, questions and judgements (qrels) of one language, and several of them."""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.command import UsageError
from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Documents, questions and judgements of one language.

    Attributes:
        documents: Text of each document, its title in front, by id.
        questions: Text of each question by id.
        grades: Grades by question, then by document; not relevant is 0 or less.
        source: Where it came from, for messages.
    """

    documents: Mapping[str, str]
    questions: Mapping[str, str]
    grades: Mapping[str, Mapping[str, int]]
    source: str


def make_benchmark(
    name: str, sets: Mapping[str, JudgedSet], may_be_parallel: bool = False
) -> Benchmark:
    """Return judged sets as one benchmark.

    Questions without a relevant document are left out, as in trec_eval.

    Args:
        name: Name of the benchmark.
        sets: Judged set by language.
        may_be_parallel: Whether sets with the very same judgements are translations of each
            other. Otherwise they have nothing to do with each other, whatever their ids.

    Raises:
        UsageError: If a judgement names what is not there, or nothing is judged.
    """
    grades = {lang: _positive(lang, of_lang) for lang, of_lang in sets.items()}
    first, *others = grades.values()
    shared = may_be_parallel and bool(others) and all(other == first for other in others)
    relevance: dict[str, dict[str, int]] = {}
    for lang, of_lang in grades.items():
        for question, found in of_lang.items():
            own = relevance.setdefault(question if shared else f"{lang}:{question}", {})
            own |= {f"{lang}:{document}": grade for document, grade in found.items()}
    return Benchmark(
        name=name,
        questions={
            lang: Questions(
                [question if shared else f"{lang}:{question}" for question in grades[lang]],
                [of_lang.questions[question] for question in grades[lang]],
            )
            for lang, of_lang in sets.items()
        },
        candidates={
            lang: Candidates(
                [f"{lang}:{document}" for document in of_lang.documents],
                list(of_lang.documents.values()),
                [name if shared else f"{lang}:{name}" for name in of_lang.documents],
            )
            for lang, of_lang in sets.items()
        },
        relevance=relevance,
    )


def _positive(lang: str, judged: JudgedSet) -> dict[str, dict[str, int]]:
    positive = {
        question: {document: grade for document, grade in found.items() if grade > 0}
        for question, found in judged.grades.items()
    }
    positive = {question: found for question, found in positive.items() if found}
    for question, found in positive.items():
        if question not in judged.questions:
            raise UsageError(f"{judged.source}: judged question {question} is not there")
        for document in found:
            if document not in judged.documents:
                raise UsageError(
                    f"{judged.source}: document {document}, relevant to question {question}, is "
                    "not there; is a part of the corpus missing?"
                )
    if not positive:
        raise UsageError(f"{judged.source}: no question in {lang} has a relevant document")
    return positive


def join_title(title: str | None, text: str | None) -> str:
    """Return a document as it is encoded: the title in front, as BEIR and MIRACL do it."""
    return f"{title or ''} {text or ''}".strip()


def read_json_lines(path: Path, wanted: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON-lines file, which may be compressed (`.gz`).

    Args:
        path: The file.
        wanted: Keys that each object must have.

    Raises:
        UsageError: With file and line, if one is no such object.
    """
    with _open(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
                missing = [key for key in wanted if key not in found]
            except (ValueError, TypeError) as error:
                raise UsageError(f"{path}:{number}: not a JSON object: {error}") from error
            if missing:
                raise UsageError(
                    f"{path}:{number}: no {', '.join(missing)}; found {', '.join(found)}"
                )
            yield found


def read_table(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the lines of a tab-separated file by column.

    Args:
        path: The file; a first line with the columns' names is passed over.
        columns: Its columns.

    Raises:
        UsageError: With file and line, if one has another number of columns.
    """
    with _open(path) as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        for number, row in enumerate(rows, 1):
            if not row or (number == 1 and row[0] == columns[0]):
                continue
            if len(row) != len(columns):
                raise UsageError(
                    f"{path}:{number}: {len(row)} columns; wanted {', '.join(columns)}"
                )
            yield dict(zip(columns, row, strict=True))


def read_grade(path: Path, text: str) -> int:
    """Return a grade.

    Raises:
        UsageError: If it is no whole number.
    """
    try:
        return int(text)
    except ValueError as error:
        raise UsageError(f"{path}: grade {text!r}; wanted a whole number") from error


def _open(path: Path) -> Any:  # noqa: ANN401
    try:
        if path.suffix == ".gz":
            return gzip.open(path, "rt", encoding="utf-8", newline="")
        return path.open(encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
