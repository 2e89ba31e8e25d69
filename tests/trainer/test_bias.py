"""Measures of language bias say what they should of results that are known."""

import json

import numpy as np
import pytest

from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions
from trainer.evaluation.embeddings import Embedded
from trainer.evaluation.results import summarise
from trainer.evaluation.scoring import score

LANGUAGES = ("en", "es")
TOPICS = 20
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def make_benchmark(languages: tuple[str, ...] = LANGUAGES, untranslated: int = 0) -> Benchmark:
    """Return one question for each topic; the last topics have candidates in English alone."""
    candidates = {
        lang: [topic for topic in range(TOPICS) if lang == "en" or topic < TOPICS - untranslated]
        for lang in languages
    }
    return Benchmark(
        "topics",
        {
            lang: Questions([str(topic) for topic in topics], [""] * len(topics))
            for lang, topics in candidates.items()
        },
        {
            lang: Candidates(
                [f"{lang}{topic}" for topic in topics],
                [""] * len(topics),
                [str(topic) for topic in topics],
            )
            for lang, topics in candidates.items()
        },
        {
            str(topic): {f"{lang}{topic}": 1 for lang, t in candidates.items() if topic in t}
            for topic in range(TOPICS)
        },
    )


def embed(benchmark: Benchmark, bias: float, noise: float = 0.0) -> Embedded:
    """Return vectors with a part for the topic and one, of weight `bias`, for the language."""
    languages = list(benchmark.candidates)
    rng = np.random.default_rng(0)

    def vectors(lang: str, topics: list[int]) -> np.ndarray:
        language = np.full(len(topics), languages.index(lang))
        return np.hstack(
            [
                np.eye(TOPICS, dtype=np.float32)[topics],
                bias * np.eye(len(languages), dtype=np.float32)[language],
                noise * rng.standard_normal((len(topics), 4), dtype=np.float32),
            ]
        ).astype(np.float32)

    def numbers(names: list[str]) -> list[int]:
        return [int(name.lstrip(LETTERS)) for name in names]

    return Embedded(
        {lang: vectors(lang, numbers(q.ids)) for lang, q in benchmark.questions.items()},
        {lang: vectors(lang, numbers(c.ids)) for lang, c in benchmark.candidates.items()},
    )


def bias_of(benchmark: Benchmark, embedded: Embedded) -> dict:
    return summarise(benchmark, score(benchmark, embedded))["bias"]


def test_without_bias_copies_stand_side_by_side_and_no_language_is_preferred():
    benchmark = make_benchmark()
    found = bias_of(benchmark, embed(benchmark, bias=0, noise=1e-3))
    assert found["rank_distance"] == {"mean": 1, "median": 1, "relative": 1 / (2 * TOPICS)}
    assert found["unbiased"] == {"same_language_share@10": 0.5, "language_preference_rate": 0.5}
    assert 0.3 < found["language_preference_rate"] < 0.7
    assert 0.3 < found["same_language_share@10"] < 0.7


def test_tied_copies_share_the_preference():
    benchmark = make_benchmark()
    assert bias_of(benchmark, embed(benchmark, bias=0))["language_preference_rate"] == 0.5


def test_where_language_is_all_the_own_one_comes_first():
    benchmark = make_benchmark()
    found = bias_of(benchmark, embed(benchmark, bias=9))
    # The own copy is first, the other one stands behind all of the own language.
    assert found["rank_distance"]["mean"] == TOPICS
    assert found["same_language_share@10"] == 1
    assert found["language_preference_rate"] == 1


def test_consistency_compares_content_not_copies():
    benchmark = make_benchmark()
    own_language_only = embed(benchmark, bias=9, noise=1e-6)
    ordered = {
        lang: Candidates(c.ids, c.texts, [str(row) for row in range(TOPICS)])
        for lang, c in benchmark.candidates.items()
    }
    assert ordered["en"].groups == benchmark.candidates["en"].groups
    found = score(benchmark, own_language_only).consistency.values["consistency@10"]
    assert found.min() >= 0.1  # at least the topic itself
    # The same vectors in both languages: the ten best are the same topics.
    same = embed(benchmark, bias=0)
    same = Embedded(same.questions, {lang: same.candidates["en"] for lang in LANGUAGES})
    alike = score(benchmark, same).consistency.values["consistency@10"]
    np.testing.assert_allclose(alike, 1)


def test_rank_distance_is_told_apart_by_how_many_copies_there_are():
    benchmark = make_benchmark(("en", "es", "fr"))
    assert "by_copies" not in bias_of(benchmark, embed(benchmark, 0))["rank_distance"]
    relevance = {
        question: dict(list(found.items())[: 2 + (int(question) % 2)])
        for question, found in benchmark.relevance.items()
    }
    uneven = Benchmark("uneven", benchmark.questions, benchmark.candidates, relevance)
    distance = bias_of(uneven, embed(uneven, 0))["rank_distance"]
    assert set(distance["by_copies"]) == {"2", "3"}
    assert distance["by_copies"]["3"] == pytest.approx(2)


def test_questions_with_one_copy_have_no_bias():
    benchmark = make_benchmark(untranslated=5)
    values = score(benchmark, embed(benchmark, bias=1)).bias["en"].values
    assert np.isnan(values["rank_distance"]).sum() == 5
    assert np.isnan(values["language_preference_rate"]).sum() == 5
    assert not np.isnan(values["same_language_share@10"]).any()


def test_what_no_question_tells_is_null_and_the_rest_is_known():
    asked = {lang: Questions([f"{lang}0"], [""]) for lang in LANGUAGES}  # never the same in both
    given = {lang: Candidates([f"{lang}0"], [""], ["0"]) for lang in LANGUAGES}
    relevance = {"en0": {"en0": 1, "es0": 1}, "es0": {"es0": 1}}
    benchmark = Benchmark("gaps", asked, given, relevance)
    results = summarise(benchmark, score(benchmark, embed(benchmark, bias=1)))
    assert results["bias"]["consistency@10"] is None
    assert results["intervals"]["bias"]["consistency@10"] == [None, None]
    assert results["bias"]["language_preference_rate"] == 1
    assert json.dumps(results, allow_nan=False)
