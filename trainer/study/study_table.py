"""The results of a study as tables: Markdown for people, CSV and JSON for programs."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.tables import markdown_table
from trainer.evaluation.measures import MAIN_SCORE, MEASURES, Measure
from trainer.study.cell_scores import CellScores, Statistic, read_floors
from trainer.study.run_scores import RunScores


@dataclass(frozen=True, slots=True)
class TableRow:
    """A line of a table of results.

    Attributes:
        name: The cell.
        values: Mean and spread of each measure.
        details: Lines under each value: interval, and difference from the baseline.
        best: Whether the value is the best of all trained cells.
        trained: Whether the cell was trained in the study.
    """

    name: str
    values: Sequence[str]
    details: Sequence[Sequence[str]]
    best: Sequence[bool]
    trained: bool


def make_rows(cells: Sequence[CellScores], measures: Sequence[str]) -> list[TableRow]:
    """Return the table of one benchmark: cells, then untrained models, then other floors."""
    best = {name: _best_mean(cells, name) for name in measures}
    rows = []
    for cell in cells:
        found = {name: cell.statistics.get(name) for name in measures}
        rows.append(
            TableRow(
                name=cell.name + (" (baseline)" if cell.is_baseline else ""),
                values=[_value(statistic, name) for name, statistic in found.items()],
                details=[list(_details(cell, name)) for name in measures],
                best=[
                    statistic is not None and cell.trained and statistic.mean == best[name]
                    for name, statistic in found.items()
                ],
                trained=cell.trained,
            )
        )
    for floor, values in read_floors(cells).items():
        shown = [MEASURES[name].show(values[name]) if name in values else "" for name in measures]
        rows.append(TableRow(floor, shown, [()] * len(shown), [False] * len(shown), trained=False))
    return rows


def write_markdown(cells: Sequence[CellScores], measures: Sequence[str]) -> str:
    """Return the table of one benchmark; the best trained cell of each column is bold."""
    head = ["", *(MEASURES[name].title for name in measures)]
    rows = []
    for row in make_rows(cells, measures):
        values = zip(row.values, row.best, strict=True)
        rows.append([row.name, *(f"**{value}**" if bold else value for value, bold in values)])
    table = markdown_table(head, rows, "l" + "r" * len(measures))
    return f"### {cells[0].benchmark}\n\n{table}\n"


def write_csv(runs: Sequence[RunScores]) -> str:
    """Return a line for each run and benchmark, with all measures."""
    names = [name for name in MEASURES if any(name in run.measures for run in runs)]
    axes = list(dict.fromkeys(axis for run in runs for axis in run.labels))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["benchmark", *axes, "seed", "run", *names])
    for run in runs:
        labels = [run.labels.get(axis) for axis in axes]
        values = [run.measures.get(name) for name in names]
        writer.writerow([run.benchmark, *labels, run.seed, run.folder, *values])
    return text.getvalue()


def describe_cell(cell: CellScores) -> dict[str, Any]:
    """Return a cell as JSON values."""
    return {
        "benchmark": cell.benchmark,
        "cell": dict(cell.labels),
        "trained": cell.trained,
        "baseline": cell.is_baseline,
        "runs": [{"seed": run.seed, "folder": run.folder} for run in cell.runs],
        "measures": {name: _describe(statistic) for name, statistic in cell.statistics.items()},
        "against_baseline": {
            name: _describe(statistic) for name, statistic in cell.differences.items()
        },
    }


def by_benchmark(cells: Iterable[CellScores]) -> dict[str, list[CellScores]]:
    """Return the cells of each benchmark."""
    found: dict[str, list[CellScores]] = {}
    for cell in cells:
        found.setdefault(cell.benchmark, []).append(cell)
    return found


def known_measures(cells: Sequence[CellScores], wanted: Sequence[str]) -> list[str]:
    """Return the measures that a benchmark has; of MTEB tasks without them, the main score."""
    known = {name for cell in cells for name in cell.statistics}
    return [name for name in wanted if name in known] or sorted(known & {MAIN_SCORE})


def show_interval(measure: Measure, statistic: Statistic, signed: bool = False) -> str:
    """Return an interval as tables show it; empty where there is none."""
    if statistic.interval is None:
        return ""
    low, high = (measure.show(end, signed) for end in statistic.interval)
    return f"[{low}, {high}]"


def _best_mean(cells: Sequence[CellScores], name: str) -> float | None:
    """Return the best mean of a measure among trained cells."""
    means = [
        cell.statistics[name].mean for cell in cells if cell.trained and name in cell.statistics
    ]
    choose = min if MEASURES[name].lower_is_better else max
    return choose(means, default=None)


def _value(statistic: Statistic | None, name: str) -> str:
    if statistic is None:
        return ""
    mean = MEASURES[name].show(statistic.mean)
    if statistic.spread is None:
        return mean
    return f"{mean} ± {MEASURES[name].show(statistic.spread)}"


def _details(cell: CellScores, name: str) -> Iterator[str]:
    measure = MEASURES[name]
    if name in cell.statistics and cell.statistics[name].interval:
        yield show_interval(measure, cell.statistics[name])
    if name in cell.differences:
        gain = cell.differences[name]
        interval = show_interval(measure, gain, signed=True)
        yield f"Δ {measure.show(gain.mean, signed=True)} {interval}".strip()


def _describe(statistic: Statistic) -> dict[str, Any]:
    return {
        "mean": statistic.mean,
        "spread": statistic.spread,
        "interval": statistic.interval,
        "values": statistic.values,
    }
