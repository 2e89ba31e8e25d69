"""From runs to cells: mean and spread over seeds, intervals, differences from the baseline.

All seeds of a cell answer the same questions, so their scores are averaged question by question
before questions are drawn: the interval says what other questions would change, the spread over
seeds what another training would.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from trainer.evaluation.floors import UNTRAINED
from trainer.evaluation.lexical import BM25, TFIDF
from trainer.evaluation.measures import read_measures
from trainer.evaluation.paired import average_runs, estimate, subtract_runs
from trainer.evaluation.question_scores import SavedScores, load_question_scores
from trainer.study.run_scores import RunScores
from trainer.study.study_file import BASE_MODEL

Interval = tuple[float, float]

_FLOORS: Final = {TFIDF: "TF-IDF of characters", BM25: "BM25", UNTRAINED: "random weights"}


@dataclass(frozen=True, slots=True)
class Statistic:
    """A measure of a cell, or its difference from the baseline.

    Attributes:
        values: One for each seed.
        interval: Where the mean would lie with other questions, 95 times of 100; None where the
            benchmark does not tell questions apart.
    """

    values: tuple[float, ...]
    interval: Interval | None

    @property
    def mean(self) -> float:
        """Mean over seeds."""
        return statistics.fmean(self.values)

    @property
    def spread(self) -> float | None:
        """Standard deviation over seeds; None with one seed."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True, slots=True)
class CellScores:
    """What a cell of the grid, or an untrained model, scored on one benchmark.

    Attributes:
        benchmark: Name of the benchmark in the study.
        labels: Value of each axis; the model's name where nothing was trained.
        runs: Scores of its runs.
        compared: Each run with one of the baseline; empty where there is none.
        is_baseline: Whether others are compared with it.
        statistics: By measure.
        differences: From the baseline, by measure; empty for a baseline itself, until it is
            finished, and for an untrained model that several baselines could be compared with.
            Runs with the same seed are compared with each other, an untrained model with every
            run.
    """

    benchmark: str
    labels: Mapping[str, str]
    runs: tuple[RunScores, ...]
    compared: tuple[tuple[RunScores, RunScores], ...]
    is_baseline: bool
    statistics: Mapping[str, Statistic]
    differences: Mapping[str, Statistic]

    @property
    def trained(self) -> bool:
        """Whether its models were trained in the study."""
        return self.runs[0].trained

    @property
    def name(self) -> str:
        """The cell in words."""
        return ", ".join(f"{axis} {label}" for axis, label in self.labels.items())


def score_cells(runs: Sequence[RunScores], baseline: Mapping[str, str]) -> list[CellScores]:
    """Return the scores of each cell and each untrained model, in the order of the runs.

    Args:
        runs: Scores of all finished runs, on all benchmarks.
        baseline: Labels of what others are compared with; on other axes, a cell is compared
            with the one that has its own. Empty for the models that training started from.
    """
    by_cell: dict[tuple[str, ...], list[RunScores]] = {}
    for run in runs:
        key = (run.benchmark, *run.labels, *run.labels.values())
        by_cell.setdefault(key, []).append(run)
    return [
        _score_cell(same, _find_baseline(same[0], by_cell, baseline)) for same in by_cell.values()
    ]


def _find_baseline(
    run: RunScores,
    by_cell: Mapping[tuple[str, ...], list[RunScores]],
    baseline: Mapping[str, str],
) -> list[RunScores]:
    """Return the runs that those of a cell are compared with; none if that is not one cell."""
    wanted = {**run.labels, **baseline} if run.trained and baseline else baseline
    found = [
        runs
        for runs in by_cell.values()
        if runs[0].benchmark == run.benchmark
        and wanted.items() <= runs[0].labels.items()
        and (baseline or BASE_MODEL in runs[0].labels)
    ]
    if not baseline or (not run.trained and len(found) > 1):
        found = [runs for runs in found if runs[0].model == run.model]
    return found[0] if len(found) == 1 else []


def pool_differences(cells: Sequence[CellScores]) -> dict[str, Statistic]:
    """Return the mean difference of several cells from their baselines, by measure."""
    return _statistics([pair for cell in cells for pair in cell.compared])


def read_floors(cells: Sequence[CellScores]) -> dict[str, dict[str, float]]:
    """Return the measures of each floor, by name, from the first results that have it.

    Args:
        cells: Cells of one benchmark.
    """
    found: dict[str, dict[str, float]] = {}
    for run in (run for cell in cells for run in cell.runs):
        for key, results in (run.results.get("floors") or {}).items():
            if key in _FLOORS and _FLOORS[key] not in found:
                found[_FLOORS[key]] = read_measures(results)
    return found


def _score_cell(runs: list[RunScores], baseline: list[RunScores]) -> CellScores:
    compared = [] if runs is baseline else _pair(runs, baseline)
    return CellScores(
        benchmark=runs[0].benchmark,
        labels=runs[0].labels,
        runs=tuple(runs),
        compared=tuple(compared),
        is_baseline=runs is baseline,
        statistics=_statistics([(run, None) for run in runs]),
        differences=_statistics(compared),
    )


def _pair(
    runs: Sequence[RunScores], baseline: Sequence[RunScores]
) -> list[tuple[RunScores, RunScores]]:
    """Pair runs of the same seed; one that has none, as it was not trained, with each other."""
    return [
        (run, other)
        for run in runs
        for other in baseline
        if None in (run.seed, other.seed) or run.seed == other.seed
    ]


def _statistics(pairs: Sequence[tuple[RunScores, RunScores | None]]) -> dict[str, Statistic]:
    """Return the statistic of each measure that all runs have; of differences where paired."""
    if not pairs:
        return {}
    intervals = _intervals(pairs)
    found = {}
    for name in pairs[0][0].measures:
        if all(name in run.measures for pair in pairs for run in pair if run):
            values = [
                run.measures[name] - (other.measures[name] if other else 0) for run, other in pairs
            ]
            found[name] = Statistic(tuple(values), intervals.get(name))
    return found


def _intervals(pairs: Sequence[tuple[RunScores, RunScores | None]]) -> dict[str, Interval]:
    files = [run.questions for run, _ in pairs if run.questions]
    others = [other.questions for _, other in pairs if other and other.questions]
    if len(files) < len(pairs) or len(others) not in (0, len(pairs)):
        return {}
    scores = _average(files)
    drawn = estimate(subtract_runs(scores, _average(others)) if others else scores)
    return {name: (of.low, of.high) for name, of in drawn.items()}


def _average(files: Sequence[Path]) -> SavedScores:
    """Return the mean over runs of what each question scored."""
    return average_runs([load_question_scores(file) for file in files])
