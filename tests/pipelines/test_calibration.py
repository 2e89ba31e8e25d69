import math

import pytest

from pipelines.calibration import ENOUGH_ROWS, calibrate


def test_too_few_rows_use_shipped_values():
    assert calibrate("es", "question", {50: 3}).origin == "shipped"


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
