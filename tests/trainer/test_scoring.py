"""Scores agree with an independent implementation, and with what the definitions say."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, R, nDCG
from scipy.sparse import csr_array

from tests.trainer.tiny_benchmark import LANGUAGES, make_parallel, make_vectors
from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions
from trainer.evaluation import similarity
from trainer.evaluation.embeddings import Embedded
from trainer.evaluation.measures import METRICS
from trainer.evaluation.scoring import score

THEIRS = {
    "map": AP,
    "ndcg@10": nDCG @ 10,
    "mrr@10": RR @ 10,
    "recall@1": R @ 1,
    "recall@10": R @ 10,
    "recall@100": R @ 100,
}
POOLS = {
    "monolingual": lambda name: (name, [name]),
    "crosslingual": lambda name: (name.split("-", 1)[0], [name.split("-", 1)[1]]),
    "multilingual": lambda name: (name, list(LANGUAGES)),
}


def run_file(benchmark: Benchmark, embedded: Embedded, lang: str, langs: list[str]) -> dict:
    run = {}
    for row, question in enumerate(benchmark.questions[lang].ids):
        run[question] = {}
        for of in langs:
            scores = embedded.candidates[of] @ embedded.questions[lang][row]
            run[question].update(zip(benchmark.candidates[of].ids, scores.tolist(), strict=True))
    return run


def qrels_within(benchmark: Benchmark, lang: str, langs: list[str]) -> dict:
    pool = {name for of in langs for name in benchmark.candidates[of].ids}
    qrels = {}
    for question in benchmark.questions[lang].ids:
        found = {n: g for n, g in benchmark.relevance[question].items() if n in pool}
        if found:
            qrels[question] = found
    return qrels


@pytest.mark.parametrize("graded", [False, True])
def test_every_metric_of_every_setting_agrees_with_ir_measures(graded):
    benchmark = make_parallel(questions=40, seed=1, graded=graded)
    embedded = make_vectors(benchmark, seed=2)
    scores = score(benchmark, embedded)
    compared = 0
    for setting, by_name in scores.settings.items():
        for name, measures in by_name.items():
            lang, langs = POOLS[setting](name)
            qrels = qrels_within(benchmark, lang, langs)
            run = run_file(benchmark, embedded, lang, langs)
            theirs = ir_measures.calc_aggregate(
                THEIRS.values(), qrels, {question: run[question] for question in qrels}
            )
            for metric, measure in THEIRS.items():
                ours = np.nanmean(measures.values[metric])
                assert ours == pytest.approx(theirs[measure], abs=5e-5), (setting, name, metric)
                compared += 1
    assert compared == len(METRICS) * (3 + 6 + 3)


def test_questions_without_a_relevant_candidate_in_a_language_do_not_count_there():
    benchmark = make_parallel()
    measures = score(benchmark, make_vectors(benchmark)).settings["crosslingual"]["en-zh"]
    asked_in_both = np.isfinite(measures.values["map"])
    assert asked_in_both.sum() == 10
    assert len(asked_in_both) == 12


def one_question(candidates: list[float], relevant: list[int]) -> tuple[Benchmark, Embedded]:
    ids = [str(number) for number in range(len(candidates))]
    benchmark = Benchmark(
        "one",
        {"en": Questions(["q"], ["?"])},
        {"en": Candidates(ids, ids, ids)},
        {"q": {str(number): 1 for number in relevant}},
    )
    vectors = np.array(candidates, np.float32)[:, None]
    return benchmark, Embedded({"en": np.ones((1, 1), np.float32)}, {"en": vectors})


def measured(candidates: list[float], relevant: list[int], metric: str) -> float:
    benchmark, embedded = one_question(candidates, relevant)
    values = score(benchmark, embedded).settings["monolingual"]["en"].values[metric]
    return float(values[0])


def test_what_is_tied_has_the_middle_of_its_ranks():
    # Ranks 2, 3 and 4 are tied; the relevant one gets 3 wherever it stands.
    for place in (1, 2, 3):
        assert measured([0.9, 0.5, 0.5, 0.5, 0.1], [place], "map") == pytest.approx(1 / 3)


def test_scores_within_the_rounding_of_float32_are_tied():
    assert measured([0.5, 0.5 + 6e-8], [0], "map") == pytest.approx(1 / 1.5)
    assert measured([0.5, 0.5 + 1e-5], [0], "map") == pytest.approx(1 / 2)


def test_the_order_of_relevant_candidates_among_themselves_is_no_tie():
    assert measured([0.5, 0.5, 0.1], [0, 1], "map") == 1
    assert measured([0.9, 0.5, 0.5], [1, 2], "map") == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_half_a_rank_beyond_the_cut_is_beyond_it():
    tied_at_ten_and_eleven = [1.0] * 9 + [0.5, 0.5] + [0.1] * 3
    assert measured(tied_at_ten_and_eleven, [9], "recall@10") == 0
    assert measured(tied_at_ten_and_eleven, [9], "mrr@10") == 0
    assert measured(tied_at_ten_and_eleven, [9], "map") == pytest.approx(1 / 10.5)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=30),
    st.data(),
)
def test_average_precision_is_that_of_ranks_counted_one_by_one(levels, data):
    size = len(levels)
    relevant = data.draw(st.lists(st.integers(0, size - 1), min_size=1, unique=True))
    others = [levels[n] for n in range(size) if n not in relevant]
    expected = 0.0
    for place, level in enumerate(sorted((levels[n] for n in relevant), reverse=True), 1):
        above = sum(other > level for other in others)
        tied = sum(other == level for other in others)
        expected += place / (place + above + tied / 2) / len(relevant)
    found = measured([level / 8 for level in levels], relevant, "map")
    assert found == pytest.approx(expected, abs=1e-9)


def test_blocks_of_any_size_give_the_same_scores(monkeypatch):
    benchmark = make_parallel(questions=20)
    embedded = make_vectors(benchmark)
    whole = score(benchmark, embedded)
    monkeypatch.setattr(similarity, "_BLOCK", 30)
    monkeypatch.setattr(similarity, "_COLUMNS", 7)
    parts = score(benchmark, embedded)
    for setting, by_name in whole.settings.items():
        for name, measures in by_name.items():
            for metric, values in measures.values.items():
                np.testing.assert_allclose(
                    parts.settings[setting][name].values[metric], values, equal_nan=True
                )
    for lang, measures in whole.bias.items():
        for name, values in measures.values.items():
            np.testing.assert_allclose(parts.bias[lang].values[name], values, equal_nan=True)


def test_sparse_vectors_score_as_dense_ones():
    benchmark = make_parallel()
    dense = make_vectors(benchmark)
    sparse = Embedded(
        {lang: csr_array(vectors) for lang, vectors in dense.questions.items()},
        {lang: csr_array(vectors) for lang, vectors in dense.candidates.items()},
    )
    ours, theirs = score(benchmark, sparse), score(benchmark, dense)
    for lang in benchmark.questions:
        np.testing.assert_allclose(
            ours.settings["multilingual"][lang].values["map"],
            theirs.settings["multilingual"][lang].values["map"],
        )


def test_languages_that_have_nothing_to_do_with_each_other_are_scored_alone():
    benchmark = Benchmark(
        "apart",
        {"en": Questions(["en:q"], ["?"]), "fi": Questions(["fi:q"], ["?"])},
        {"en": Candidates(["a", "b"], "ab", "ab"), "fi": Candidates(["c"], "c", "c")},
        {"en:q": {"a": 1}, "fi:q": {"c": 1}},
    )
    ones = np.ones((1, 2), np.float32)
    scores = score(
        benchmark,
        Embedded({"en": ones, "fi": ones}, {"en": np.eye(2, dtype=np.float32), "fi": ones}),
    )
    assert set(scores.settings["monolingual"]) == {"en", "fi"}
    assert not scores.settings["crosslingual"]
    assert not scores.settings["multilingual"]
    assert scores.consistency is None
