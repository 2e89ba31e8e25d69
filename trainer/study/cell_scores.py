"""From runs to cells: mean and spread over seeds, intervals, difference to the baseline."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.study.paired import Interval, average_runs, draw_intervals, subtract_runs
from trainer.study.run_scores import Outcome


@dataclass(frozen=True, slots=True)
class Statistic:
    """A measure of a cell, or how much more it has of it than the baseline.

    Attributes:
        values: Of each seed.
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
class Summary:
    """A cell on one benchmark.

    Attributes:
        benchmark: Name of the benchmark in the study.
        labels: Value of each axis; the model's name where nothing was trained.
        outcomes: Of its runs.
        is_baseline: Whether others are compared with it.
        statistics: By measure.
        differences: To the baseline, by measure; empty for the baseline itself, or as long as
            it is not finished. Seeds that both have are compared with each other; a model that
            was not trained with all of them.
    """

    benchmark: str
    labels: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    is_baseline: bool
    statistics: Mapping[str, Statistic]
    differences: Mapping[str, Statistic]

    @property
    def trained(self) -> bool:
        """Whether its models were trained in the study."""
        return self.outcomes[0].trained

    @property
    def name(self) -> str:
        """The cell in words."""
        return ", ".join(f"{axis} {label}" for axis, label in self.labels.items())


def summarise(outcomes: Sequence[Outcome], baseline: Mapping[str, str]) -> list[Summary]:
    """Return the summary of each cell and each untrained model, in the order of the outcomes.

    Args:
        outcomes: Of all runs that are finished, on all benchmarks.
        baseline: Labels of the cell that others are compared with.
    """
    cells: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in outcomes:
        key = (outcome.benchmark, *outcome.labels, *outcome.labels.values())
        cells.setdefault(key, []).append(outcome)
    compared = {
        runs[0].benchmark: runs for runs in cells.values() if dict(runs[0].labels) == baseline
    }
    return [_summarise(runs, compared.get(runs[0].benchmark, [])) for runs in cells.values()]


def _summarise(runs: list[Outcome], baseline: list[Outcome]) -> Summary:
    return Summary(
        benchmark=runs[0].benchmark,
        labels=runs[0].labels,
        outcomes=tuple(runs),
        is_baseline=runs is baseline,
        statistics=_statistics([(run, None) for run in runs]),
        differences={} if runs is baseline else _statistics(_pair(runs, baseline)),
    )


def _pair(runs: Sequence[Outcome], baseline: Sequence[Outcome]) -> list[tuple[Outcome, Outcome]]:
    """Return each run with that of the baseline that has its seed; untrained ones with each."""
    return [
        (run, other)
        for run in runs
        for other in baseline
        if run.seed is None or run.seed == other.seed
    ]


def _statistics(pairs: Sequence[tuple[Outcome, Outcome | None]]) -> dict[str, Statistic]:
    """Return the statistic of each measure that all runs have; of differences where paired."""
    if not pairs:
        return {}
    intervals = _intervals(pairs)
    found = {}
    for name in pairs[0][0].measures:
        if all(name in of.measures for pair in pairs for of in pair if of):
            values = [
                run.measures[name] - (other.measures[name] if other else 0) for run, other in pairs
            ]
            found[name] = Statistic(tuple(values), intervals.get(name))
    return found


def _intervals(pairs: Sequence[tuple[Outcome, Outcome | None]]) -> dict[str, Interval]:
    files = [run.questions for run, _ in pairs if run.questions]
    others = [other.questions for _, other in pairs if other and other.questions]
    if len(files) < len(pairs) or len(others) not in (0, len(pairs)):
        return {}
    questions = average_runs(files)
    return draw_intervals(subtract_runs(questions, average_runs(others)) if others else questions)
