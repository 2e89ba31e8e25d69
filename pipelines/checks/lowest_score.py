"""How low the score of a correct translation may be, judged by the run's own scores.

Scores of models mean something else for every model and language: a limit that is right for one
halves what is caught in another. So the limit lies below the run's own median, as many deviations
as a share of correct ones is allowed to lose. The deviations are those of the lower half alone,
since scores end at the top, and medians of them, since some translations are bad.
"""

from collections import Counter
from collections.abc import Mapping
from statistics import NormalDist
from typing import Final

from schemas.manifest import Calibration

# Scores are counted in steps of 0.001, so that medians do not depend on the order of rows.
SCORE_STEPS: Final = 1000

ENOUGH_SCORES: Final = 200
FEWEST_SCORES: Final = 50
_WIDENED: Final = 1.5
_SMALLEST_SPREAD: Final = 0.002
_NEVER: Final = 100.0  # a deviation that nothing exceeds, for what cannot be judged yet

# Scores of correct translations fall off more slowly than normally distributed ones would:
# measured with multilingual-e5-small on human translations into Spanish, Arabic and Chinese.
_HEAVY_TAIL: Final = 1.2


def calibrate_scores(histogram: Mapping[int, int]) -> Calibration:
    """Return median and lower deviation of scores; `widened` means that they are few.

    Args:
        histogram: How many scores there are of each value in thousandths.
    """
    count = sum(histogram.values())
    if count < FEWEST_SCORES:
        return Calibration(median=0.0, mad=_NEVER, rows=count, origin="widened")
    median = weighted_median(histogram)
    below: Counter[int] = Counter()
    for step, found in histogram.items():
        if step <= median:
            below[median - step] += found
    spread = max(_spread(below) / SCORE_STEPS, _SMALLEST_SPREAD)
    enough = count >= ENOUGH_SCORES
    return Calibration(
        median=median / SCORE_STEPS,
        mad=spread if enough else spread * _WIDENED,
        rows=count,
        origin="run" if enough else "widened",
    )


def is_known(scores: Calibration | None) -> bool:
    """Return whether there were enough scores to learn a limit from."""
    return scores is not None and scores.rows >= FEWEST_SCORES


def _spread(below: Mapping[int, int]) -> float:
    """Return the deviation of what lies below a median, scaled to a standard deviation.

    Of scores in whole points more than half may be the median itself. Then the next lower ones
    tell, by how many are not lower than those.
    """
    if middle := weighted_median(below):
        return 1.4826 * middle
    count = sum(below.values())
    next_one = min((step for step in below if step), default=0)
    if not next_one:
        return 0.0
    up_to_it = (below[0] + below[next_one] / 2) / count
    return next_one / NormalDist().inv_cdf((1 + up_to_it) / 2)


def lowest_score(scores: Calibration, share: float, among: int = 1) -> float:
    """Return the score under which a text of correct translations falls with a probability.

    Args:
        scores: What scores are like in this run.
        share: The probability, 0 to 1.
        among: Scores of the text: the lowest of many is lower than that of one.
    """
    if share <= 0:
        return scores.median - _NEVER
    deviations = -NormalDist().inv_cdf(min(share / max(1, among), 0.5))
    return scores.median - _HEAVY_TAIL * deviations * scores.mad


def weighted_median(histogram: Mapping[int, int]) -> int:
    """Return the median of values that are counted; the lower one of two."""
    half, seen = (sum(histogram.values()) + 1) // 2, 0
    for step in sorted(histogram):
        seen += histogram[step]
        if seen >= half:
            return step
    raise ValueError("a median needs at least one value")
