"""Scores question by question: kept exactly, averaged over runs, compared in pairs."""

import numpy as np
import pytest

from trainer.evaluation.intervals import bootstrap, mean
from trainer.evaluation.question_scores import (
    BIAS,
    CONSISTENCY,
    average,
    load_question_scores,
    save_question_scores,
    subtract,
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
    ids, parts = load_question_scores(path)
    assert ids == 3
    assert set(parts) == {"monolingual", "crosslingual", BIAS, CONSISTENCY}
    np.testing.assert_allclose(parts["monolingual"]["en"].values["map"], [0.25, np.nan, 1.0])
    assert parts["crosslingual"]["en-es"].ids.tolist() == [2]
    np.testing.assert_allclose(parts[CONSISTENCY]["all"].values["map"], [0.1, 0.2, 0.3])
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_runs_are_averaged_question_by_question():
    (averaged,) = average([[measures([0.0, 1.0])], [measures([0.5, 0.0])]])
    assert averaged.values["map"].tolist() == [0.25, 0.5]


def test_the_mean_difference_is_the_difference_of_means():
    left, right = [measures([0.9, 0.4, 0.8])], [measures([0.5, 0.5, 0.5])]
    gain = subtract(left, right)
    assert mean(gain, "map") == pytest.approx(mean(left, "map") - mean(right, "map"))


def test_pairing_sees_what_single_intervals_hide():
    """A small gain on every question is certain, though questions differ widely."""
    generator = np.random.default_rng(0)
    base = generator.random(200)
    better, worse = [measures(base + 0.01)], [measures(base)]
    (low, _), (_, high) = (bootstrap(of, ["map"], 200)["map"] for of in (better, worse))
    assert low < high, "the single intervals overlap"
    low, high = bootstrap(subtract(better, worse), ["map"], 200)["map"]
    assert low == pytest.approx(0.01) and high == pytest.approx(0.01)
