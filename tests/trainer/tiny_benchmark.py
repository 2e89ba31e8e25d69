"""Small benchmarks and vectors that tests make themselves."""

import json
from pathlib import Path

import numpy as np

from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions
from trainer.evaluation.embeddings import Embedded

LANGUAGES = ("en", "es", "zh")


def make_parallel(questions: int = 12, seed: int = 0, graded: bool = False) -> Benchmark:
    """Return a benchmark whose languages differ in their candidates, not all questions parallel."""
    rng = np.random.default_rng(seed)
    asked, given = {}, {}
    relevance: dict[str, dict[str, int]] = {}
    for place, lang in enumerate(LANGUAGES):
        count = questions + 5 + 7 * place
        ids = [f"{lang}-{number}" for number in range(count)]
        given[lang] = Candidates(
            ids,
            [f"sentence {name}" for name in ids],
            [str(number % questions) for number in range(count)],
            [f"sentence {name}\nand more" for name in ids],
        )
        # The last questions are not asked in every language.
        names = [f"q{number}" for number in range(questions - place)]
        asked[lang] = Questions(names, [f"{name} in {lang}?" for name in names])
        for name in names:
            chosen = rng.choice(count, 1 + (2 if graded else 0), replace=False)
            for candidate in chosen:
                grade = int(rng.integers(1, 4)) if graded else 1
                relevance.setdefault(name, {})[ids[candidate]] = grade
    return Benchmark("tiny", asked, given, relevance)


def make_vectors(benchmark: Benchmark, seed: int = 0, size: int = 8) -> Embedded:
    """Return random vectors, in which what is relevant is a little nearer than the rest."""
    rng = np.random.default_rng(seed)
    candidates = {
        lang: rng.standard_normal((len(of_lang.ids), size)).astype(np.float32)
        for lang, of_lang in benchmark.candidates.items()
    }
    place = {
        name: candidates[lang][row]
        for lang, of_lang in benchmark.candidates.items()
        for row, name in enumerate(of_lang.ids)
    }
    questions = {
        lang: np.stack(
            [
                sum(place[name] for name in benchmark.relevance[question])
                + rng.standard_normal(size).astype(np.float32)
                for question in of_lang.ids
            ]
        ).astype(np.float32)
        for lang, of_lang in benchmark.questions.items()
    }
    return Embedded(questions, candidates)


def write_lareqa(folder: Path) -> Path:
    """Write a benchmark in LAReQA's format: English asks three questions, German two of them."""
    folder.mkdir(parents=True, exist_ok=True)
    english = [
        ("Bees dance. They tell the way. It is far.", [("a", "Who dances?", "Bees")]),
        (
            "Rain falls. Rain falls. Snow stays.",
            [("b", "What stays?", "Snow stays"), ("c", "What falls?", "Rain falls")],
        ),
    ]
    german = [
        ("Schnee bleibt. Regen fällt.", [("b", "Was bleibt?", "Schnee")]),
        ("Bienen tanzen.", [("a", "Wer tanzt?", "Bienen")]),
    ]
    for lang, paragraphs in (("en", english), ("de", german)):
        articles = [{"title": "all", "paragraphs": [_paragraph(*p) for p in paragraphs]}]
        (folder / f"{lang}.json").write_text(json.dumps({"data": articles}), encoding="utf-8")
    return folder


def _paragraph(context: str, questions: list[tuple[str, str, str]]) -> dict[str, object]:
    breaks, start = [], 0
    for sentence in context.split(". "):
        end = start + len(sentence) + (not sentence.endswith("."))
        breaks.append([start, end])
        start = end + 1
    return {
        "context": context,
        "sentence_breaks": breaks,
        "qas": [
            {
                "id": name,
                "question": question,
                "answers": [{"text": answer, "answer_start": context.index(answer)}],
            }
            for name, question, answer in questions
        ],
    }


def write_beir(folder: Path, documents: dict[str, str], questions: dict[str, str]) -> Path:
    """Write a BEIR folder in which question `q<n>` is answered by document `d<n>`."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    corpus = [
        {"_id": name, "title": f"Title {name}", "text": text} for name, text in documents.items()
    ]
    queries = [{"_id": name, "text": text} for name, text in questions.items()]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    qrels = ["query-id\tcorpus-id\tscore", *(f"{q}\td{q[1:]}\t1" for q in questions)]
    (folder / "qrels" / "test.tsv").write_text("\n".join(qrels) + "\n", encoding="utf-8")
    return folder
