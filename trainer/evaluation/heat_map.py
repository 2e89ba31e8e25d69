"""Heat maps of an evaluation: a metric by language of the questions and of the candidates."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from schemas.files import atomic_file
from trainer.evaluation.similarity import Floats

_READABLE: Final = 25  # languages up to which each cell has its number


def plot_heat_map(results: Mapping[str, Any], path: Path) -> None:
    """Draw the mAP for each language of questions (rows) and of candidates (columns).

    The diagonal is monolingual. A dark column is a language whose candidates are found from all, a
    light row one whose questions find little.

    Args:
        results: Results of an evaluation.
        path: File to write; its suffix is the format, `.png` or `.svg`.
    """
    values = tabulate(results, "map")
    _draw(
        path,
        values,
        results["languages"],
        title=f"{Path(results['model']).name} on {results['benchmark']}, mAP",
        colours="Blues",
        limits=(0, max(float(np.nanmax(values)), 1e-9)),
        show=lambda value: f"{value:.2f}".lstrip("0"),
    )


def plot_gains(results: Mapping[str, Any], baseline: Mapping[str, Any], path: Path) -> None:
    """Draw how much more mAP one result has than another, by languages.

    Args:
        results: Results of an evaluation.
        baseline: Results of another model on the same benchmark.
        path: File to write; its suffix is the format.
    """
    gains = tabulate(results, "map") - tabulate(baseline, "map")
    most = max(float(np.nanmax(np.abs(gains))), 1e-9)
    _draw(
        path,
        gains,
        results["languages"],
        title=f"{results['benchmark']}: difference of mAP",
        colours="PuOr_r",
        limits=(-most, most),
        show=lambda gain: f"{gain:+.2f}".replace("0.", "."),
    )


def tabulate(results: Mapping[str, Any], metric: str) -> Floats:
    """Return a metric by language of questions (rows) and of candidates; NaN where there is none.

    Args:
        results: Results of an evaluation.
        metric: The metric.
    """
    languages = results["languages"]
    mono = results["monolingual"]["by_language"]
    cross = results["crosslingual"]["by_pair"]
    values = np.full((len(languages), len(languages)), np.nan)
    for row, asked in enumerate(languages):
        for column, given in enumerate(languages):
            found = mono.get(asked) if asked == given else cross.get(f"{asked}-{given}")
            if found:
                values[row, column] = found[metric]
    return values


def _draw(
    path: Path,
    values: Floats,
    languages: Sequence[str],
    *,
    title: str,
    colours: str,
    limits: tuple[float, float],
    show: Callable[[float], str],
) -> None:
    from matplotlib.figure import Figure

    low, high = limits
    side = max(3.5, 1.5 + 0.5 * len(languages))
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(values, cmap=colours, vmin=low, vmax=high)
    axes.set_xticks(range(len(languages)), languages, rotation=90 if len(languages) > 12 else 0)
    axes.set_yticks(range(len(languages)), languages)
    axes.set_xlabel("language of the candidates")
    axes.set_ylabel("language of the questions")
    axes.set_title(title)
    if len(languages) <= _READABLE:
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "white" if abs(value) > 0.6 * high else "black"
                number = axes.text(column, row, show(value), color=colour, fontsize=8)
                number.set(horizontalalignment="center", verticalalignment="center")
    figure.colorbar(image, ax=axes, shrink=0.8)
    with atomic_file(path) as partial:
        figure.savefig(partial, dpi=150, format=path.suffix.removeprefix("."))
