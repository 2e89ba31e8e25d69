"""Evaluate an encoder on a benchmark, beside floors."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.benchmarks.benchmark import Benchmark
from trainer.encoder import Encoder
from trainer.evaluation.embeddings import Embedded, embed
from trainer.evaluation.floors import BASE, UNTRAINED, with_random_weights
from trainer.evaluation.lexical import LEXICAL, LexicalModel
from trainer.evaluation.question_scores import save_question_scores
from trainer.evaluation.results import summarise, summarise_means
from trainer.evaluation.saved_results import UNFINISHED
from trainer.evaluation.scoring import score

if TYPE_CHECKING:
    from trainer.evaluation.embeddings import Vectors


def evaluate(
    benchmark: Benchmark,
    encoder: Encoder | LexicalModel,
    *,
    floors: Sequence[str] = (),
    base: Encoder | None = None,
    with_context: bool = False,
    cache: Path | None = None,
    questions: Path | None = None,
    keep: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """Return the results of an encoder, ready for JSON.

    Candidates are scored alone; if asked for, scores with their contexts appended are under
    `with_context`, with the floors that need no encoder.

    Args:
        benchmark: The benchmark.
        encoder: The encoder, or a search engine that compares words.
        floors: Of `FLOORS`, those wanted; `untrained` only with an encoder.
        base: The encoder before training, as one more floor.
        with_context: Whether to score candidates with their contexts as well.
        cache: Folder that keeps embeddings.
        questions: File to write with what each question scored, to compare models in pairs.
        keep: Is given the results of the encoder alone as soon as they are there; they name what
            is `UNFINISHED`.
    """
    embedded = _embed(benchmark, encoder, cache)
    scores = score(benchmark, embedded)
    if questions is not None:
        save_question_scores(questions, scores)
    results = {
        "languages": list(benchmark.languages),
        "questions": {lang: len(asked.ids) for lang, asked in benchmark.questions.items()},
        "candidates": {lang: len(given.ids) for lang, given in benchmark.candidates.items()},
        "content": benchmark.content_digest(),
        "notes": list(benchmark.notes),
        "cut": _count_cut(benchmark, encoder),
        **summarise(benchmark, scores),
        "floors": {},
    }
    with_context = with_context and benchmark.has_contexts
    left = [*floors, *([BASE] if base else []), *(["with context"] if with_context else [])]
    if keep is not None and left:
        keep({**results, UNFINISHED: left})
    results["floors"] = _score_floors(benchmark, encoder, floors, base, cache)
    if with_context:
        results["with_context"] = _score_with_context(
            benchmark, encoder, floors, cache, embedded.questions
        )
    return results


def _embed(
    benchmark: Benchmark,
    encoder: Encoder | LexicalModel,
    cache: Path | None,
    questions: "Mapping[str, Vectors] | None" = None,
) -> Embedded:
    if isinstance(encoder, LexicalModel):
        return encoder.embed(benchmark)
    return embed(benchmark, encoder, cache, questions)


def _count_cut(benchmark: Benchmark, encoder: Encoder | LexicalModel) -> dict[str, int]:
    """Return how many questions and candidates are longer than the encoder takes."""
    if isinstance(encoder, LexicalModel):
        return {"questions": 0, "candidates": 0}
    asked = [text for of_lang in benchmark.questions.values() for text in of_lang.texts]
    given = [text for of_lang in benchmark.candidates.values() for text in of_lang.texts]
    return {
        "questions": encoder.count_cut(asked, encoder.prompts.question),
        "candidates": encoder.count_cut(given, encoder.prompts.passage),
    }


def _score_floors(
    benchmark: Benchmark,
    encoder: Encoder | LexicalModel,
    floors: Sequence[str],
    base: Encoder | None,
    cache: Path | None,
) -> dict[str, Any]:
    found = {name: LEXICAL[name].embed(benchmark) for name in floors if name in LEXICAL}
    if UNTRAINED in floors and isinstance(encoder, Encoder):
        found[UNTRAINED] = embed(benchmark, with_random_weights(encoder), cache)
    if base is not None:
        found[BASE] = embed(benchmark, base, cache)
    return {
        name: summarise_means(benchmark, score(benchmark, embedded))
        for name, embedded in found.items()
    }


def _score_with_context(
    benchmark: Benchmark,
    encoder: Encoder | LexicalModel,
    floors: Sequence[str],
    cache: Path | None,
    questions: "Mapping[str, Vectors]",
) -> dict[str, Any]:
    extended = benchmark.with_context()
    scores = score(extended, _embed(extended, encoder, cache, questions))
    cheap = [name for name in floors if name in LEXICAL]
    return {
        **summarise(extended, scores),
        "floors": _score_floors(extended, encoder, cheap, None, cache),
    }
