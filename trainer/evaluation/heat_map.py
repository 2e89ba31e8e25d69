"""Plot the results of an evaluation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from trainer.evaluation.similarity import Floats

_READABLE: Final = 25  # languages up to which each cell has its number


def plot_heat_map(results: Mapping[str, Any], path: Path, metric: str = "map") -> None:
    """Draw a metric for each language of questions (rows) and of candidates (columns).

    The diagonal is monolingual. A dark column is a language whose candidates are found by all, a
    light row one whose questions find little.

    Args:
        results: Results of an evaluation.
        path: File to write; its suffix is the format, `.png` or `.svg`.
        metric: The metric.
    """
    from matplotlib.figure import Figure

    languages = results["languages"]
    values = tabulate(results, metric)
    side = max(3.5, 1.5 + 0.5 * len(languages))
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(values, cmap="Blues", vmin=0, vmax=max(float(np.nanmax(values)), 1e-9))
    axes.set_xticks(range(len(languages)), languages, rotation=90 if len(languages) > 12 else 0)
    axes.set_yticks(range(len(languages)), languages)
    axes.set_xlabel("language of the candidates")
    axes.set_ylabel("language of the questions")
    measure = "mAP" if metric == "map" else metric
    axes.set_title(f"{Path(results['model']).name} on {results['benchmark']}, {measure}")
    if len(languages) <= _READABLE:
        dark = 0.6 * float(np.nanmax(values))
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                colour = "white" if value > dark else "black"
                text = f"{value:.2f}".lstrip("0")
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    figure.colorbar(image, ax=axes, shrink=0.8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


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
