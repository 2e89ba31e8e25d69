"""Which plots a study gets: a curve for each axis, and heat maps of languages."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.evaluation.heat_map import plot_heat_map
from trainer.evaluation.measures import MEASURES
from trainer.study.cell_scores import Summary
from trainer.study.floors import read_floors
from trainer.study.grid import BASE
from trainer.study.plots import COLOURS, Panel, Point, plot_curves, plot_gains

SUFFIX: Final = ".svg"
_DETAILS: Final = {"monolingual": "by_language", "crosslingual": "by_pair"}


@dataclass(frozen=True, slots=True)
class Chart:
    """A plot on disk.

    Attributes:
        path: Its file.
        caption: What it shows.
    """

    path: Path
    caption: str


def draw_charts(
    folder: Path, benchmark: str, summaries: Sequence[Summary], measures: Sequence[str]
) -> list[Chart]:
    """Draw the plots of one benchmark.

    Args:
        folder: Where they go.
        benchmark: Its name.
        summaries: Of this benchmark.
        measures: To draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trained = [of for of in summaries if of.trained]
    if not trained:
        return []
    charts = []
    for axis in trained[0].labels:
        if len({of.labels[axis] for of in trained}) > 1:
            path = folder / f"{_file_name(benchmark, axis)}{SUFFIX}"
            charts.append(_draw_curves(path, axis, summaries, trained, measures))
    return [*charts, *_draw_heat_maps(folder, benchmark, trained)]


def _draw_curves(
    path: Path,
    axis: str,
    summaries: Sequence[Summary],
    trained: Sequence[Summary],
    measures: Sequence[str],
) -> Chart:
    series = _series(axis, trained)
    shown = dict(itertools.islice(series.items(), len(COLOURS)))
    floors = _floors(summaries)
    panels = [
        Panel(
            MEASURES[name].title,
            {label: _points(axis, cells, name) for label, cells in shown.items()},
            {label: values[name] for label, values in floors.items() if name in values},
        )
        for name in measures
        if any(name in of.statistics for of in trained)
    ]
    plot_curves(path, axis, panels)
    caption = f"By {axis}. Points are means over seeds, bands one standard deviation over seeds."
    if len(shown) < len(series):
        caption += f" The first {len(shown)} of {len(series)} lines; the table has all."
    return Chart(path, caption)


def _series(axis: str, trained: Sequence[Summary]) -> dict[str, list[Summary]]:
    """Return the cells of each line: those that differ in this axis only."""
    varied = [other for other in trained[0].labels if other != axis and _count(other, trained) > 1]
    series: dict[str, list[Summary]] = {}
    for of in trained:
        name = ", ".join(f"{other} {of.labels[other]}" for other in varied)
        series.setdefault(name, []).append(of)
    return series


def _count(axis: str, trained: Sequence[Summary]) -> int:
    return len({of.labels[axis] for of in trained})


def _points(axis: str, cells: Sequence[Summary], name: str) -> list[Point]:
    points = []
    for of in cells:
        if name in of.statistics:
            statistic = of.statistics[name]
            spread = statistic.spread or 0.0
            mean = statistic.mean
            points.append(Point(of.labels[axis], mean, mean - spread, mean + spread))
    return points


def _floors(summaries: Sequence[Summary]) -> dict[str, dict[str, float]]:
    floors = {
        f"before training: {of.labels[BASE]}": {n: s.mean for n, s in of.statistics.items()}
        for of in summaries
        if not of.trained
    }
    return {**floors, **read_floors(summaries)}


def _draw_heat_maps(folder: Path, benchmark: str, trained: Sequence[Summary]) -> Iterator[Chart]:
    """Draw the cell with the best pool, and what it has more than the baseline, by languages."""
    pool = "multilingual.map"
    with_pairs = [of for of in trained if _has_pairs(of) and pool in of.statistics]
    if not with_pairs:
        return
    best = max(with_pairs, key=lambda of: of.statistics[pool].mean)
    path = folder / f"{_file_name(benchmark, 'languages')}{SUFFIX}"
    plot_heat_map(average_details(best), path)
    yield Chart(path, f"mAP by languages at {best.name}, which has the best pool; mean over seeds.")
    baseline = next((of for of in with_pairs if of.is_baseline), None)
    if baseline is not None and baseline is not best:
        path = folder / f"{_file_name(benchmark, 'languages-gain')}{SUFFIX}"
        plot_gains(average_details(best), average_details(baseline), path)
        yield Chart(path, f"The same less that of the baseline, {baseline.name}.")


def average_details(of: Summary) -> dict[str, Any]:
    """Return the mAP of each language and pair, as results have them, averaged over seeds."""
    runs = [run.results for run in of.outcomes]
    first = runs[0]
    return {
        "benchmark": of.benchmark,
        "model": "best cell",
        "languages": first["languages"],
        **{
            setting: {
                detail: {
                    name: {"map": float(np.mean([r[setting][detail][name]["map"] for r in runs]))}
                    for name in first[setting][detail]
                }
            }
            for setting, detail in _DETAILS.items()
        },
    }


def _has_pairs(of: Summary) -> bool:
    crosslingual = of.outcomes[0].results.get("crosslingual") or {}
    return bool(crosslingual.get("by_pair"))


def _file_name(benchmark: str, axis: str) -> str:
    return re.sub(r"[^\w.-]+", "-", f"{benchmark}-{axis}")
