"""XQuAD-R and MLQA-R of LAReQA (Roy et al. 2020): find the sentence that has the answer.

Files are `<language>.json` in SQuAD's format, with `sentence_breaks` (character offsets) in each
paragraph: https://github.com/google-research-datasets/lareqa, folder `xquad-r` at its head and
`mlqa-r` at commit 354d67d.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.command import UsageError
from schemas.language import list_codes, select_languages
from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions


@dataclass
class _Language:
    """What one file says."""

    question_ids: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    sentence_ids: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)


def read_lareqa(name: str, folder: Path, languages: Sequence[str] = ()) -> Benchmark:
    """Return XQuAD-R or MLQA-R.

    A candidate is one sentence of one paragraph; equal sentences stay apart, as in the published
    counts. Relevant is the sentence in which the answer starts, in every language that asks the
    question. The groups are paragraphs: those of different languages that share a question.

    Args:
        name: Name of the benchmark.
        folder: Where its files are.
        languages: Languages to read; all there are when empty.

    Raises:
        UsageError: If files are missing or not in the format.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.json"))}
    chosen, missing = select_languages(languages, files)
    if missing or not files:
        raise UsageError(
            f"{folder}: no {list_codes(missing) or 'languages'} of {name}; wanted files such as "
            f"{folder / (missing[0] if missing else 'en')}.json from "
            "https://github.com/google-research-datasets/lareqa"
        )
    read = {lang: _read_language(lang, files[lang]) for lang in chosen}
    relevance: dict[str, dict[str, int]] = {}
    for of_lang in read.values():
        for question, sentence in of_lang.answers.items():
            relevance.setdefault(question, {})[sentence] = 1
    groups = _join_paragraphs(of_lang.answers for of_lang in read.values())
    return Benchmark(
        name=name,
        questions={lang: Questions(r.question_ids, r.questions) for lang, r in read.items()},
        candidates={
            lang: Candidates(
                r.sentence_ids,
                r.sentences,
                [groups.get(paragraph, paragraph) for paragraph in r.paragraphs],
                r.contexts,
            )
            for lang, r in read.items()
        },
        relevance=relevance,
    )


def _read_language(lang: str, path: Path) -> _Language:
    try:
        articles = json.loads(path.read_text(encoding="utf-8-sig"))["data"]
        paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
        found = _Language()
        for number, paragraph in enumerate(paragraphs):
            _add_paragraph(found, f"{lang}_{number}", paragraph)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a LAReQA file: {error!r}") from error
    return found


def _add_paragraph(found: _Language, paragraph_id: str, paragraph: Mapping[str, Any]) -> None:
    context, breaks = paragraph["context"], paragraph["sentence_breaks"]
    for number, (start, end) in enumerate(breaks):
        found.sentence_ids.append(f"{paragraph_id}_{number}")
        found.sentences.append(context[start:end])
        found.contexts.append(context)
        found.paragraphs.append(paragraph_id)
    for question in paragraph["qas"]:
        begin = question["answers"][0]["answer_start"]
        # The whole answer is not asked for: a few run over a sentence end.
        holding = [n for n, (start, end) in enumerate(breaks) if start <= begin < end]
        if len(holding) != 1:
            raise ValueError(f"answer of {question['id']} starts in {len(holding)} sentences")
        found.question_ids.append(question["id"])
        found.questions.append(question["question"])
        found.answers[question["id"]] = f"{paragraph_id}_{holding[0]}"


def _join_paragraphs(answers: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the group of each paragraph that is asked about: paragraphs that share a question."""
    parents: dict[str, str] = {}

    def find(paragraph: str) -> str:
        while parents.setdefault(paragraph, paragraph) != paragraph:
            parents[paragraph] = parents[parents[paragraph]]
            paragraph = parents[paragraph]
        return paragraph

    first: dict[str, str] = {}
    for of_lang in answers:
        for question, sentence in of_lang.items():
            paragraph = find(sentence.rsplit("_", 1)[0])
            parents[paragraph] = find(first.setdefault(question, paragraph))
    return {paragraph: find(paragraph) for paragraph in list(parents)}
