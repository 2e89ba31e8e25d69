"""A benchmark whose parts do not fit together is refused."""

from dataclasses import replace

import pytest

from tests.trainer.tiny_benchmark import make_parallel
from trainer.benchmarks.benchmark import Candidates, Questions


def test_a_benchmark_knows_its_languages_and_whether_they_are_parallel():
    benchmark = make_parallel()
    assert benchmark.languages == ("en", "es", "zh")
    assert benchmark.is_parallel()
    assert benchmark.has_contexts
    english = {name: {f"en-{n}": 1} for n, name in enumerate(benchmark.relevance)}
    assert not replace(benchmark, relevance=english).is_parallel()


def test_with_context_has_no_line_ends_and_the_same_ids():
    benchmark = make_parallel()
    extended = benchmark.with_context()
    assert extended.candidates["en"].texts[0] == "sentence en-0sentence en-0and more"
    assert extended.candidates["en"].ids == benchmark.candidates["en"].ids


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"questions": {"en": Questions(["q0", "q0"], ["?", "?"])}}, "question id repeats in en"),
        ({"questions": {"en": Questions(["q0"], [])}}, "questions in en: 1 ids, but 0 texts"),
        ({"questions": {"en": Questions(["new"], ["?"])}}, "nothing is known of question new"),
        ({"relevance": {"q0": {"elsewhere": 1}}}, "elsewhere, relevant to q0, is no candidate"),
        ({"relevance": {"q0": {"en-0": 0}}}, "grade 0 of en-0 for question q0"),
        (
            {"candidates": {lang: Candidates(["a"], ["a"], ["a"]) for lang in ("en", "es")}},
            "candidates in es: a candidate id repeats",
        ),
        ({"candidates": {"en": Candidates(["a"], ["a"], [])}}, "candidates in en: 1 ids, but 0"),
    ],
)
def test_what_does_not_fit_is_told(change, message):
    with pytest.raises(ValueError, match=message):
        replace(make_parallel(), **{"questions": {"en": Questions(["q0"], ["?"])}, **change})
