import random
from collections import Counter

import pytest

from pipelines.checks.lowest_score import calibrate_scores, lowest_score


def counted(scores):
    return Counter(round(score * 1000) for score in scores)


def draw(count, median, spread, seed=0):
    chance = random.Random(seed)
    return [chance.gauss(median, spread) for _ in range(count)]


def test_every_run_has_limits_of_its_own():
    tight = calibrate_scores(counted(draw(1000, 0.9, 0.01)))
    loose = calibrate_scores(counted(draw(1000, 0.6, 0.1)))
    assert (tight.origin, tight.rows) == ("run", 1000)
    assert lowest_score(tight, 0.005) == pytest.approx(0.9 - 0.034, abs=0.01)
    assert lowest_score(loose, 0.005) < 0.35


def test_a_sixth_of_bad_translations_does_not_move_the_limit_far():
    good = draw(1000, 0.9, 0.02)
    clean = lowest_score(calibrate_scores(counted(good)), 0.005)
    mixed = lowest_score(calibrate_scores(counted([*good, *draw(200, 0.7, 0.05)])), 0.005)
    assert clean - 0.04 < mixed <= clean
    assert mixed > 0.8


def test_the_lowest_of_many_may_be_lower_than_one_alone():
    scores = calibrate_scores(counted(draw(1000, 0.9, 0.02)))
    limits = [lowest_score(scores, 0.005, among) for among in (1, 5, 125)]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] - limits[2] < 0.06


def test_a_larger_share_rejects_more_and_none_rejects_nothing():
    scores = calibrate_scores(counted(draw(1000, 0.9, 0.02)))
    assert lowest_score(scores, 0.05) > lowest_score(scores, 0.005)
    assert lowest_score(scores, 0) < -1


def test_few_scores_have_wider_limits_and_very_few_none():
    few = calibrate_scores(counted(draw(100, 0.9, 0.02)))
    many = calibrate_scores(counted(draw(1000, 0.9, 0.02)))
    assert few.origin == "widened"
    assert lowest_score(few, 0.005) < lowest_score(many, 0.005)
    assert lowest_score(calibrate_scores(counted(draw(20, 0.9, 0.02))), 0.5) < 0.91
    assert lowest_score(calibrate_scores({}), 0.005) < -1
