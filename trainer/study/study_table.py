"""The results of a study as tables: Markdown for people, CSV and JSON for programs."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.evaluation.measures import MEASURES, Measure
from trainer.study.cell_scores import Statistic, Summary
from trainer.study.floors import read_floors
from trainer.study.run_scores import Outcome


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table of results.

    Attributes:
        name: The cell.
        values: Mean and spread of each measure.
        details: Lines under each value: interval, and difference to the baseline.
        best: Whether the value is the best of all trained cells.
        trained: Whether the cell was trained in the study.
    """

    name: str
    values: tuple[str, ...]
    details: tuple[tuple[str, ...], ...]
    best: tuple[bool, ...]
    trained: bool


def make_rows(summaries: Sequence[Summary], measures: Sequence[str]) -> list[Row]:
    """Return the table of one benchmark: cells, then untrained models, then other floors."""
    best = {name: best_mean(summaries, name) for name in measures}
    rows = []
    for of in summaries:
        found = [of.statistics.get(name) for name in measures]
        rows.append(
            Row(
                of.name + (" (baseline)" if of.is_baseline else ""),
                tuple(_value(s, n) for s, n in zip(found, measures, strict=True)),
                tuple(tuple(_details(of, name)) for name in measures),
                tuple(
                    s is not None and of.trained and s.mean == best[name]
                    for s, name in zip(found, measures, strict=True)
                ),
                of.trained,
            )
        )
    for floor, values in read_floors(summaries).items():
        shown = [MEASURES[n].show(values[n]) if n in values else "" for n in measures]
        none: tuple[tuple[str, ...], ...] = ((),) * len(measures)
        rows.append(Row(floor, tuple(shown), none, (False,) * len(measures), False))
    return rows


def best_mean(summaries: Sequence[Summary], name: str) -> float | None:
    """Return the best mean of a measure among trained cells."""
    means = [of.statistics[name].mean for of in summaries if of.trained and name in of.statistics]
    if not means:
        return None
    return min(means) if MEASURES[name].lower_is_better else max(means)


def markdown(summaries: Sequence[Summary], measures: Sequence[str]) -> str:
    """Return the tables of all benchmarks; the best trained cell of each column is bold."""
    parts = []
    for benchmark, of in by_benchmark(summaries).items():
        lines = [["", *(MEASURES[name].title for name in measures)]]
        for row in make_rows(of, measures):
            cells = zip(row.values, row.best, strict=True)
            lines.append([row.name, *(f"**{v}**" if bold else v for v, bold in cells)])
        parts.append(f"### {benchmark}\n\n{_align(lines)}")
    return "\n".join(parts)


def write_csv(outcomes: Sequence[Outcome]) -> str:
    """Return a line for each run and benchmark, with all measures."""
    names = [name for name in MEASURES if any(name in of.measures for of in outcomes)]
    axes = list(dict.fromkeys(axis for of in outcomes for axis in of.labels))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["benchmark", *axes, "seed", "run", *names])
    for of in outcomes:
        labels = [of.labels.get(axis) for axis in axes]
        values = [of.measures.get(name) for name in names]
        writer.writerow([of.benchmark, *labels, of.seed, of.folder, *values])
    return text.getvalue()


def describe(of: Summary) -> dict[str, Any]:
    """Return a cell as JSON values."""
    return {
        "benchmark": of.benchmark,
        "cell": dict(of.labels),
        "trained": of.trained,
        "baseline": of.is_baseline,
        "runs": [{"seed": run.seed, "folder": run.folder} for run in of.outcomes],
        "measures": {name: _json(statistic) for name, statistic in of.statistics.items()},
        "against_baseline": {name: _json(statistic) for name, statistic in of.differences.items()},
    }


def by_benchmark(summaries: Iterable[Summary]) -> dict[str, list[Summary]]:
    """Return the summaries of each benchmark."""
    found: dict[str, list[Summary]] = {}
    for summary in summaries:
        found.setdefault(summary.benchmark, []).append(summary)
    return found


def show_interval(measure: Measure, statistic: Statistic, signed: bool = False) -> str:
    """Return an interval as tables show it; empty where there is none."""
    if statistic.interval is None:
        return ""
    low, high = (measure.show(end, signed) for end in statistic.interval)
    return f"[{low}, {high}]"


def _value(statistic: Statistic | None, name: str) -> str:
    if statistic is None:
        return ""
    mean = MEASURES[name].show(statistic.mean)
    if statistic.spread is None:
        return mean
    return f"{mean} ± {MEASURES[name].show(statistic.spread)}"


def _details(of: Summary, name: str) -> Iterator[str]:
    measure = MEASURES[name]
    if name in of.statistics and of.statistics[name].interval:
        yield show_interval(measure, of.statistics[name])
    if name in of.differences:
        gain = of.differences[name]
        interval = show_interval(measure, gain, signed=True)
        yield f"Δ {measure.show(gain.mean, signed=True)} {interval}".strip()


def _json(statistic: Statistic) -> dict[str, Any]:
    return {
        "mean": statistic.mean,
        "spread": statistic.spread,
        "interval": statistic.interval,
        "values": statistic.values,
    }


def _align(lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns stand below each other in the source as well."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    out = []
    for line in [lines[0], rule, *lines[1:]]:
        first, *others = (c.replace("|", "\\|") for c in line)
        cells = [
            first.ljust(widths[0]),
            *(c.rjust(w) for c, w in zip(others, widths[1:], strict=True)),
        ]
        out.append(f"| {' | '.join(cells)} |\n")
    return "".join(out)
