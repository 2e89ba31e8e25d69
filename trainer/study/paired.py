"""Intervals of cells and of differences between cells, from drawing questions.

All seeds of a cell answer the same questions, so their scores are averaged question by question
before questions are drawn: the interval says what other questions would change, the spread over
seeds what another training would.
"""

from collections.abc import Sequence
from pathlib import Path

from trainer.evaluation.intervals import bootstrap
from trainer.evaluation.measures import MEASURES
from trainer.evaluation.question_scores import (
    BIAS,
    CONSISTENCY,
    average,
    load_question_scores,
    subtract,
)
from trainer.evaluation.ranking_metrics import Measures

Interval = tuple[float, float]
Questions = tuple[int, dict[str, list[Measures]]]
"""Number of question ids, and the measures of each setting's languages or pairs."""


def average_runs(files: Sequence[Path]) -> Questions:
    """Return the mean over runs of what each question scored."""
    loaded = [load_question_scores(file) for file in files]
    ids, first = loaded[0]
    return ids, {
        part: average([[parts[part][name] for name in by_name] for _, parts in loaded])
        for part, by_name in first.items()
    }


def subtract_runs(left: Questions, right: Questions) -> Questions:
    """Return how much more each question scored on the left; both have the same questions."""
    return left[0], {part: subtract(of, right[1][part]) for part, of in left[1].items()}


def draw_intervals(questions: Questions) -> dict[str, Interval]:
    """Return the 95 % interval of the mean of each measure."""
    ids, parts = questions
    found: dict[str, Interval] = {}
    for part, measures in parts.items():
        prefix = "" if part in (BIAS, CONSISTENCY) else f"{part}."
        names = [name for name in measures[0].values if prefix + name in MEASURES]
        for name, (low, high) in bootstrap(measures, names, ids).items():
            found[prefix + name] = (low, high)
    return found
