"""Scores question by question: kept exactly, averaged over runs, compared in pairs."""

from pathlib import Path

import numpy as np
import pytest

from trainer.evaluation.paired import average_runs, estimate, subtract_runs
from trainer.evaluation.question_scores import (
    BIAS,
    CONSISTENCY,
    SavedScores,
    load_question_scores,
    save_question_scores,
)
from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.scoring import Scores


def measures(values, ids=None):
    values = np.array(values, np.float64)
    return QuestionScores(np.arange(len(values)) if ids is None else np.array(ids), {"map": values})


def test_what_is_saved_is_loaded(tmp_path):
    scores = Scores(
        ids=["a|b", "ä", "c"],
        settings={
            "monolingual": {"en": measures([0.25, np.nan, 1.0])},
            "crosslingual": {"en-es": measures([0.5], ids=[2])},
            "multilingual": {},
        },
        bias={"en": measures([3.0])},
        consistency=measures([0.1, 0.2, 0.3]),
    )
    path = tmp_path / "scores.questions.npz"
    save_question_scores(path, scores)
    loaded = load_question_scores(path)
    parts = loaded.parts
    assert loaded.ids == ("a|b", "ä", "c")
    assert set(parts) == {"monolingual", "crosslingual", BIAS, CONSISTENCY}
    np.testing.assert_allclose(parts["monolingual"]["en"].values["map"], [0.25, np.nan, 1.0])
    assert parts["crosslingual"]["en-es"].ids.tolist() == [2]
    np.testing.assert_allclose(parts[CONSISTENCY]["all"].values["map"], [0.1, 0.2, 0.3])
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def saved(values):
    names = tuple(str(number) for number in range(len(values)))
    return SavedScores(Path("x.npz"), names, {"multilingual": {"en": measures(values)}})


def test_runs_are_averaged_question_by_question():
    averaged = average_runs([saved([0.0, 1.0]), saved([0.5, 0.0])])
    assert averaged.parts["multilingual"]["en"].values["map"].tolist() == [0.25, 0.5]


def test_the_mean_difference_is_the_difference_of_means():
    left, right = saved([0.9, 0.4, 0.8]), saved([0.5, 0.5, 0.5])
    gain, *means = (
        estimate(of)["multilingual.map"].mean for of in (subtract_runs(left, right), left, right)
    )
    assert gain == pytest.approx(means[0] - means[1])


def test_pairing_sees_what_single_intervals_hide():
    """A small gain on every question is certain, though questions differ widely."""
    base = np.random.default_rng(0).random(200)
    better, worse = saved(base + 0.01), saved(base)
    one, other = (estimate(of)["multilingual.map"] for of in (better, worse))
    assert one.low < other.high, "the single intervals overlap"
    gain = estimate(subtract_runs(better, worse))["multilingual.map"]
    assert (gain.low, gain.high) == pytest.approx((0.01, 0.01))
    assert gain.p < 0.01 < one.p + 0.01


def test_the_p_value_is_that_of_a_test_of_the_mean():
    """Where the mean is two standard errors from 0, one draw in twenty is as far off."""
    values = np.random.default_rng(0).standard_normal(400)
    values += 2 / 20 - values.mean()
    assert estimate(saved(values))["multilingual.map"].p == pytest.approx(0.0455, abs=0.02)
