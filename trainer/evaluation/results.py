"""What goes into `results.json`: means over settings, each language and pair, and intervals."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from trainer.benchmarks.benchmark import Benchmark
from trainer.evaluation.bias import (
    CONSISTENCY,
    COPIES,
    PREFERENCE,
    RANK_DISTANCE,
    SAME_LANGUAGE,
    unbiased,
)
from trainer.evaluation.intervals import LEVEL, SAMPLES, bootstrap, mean
from trainer.evaluation.measures import METRICS
from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.scoring import Scores

_DIGITS: Final = 6
_DETAIL: Final = {
    "monolingual": "by_language",
    "crosslingual": "by_pair",
    "multilingual": "by_language",
}


def summarise(benchmark: Benchmark, scores: Scores) -> dict[str, Any]:
    """Return means, details, bias and intervals, ready for JSON.

    A setting that the benchmark does not have has the mean None.

    Args:
        benchmark: The benchmark.
        scores: Its scores.
    """
    settings = {
        setting: {
            "mean": mean_metrics(measured),
            _DETAIL[setting]: {
                name: _mean_each([measures], list(METRICS)) for name, measures in measured.items()
            },
        }
        for setting, measured in scores.settings.items()
    }
    return {
        **settings,
        "bias": summarise_bias(benchmark, scores),
        "intervals": _intervals(benchmark, scores),
    }


def summarise_means(benchmark: Benchmark, scores: Scores) -> dict[str, Any]:
    """Return means and bias alone, which is what a floor has."""
    return {
        **{
            setting: {"mean": mean_metrics(measured)}
            for setting, measured in scores.settings.items()
        },
        "bias": summarise_bias(benchmark, scores),
    }


def mean_metrics(measured: Mapping[str, QuestionScores]) -> dict[str, float | None] | None:
    """Return each metric's mean over languages or pairs; None where there are none."""
    return _mean_each(list(measured.values()), list(METRICS)) if measured else None


def summarise_bias(benchmark: Benchmark, scores: Scores) -> dict[str, Any] | None:
    """Return the measures of language bias; None where nothing is parallel.

    A measure that applies to no question is None: where no question is asked in two languages,
    consistency is unknown.

    `relative` is the rank distance as a share of the pool. `unbiased` has what the measures
    would be if language did not matter. Where questions differ in the number of languages
    with a relevant copy, the rank distance is given for each number.
    """
    if scores.consistency is None:
        return None
    measures = list(scores.bias.values())
    pool = sum(len(of_lang.ids) for of_lang in benchmark.candidates.values())
    distance = mean(measures, RANK_DISTANCE)
    distances = np.concatenate([of.values[RANK_DISTANCE] for of in measures])
    copies = [of.values[COPIES] for of in measures]
    summary: dict[str, Any] = {
        RANK_DISTANCE: {
            "mean": _round(distance),
            "median": _round(float(np.nanmedian(distances))),
            "relative": _round(distance / pool),
        },
        **_mean_each(measures, (SAME_LANGUAGE, PREFERENCE)),
        **_mean_each([scores.consistency], (CONSISTENCY,)),
        "unbiased": {name: _round(value) for name, value in unbiased(benchmark, copies).items()},
    }
    counts = np.concatenate(copies)
    if len(numbers := np.unique(counts[counts > 1])) > 1:
        summary[RANK_DISTANCE]["by_copies"] = {
            str(int(number)): _round(float(np.mean(distances[counts == number])))
            for number in numbers
        }
    return summary


def _intervals(benchmark: Benchmark, scores: Scores) -> dict[str, Any]:
    ids = len(scores.ids)
    intervals: dict[str, Any] = {"level": LEVEL, "samples": SAMPLES}
    for setting, measured in scores.settings.items():
        if measured:
            intervals[setting] = _round_all(bootstrap(list(measured.values()), list(METRICS), ids))
    if scores.consistency is not None:
        pool = sum(len(of_lang.ids) for of_lang in benchmark.candidates.values())
        names = (RANK_DISTANCE, SAME_LANGUAGE, PREFERENCE)
        bias = bootstrap(list(scores.bias.values()), names, ids)
        distance = bias.pop(RANK_DISTANCE)
        relative = [value / pool for value in distance]
        intervals["bias"] = {
            RANK_DISTANCE: _round_all({"mean": distance, "relative": relative}),
            **_round_all(bias),
            **_round_all(bootstrap([scores.consistency], (CONSISTENCY,), ids)),
        }
    return intervals


def _mean_each(measures: Sequence[QuestionScores], names: Sequence[str]) -> dict[str, float | None]:
    return {name: _round(mean(measures, name)) for name in names}


def _round_all(intervals: Mapping[str, Sequence[float]]) -> dict[str, list[float | None]]:
    return {name: [_round(value) for value in interval] for name, interval in intervals.items()}


def _round(value: float) -> float | None:
    """Return a number as JSON has it: there is no NaN, but null, for what applies to nothing."""
    return None if math.isnan(value) else round(value, _DIGITS)
