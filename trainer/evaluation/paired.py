"""Models compared question by question: the same questions are drawn for both.

Most of what makes scores differ is that some questions are harder than others. It is the same for
both models, and drops out of the differences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from schemas.errors import UsageError
from trainer.evaluation.intervals import draw_means, interval_of, mean
from trainer.evaluation.measures import MEASURES
from trainer.evaluation.question_scores import BIAS, CONSISTENCY, SavedScores
from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.similarity import Floats, Ints

_WITHOUT_PREFIX: Final = (BIAS, CONSISTENCY)
_NAMED: Final = 3  # questions, languages or pairs that a message names


@dataclass(frozen=True, slots=True)
class Estimate:
    """The mean of a measure, or of a difference, and how far other questions would move it.

    Attributes:
        mean: Over the settings' languages or pairs, of the means over their questions.
        low: Lower end of the 95 % interval.
        high: Upper end.
        p: Twice the share of the resamples on the other side of 0, at most 1: how surprising such
            a difference would be if the models were equally good.
    """

    mean: float
    low: float
    high: float
    p: float


def average_runs(runs: Sequence[SavedScores]) -> SavedScores:
    """Return the mean over runs of what each question scored.

    Raises:
        UsageError: If they scored different questions.
    """
    first = runs[0]
    others = [_align(first, run) for run in runs[1:]]
    return SavedScores(
        first.source,
        first.ids,
        {
            part: {
                name: QuestionScores(
                    of.ids,
                    {
                        measure: _mean([values, *(run[part, name][measure] for run in others)])
                        for measure, values in of.values.items()
                    },
                )
                for name, of in by_name.items()
            }
            for part, by_name in first.parts.items()
        },
    )


def subtract_runs(left: SavedScores, right: SavedScores) -> SavedScores:
    """Return how much more each question scored on the left.

    Raises:
        UsageError: If they scored different questions.
    """
    other = _align(left, right)
    return SavedScores(
        left.source,
        left.ids,
        {
            part: {
                name: QuestionScores(
                    of.ids,
                    {m: values - other[part, name][m] for m, values in of.values.items()},
                )
                for name, of in by_name.items()
            }
            for part, by_name in left.parts.items()
        },
    )


def estimate(scores: SavedScores) -> dict[str, Estimate]:
    """Return the mean of each measure that applies to anything, with its interval.

    Args:
        scores: Scores, or differences of scores.
    """
    found: dict[str, Estimate] = {}
    for part, by_name in scores.parts.items():
        prefix = "" if part in _WITHOUT_PREFIX else f"{part}."
        measured = list(by_name.values())
        names = [name for name in measured[0].values if prefix + name in MEASURES]
        drawn = draw_means(measured, names, len(scores.ids))
        for name, means in zip(names, drawn.T, strict=True):
            middle = mean(measured, name)
            if np.isfinite(middle):
                low, high = interval_of(means)
                found[prefix + name] = Estimate(middle, low, high, _p_value(means))
    return found


def _p_value(means: Floats) -> float:
    """Return the share of the resamples beyond 0, on both sides; never 0 of so few."""
    known = means[np.isfinite(means)]
    beyond = min(int((known <= 0).sum()), int((known >= 0).sum()))
    return min(1.0, 2 * (beyond + 1) / (len(known) + 1))


def _align(left: SavedScores, right: SavedScores) -> Mapping[tuple[str, str], Mapping[str, Floats]]:
    """Return the right scores in the order of the questions on the left."""
    _require_same(left, right, "question", left.ids, right.ids)
    place = {name: number for number, name in enumerate(left.ids)}
    moved: Ints = np.array([place[name] for name in right.ids], np.int64)
    settings = [[f"{p} {n}" for p in of.parts for n in of.parts[p]] for of in (left, right)]
    _require_same(left, right, "setting", *settings)
    aligned = {}
    for part, by_name in left.parts.items():
        for name, of in by_name.items():
            other = right.parts[part][name]
            where = f"question of {part} {name}"
            asked = moved[other.ids]
            names = [[left.ids[number] for number in ids] for ids in (of.ids, asked)]
            _require_same(left, right, where, *names)
            _require_same(left, right, f"measure of {part} {name}", of.values, other.values)
            order = np.argsort(asked)[np.argsort(np.argsort(of.ids))]
            aligned[part, name] = {m: values[order] for m, values in other.values.items()}
    return aligned


def _require_same(
    left: SavedScores,
    right: SavedScores,
    kind: str,
    ours: Sequence[str] | Mapping[str, object],
    theirs: Sequence[str] | Mapping[str, object],
) -> None:
    for one, mine, yours in ((left, ours, theirs), (right, theirs, ours)):
        more = sorted(set(mine) - set(yours))
        if more:
            some = ", ".join(more[:_NAMED])
            rest = f" and {len(more) - _NAMED:,} more" if len(more) > _NAMED else ""
            raise UsageError(
                f"{left.source} and {right.source} cannot be compared question by question: "
                f"{kind} {some}{rest} is only in {one.source}"
            )


def _mean(same: Sequence[Floats]) -> Floats:
    mean: Floats = np.mean(same, axis=0, dtype=np.float64)
    return mean
