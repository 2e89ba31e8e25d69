"""Means over settings, with their intervals: bootstrap over question ids.

Scores of a question's translations rise and fall together, so ids are drawn, not questions: in
XQuAD-R one id has eleven questions.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.similarity import Floats

LEVEL: Final = 0.95
SAMPLES: Final = 1000
_SEED: Final = 0
_BATCH: Final = 50  # samples drawn at once


def mean(measures: Sequence[QuestionScores], name: str) -> float:
    """Return the mean over settings of the means over their questions.

    Settings in which the measure applies to no question are left out; NaN where it applies to none.
    """
    applying = [of.values[name] for of in measures if np.isfinite(of.values[name]).any()]
    return float(np.mean([np.nanmean(values) for values in applying])) if applying else math.nan


def bootstrap(
    measures: Sequence[QuestionScores], names: Sequence[str], ids: int
) -> dict[str, list[float]]:
    """Return the interval (low, high) of the mean of each measure; NaN where there is no mean.

    Args:
        measures: Measures of each setting.
        names: The measures wanted.
        ids: Number of question ids.
    """
    means = draw_means(measures, names, ids)
    return {name: list(interval_of(means[:, n])) for n, name in enumerate(names)}


def draw_means(measures: Sequence[QuestionScores], names: Sequence[str], ids: int) -> Floats:
    """Return the means in `SAMPLES` samples of ids, always the same: a column for each name."""
    rng = np.random.default_rng(_SEED)
    return np.concatenate(
        [_resample(measures, names, rng, ids, _BATCH) for _ in range(SAMPLES // _BATCH)]
    )


def interval_of(means: Floats) -> tuple[float, float]:
    """Return the interval that `LEVEL` of the means lie in; NaN where there are none."""
    if not np.isfinite(means).any():
        return math.nan, math.nan
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(means, [tail, 1 - tail])
    return float(low), float(high)


def _resample(
    measures: Sequence[QuestionScores],
    names: Sequence[str],
    rng: np.random.Generator,
    ids: int,
    samples: int,
) -> Floats:
    """Return the means in some samples of ids: a row for each sample, a column for each name."""
    draws = rng.multinomial(ids, np.full(ids, 1 / ids), size=samples).astype(np.float64)
    total = np.zeros((samples, len(names)))
    settings = np.zeros(len(names))
    for of in measures:
        values = np.stack([of.values[name] for name in names], axis=1)
        applies = np.isfinite(values)
        drawn = draws[:, of.ids]
        count = drawn @ applies
        means = drawn @ np.where(applies, values, 0) / np.where(count > 0, count, np.nan)
        total += np.where(applies.any(axis=0), means, 0)
        settings += applies.any(axis=0)
    return total / np.where(settings > 0, settings, np.nan)
