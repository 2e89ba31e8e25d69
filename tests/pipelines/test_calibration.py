import math

import pytest

from pipelines.judge.calibration import ENOUGH_ROWS, calibrate, calibrate_all, shipped

LANGUAGES = ("ar", "de", "el", "es", "hi", "ru", "th", "tr", "vi", "zh-Hans")


def test_ten_languages_come_with_measured_values_for_each_kind():
    for lang in LANGUAGES:
        kinds = [shipped(lang, kind) for kind in ("question", "passage", "overlap")]
        assert all(found and found.origin == "shipped" and found.rows > 100 for found in kinds)
    assert shipped("gl", "question") is None
    assert shipped("es", "score") is None


def test_too_few_rows_use_shipped_values():
    assert calibrate("es", "question", {50: 3}).origin == "shipped"


def test_enough_rows_are_preferred_to_shipped_values():
    assert calibrate("es", "question", {8: ENOUGH_ROWS}).origin == "run"
    assert calibrate("es", "question", {8: ENOUGH_ROWS}).median == pytest.approx(0.08)


def test_languages_without_shipped_values_are_widened_until_there_are_enough_rows():
    few = calibrate("gl", "passage", {5: 10, 10: 20})
    enough = calibrate("gl", "passage", {5: ENOUGH_ROWS, 10: ENOUGH_ROWS, 20: 1})
    assert few.origin == "widened"
    assert enough.origin == "run"
    assert few.mad > enough.mad
    assert enough.median == pytest.approx(0.10) or enough.median == pytest.approx(0.05)


def test_the_median_is_that_of_the_rows():
    histogram = {math.floor(100 * x / 400): 1 for x in range(400)}
    counts = dict.fromkeys(histogram, 5)
    assert calibrate("gl", "question", counts).median == pytest.approx(0.49, abs=0.011)


def test_no_rows_at_all_still_give_bounds():
    assert calibrate("eo", "passage", {}).origin == "widened"
    assert calibrate("ja", "passage", {}).median < -0.5


def test_a_run_of_mostly_bad_rows_does_not_become_the_rule():
    """Nine of ten passages lost half of their text."""
    halves = {-60: 900, 10: 100}
    assert calibrate("es", "passage", halves).origin == "shipped"
    unknown = calibrate("gl", "passage", halves)
    assert unknown.origin == "widened"
    assert unknown.median == 0.0


def test_a_mixture_of_good_and_bad_rows_does_not_widen_the_bounds_without_end():
    mixture = {step: 10 for step in range(-100, 100)}
    assert calibrate("gl", "passage", mixture).mad <= 0.15


def test_mismatched_questions_and_passages_do_not_become_the_rule():
    assert calibrate("es", "overlap", {-25: 1000}).origin == "shipped"
    assert calibrate("gl", "overlap", {-25: 1000}).mad > 10
    assert calibrate("gl", "overlap", {12: 500, 15: 500, 18: 500}).origin == "run"


def test_scores_are_judged_only_when_there_are_enough():
    assert calibrate("es", "score", {-50: 5}).mad > 10
    assert calibrate("es", "score", {-50: 150, -60: 150}).origin == "run"


def test_every_language_and_kind_is_calibrated_by_itself():
    counts = {(("es", "question"), 8): 300, (("gl", "question"), 2): 300}
    found = calibrate_all(counts)
    assert found["es", "question"].median == pytest.approx(0.08)
    assert found["gl", "question"].median == pytest.approx(0.02)
