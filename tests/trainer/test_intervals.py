"""Intervals come from drawing question ids."""

import numpy as np
import pytest

from trainer.evaluation.intervals import bootstrap, mean
from trainer.evaluation.ranking_metrics import QuestionScores


def measures(values: np.ndarray, ids: np.ndarray | None = None) -> QuestionScores:
    places = np.arange(len(values)) if ids is None else ids
    return QuestionScores(places, {"map": values})


def test_the_interval_is_that_of_a_mean_of_independent_ids():
    rng = np.random.default_rng(0)
    values = rng.random(400)
    low, high = bootstrap([measures(values)], ["map"], 400)["map"]
    error = values.std() / np.sqrt(400)
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=error / 4)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=error / 4)


def test_copies_of_a_question_in_other_languages_make_no_interval_narrower():
    values = np.random.default_rng(0).random(200)
    one = bootstrap([measures(values)], ["map"], 200)["map"]
    eleven = bootstrap([measures(values)] * 11, ["map"], 200)["map"]
    assert eleven == pytest.approx(one)


def test_settings_count_alike_however_many_questions_they_have():
    few, many = measures(np.array([1.0])), measures(np.zeros(99))
    assert mean([few, many], "map") == 0.5


def test_questions_a_measure_does_not_apply_to_are_left_out():
    values = np.array([0.2, np.nan, 0.2, np.nan])
    assert mean([measures(values)], "map") == pytest.approx(0.2)
    assert bootstrap([measures(values)], ["map"], 4)["map"] == pytest.approx([0.2, 0.2])


def test_the_same_scores_have_the_same_interval_again():
    values = np.random.default_rng(1).random(50)
    assert bootstrap([measures(values)], ["map"], 50) == bootstrap([measures(values)], ["map"], 50)


def test_settings_a_measure_does_not_apply_to_are_left_out():
    applies, does_not = measures(np.array([0.2, 0.4])), measures(np.full(2, np.nan))
    assert mean([applies, does_not], "map") == pytest.approx(0.3)
    low, high = bootstrap([applies, does_not], ["map"], 2)["map"]
    assert (low, high) == pytest.approx((0.2, 0.4))


@pytest.mark.filterwarnings("error")
def test_a_measure_that_applies_to_nothing_has_no_mean_and_no_interval():
    nothing = measures(np.full(2, np.nan))
    assert np.isnan(mean([nothing], "map"))
    assert np.isnan(bootstrap([nothing], ["map"], 2)["map"]).all()
