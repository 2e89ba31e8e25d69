"""The plots of a study: curves for each axis of its grid, and heat maps of languages."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.evaluation.heat_map import plot_gains, plot_heat_map
from trainer.evaluation.measures import MEASURES
from trainer.study.cell_scores import CellScores, read_floors
from trainer.study.curves import COLOURS, Panel, Point, plot_curves
from trainer.study.study_file import BASE_MODEL

_SUFFIX: Final = ".svg"
_CURVE: Final = 3  # values of an axis that make a curve
_MOST_LINES: Final = 6  # in one plot, whose legend would leave no room for more
_DETAILS: Final = {"monolingual": "by_language", "crosslingual": "by_pair"}


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot in a file.

    Attributes:
        path: The file.
        caption: What it shows.
    """

    path: Path
    caption: str


def draw_plots(
    folder: Path, benchmark: str, cells: Sequence[CellScores], measures: Sequence[str]
) -> list[Plot]:
    """Draw the plots of one benchmark.

    Args:
        folder: Folder of the plots.
        benchmark: Name of the benchmark.
        cells: Cells on this benchmark.
        measures: Measures to draw.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trained = [cell for cell in cells if cell.trained]
    if not trained:
        return []
    plots = []
    for axis in trained[0].labels:
        if len({cell.labels[axis] for cell in trained}) > 1:
            path = folder / f"{_file_name('by', benchmark, axis)}{_SUFFIX}"
            plots.append(_draw_curves(path, axis, cells, trained, measures))
    return [*plots, *_draw_heat_maps(folder, benchmark, cells)]


def draw_trade_off(
    folder: Path,
    cells: Mapping[str, Sequence[CellScores]],
    measures: Mapping[str, Sequence[str]],
) -> Plot | None:
    """Draw what all benchmarks gain and lose along the one axis that is varied.

    Args:
        folder: Folder of the plots.
        cells: Cells of each benchmark.
        measures: The measures of each benchmark.
    """
    trained = next(iter(cells.values()), ())
    trained = [cell for cell in trained if cell.trained]
    axes = [axis for axis in (trained[0].labels if trained else ()) if _count(axis, trained) > 1]
    if len(axes) != 1 or _count(axes[0], trained) < _CURVE:
        return None
    each = max(1, _MOST_LINES // len(cells))
    lines = {
        f"{benchmark}, {MEASURES[name].title}": _gains(axes[0], of_benchmark, name)
        for benchmark, of_benchmark in cells.items()
        for name in [n for n in measures[benchmark] if not MEASURES[n].lower_is_better][:each]
    }
    lines = {name: points for name, points in lines.items() if len(points) > 1}
    if len(lines) < 2:
        return None
    path = folder / f"trade-off{_SUFFIX}"
    plot_curves(path, axes[0], [Panel("difference from the baseline", lines, {"baseline": 0})])
    return Plot(
        path, f"What changes with {axes[0]}: differences from the baseline, 95 % intervals."
    )


def _gains(axis: str, cells: Sequence[CellScores], name: str) -> list[Point]:
    """Return the differences from the baseline, which itself has none."""
    points = []
    for cell in cells:
        if cell.trained and cell.is_baseline:
            points.append(Point(cell.labels[axis], 0, 0, 0))
        elif cell.trained and name in cell.differences:
            gain = cell.differences[name]
            spread = gain.spread or 0
            low, high = gain.interval or (gain.mean - spread, gain.mean + spread)
            points.append(Point(cell.labels[axis], gain.mean, low, high))
    return points


def _draw_curves(
    path: Path,
    axis: str,
    cells: Sequence[CellScores],
    trained: Sequence[CellScores],
    measures: Sequence[str],
) -> Plot:
    series = _series(axis, trained)
    shown = dict(itertools.islice(series.items(), len(COLOURS)))
    floors = _floors(cells)
    panels = [
        Panel(
            MEASURES[name].title,
            {label: _points(axis, line, name) for label, line in shown.items()},
            {label: values[name] for label, values in floors.items() if name in values},
        )
        for name in measures
        if any(name in cell.statistics for cell in trained)
    ]
    plot_curves(path, axis, panels)
    caption = f"By {axis}. Points are means over seeds, bands one standard deviation over seeds."
    if len(shown) < len(series):
        caption += f" The first {len(shown)} of {len(series)} lines; the table has all."
    return Plot(path, caption)


def _series(axis: str, trained: Sequence[CellScores]) -> dict[str, list[CellScores]]:
    """Return the cells of each line: those that differ in this axis only."""
    varied = [other for other in trained[0].labels if other != axis and _count(other, trained) > 1]
    series: dict[str, list[CellScores]] = {}
    for cell in trained:
        name = ", ".join(f"{other} {cell.labels[other]}" for other in varied)
        series.setdefault(name, []).append(cell)
    return series


def _count(axis: str, trained: Sequence[CellScores]) -> int:
    return len({cell.labels[axis] for cell in trained})


def _points(axis: str, cells: Sequence[CellScores], name: str) -> list[Point]:
    points = []
    for cell in cells:
        if name in cell.statistics:
            statistic = cell.statistics[name]
            spread = statistic.spread or 0.0
            mean = statistic.mean
            points.append(Point(cell.labels[axis], mean, mean - spread, mean + spread))
    return points


def _floors(cells: Sequence[CellScores]) -> dict[str, dict[str, float]]:
    floors = {
        _name_untrained(cell): {name: statistic.mean for name, statistic in cell.statistics.items()}
        for cell in cells
        if not cell.trained
    }
    return {**floors, **read_floors(cells)}


def _name_untrained(cell: CellScores) -> str:
    base = cell.labels.get(BASE_MODEL)
    return cell.name if base is None else f"before training: {base}"


def _draw_heat_maps(folder: Path, benchmark: str, cells: Sequence[CellScores]) -> Iterator[Plot]:
    """Draw the cell with the best pool, and its gain over the baseline, by languages."""
    pool = "multilingual.map"
    with_pairs = [cell for cell in cells if _has_pairs(cell) and pool in cell.statistics]
    trained = [cell for cell in with_pairs if cell.trained]
    if not trained:
        return
    best = max(trained, key=lambda cell: cell.statistics[pool].mean)
    path = folder / f"{_file_name('heat-map', benchmark)}{_SUFFIX}"
    plot_heat_map(_average_details(best), path)
    yield Plot(path, f"mAP by languages at {best.name}, which has the best pool; mean over seeds.")
    own = {id(other) for _, other in best.compared}
    baseline = next((cell for cell in with_pairs if own & set(map(id, cell.runs))), None)
    if baseline is not None:
        path = folder / f"{_file_name('gain', benchmark)}{_SUFFIX}"
        plot_gains(_average_details(best), _average_details(baseline), path)
        yield Plot(path, f"The same, minus that of the baseline, {baseline.name}.")


def _average_details(cell: CellScores) -> dict[str, Any]:
    """Return the mAP of each language and pair, as results have them, averaged over seeds."""
    runs = [run.results for run in cell.runs]
    first = runs[0]
    return {
        "benchmark": cell.benchmark,
        "model": "best cell",
        "languages": first["languages"],
        **{
            setting: {
                detail: {
                    name: {"map": float(np.mean([r[setting][detail][name]["map"] for r in runs]))}
                    for name in first[setting][detail]
                    if all("map" in r.get(setting, {}).get(detail, {}).get(name, {}) for r in runs)
                }
            }
            for setting, detail in _DETAILS.items()
        },
    }


def _has_pairs(cell: CellScores) -> bool:
    crosslingual = cell.runs[0].results.get("crosslingual") or {}
    return bool(crosslingual.get("by_pair"))


def _file_name(*parts: str) -> str:
    """Return a name that begins with the kind of plot: an axis may be called as one is."""
    return re.sub(r"[^\w.-]+", "-", "-".join(parts))
