"""Curves: how measures change along an axis of a study's grid, beside their floors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.files import atomic_file

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which people with any colour vision can tell apart, without black.
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31")
_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
_MOST_COLUMNS: Final = 3  # of the legend
_LETTER: Final = 0.08  # inches, about
_HANDLE: Final = 0.7  # with the gap to the next column
_LINE: Final = 0.2  # of the legend, in inches; two lines have room without more height
_FLOOR_COLOUR: Final = "#777777"
_FLOOR_STYLES: Final = (":", "--", "-.", (0, (5, 1, 1, 1, 1, 1)))


@dataclass(frozen=True, slots=True)
class Point:
    """The result at one value of the axis.

    Attributes:
        label: The value.
        mean: Mean over seeds.
        low: Lower end of the band.
        high: Upper end of the band.
    """

    label: str
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure, with a line for each series and one for each floor.

    Attributes:
        title: The measure.
        series: Points by name of the series; the name is empty where there is only one.
        floors: Values reached without training, by name.
    """

    title: str
    series: Mapping[str, Sequence[Point]]
    floors: Mapping[str, float]


def plot_curves(path: Path, axis: str, panels: Sequence[Panel]) -> None:
    """Draw the panels side by side over the same axis.

    Bands reach from the points' lower to their upper ends. Values of the axis stand to scale if all
    are numbers, otherwise evenly in their order.

    Args:
        path: File to write; its suffix is the format.
        axis: Name of the axis.
        panels: The panels, one for each measure.
    """
    from matplotlib.figure import Figure

    labels = _labels(panels)
    places = _places(labels)
    spans_decades = min(places.values()) > 0 and max(places.values()) >= 10 * min(places.values())
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    width = 4.6 * columns if columns > 1 else 7.2
    figure = Figure(figsize=(width, 3.1 * rows + 0.6), layout="constrained")
    for number, panel in enumerate(panels):
        axes = figure.add_subplot(rows, columns, number + 1)
        _draw(axes, panel, places)
        axes.set_xlabel(axis)
        if spans_decades:
            axes.set_xscale("log")
            axes.minorticks_off()
        axes.set_xticks(list(places.values()), labels, rotation=_rotation(labels))
    _add_legend(figure)
    with atomic_file(path) as partial:
        figure.savefig(partial, format=path.suffix.removeprefix("."))


def _add_legend(figure: "Figure") -> None:
    """Name the lines and floors of all panels once, below them."""
    found: dict[str, Artist] = {}
    for axes in figure.axes:
        handles, names = axes.get_legend_handles_labels()
        found.update(zip(names, handles, strict=True))
    if found:
        columns = _columns(figure.get_figwidth(), found)
        lines = -(-len(found) // columns)
        figure.set_figheight(figure.get_figheight() + _LINE * max(0, lines - 2))
        figure.legend(
            handles=list(found.values()),
            labels=list(found),
            loc="outside lower center",
            ncols=columns,
            frameon=False,
        )


def _columns(width: float, names: Iterable[str]) -> int:
    """Return in how many columns names fit beside each other, in so many inches."""
    longest = max(map(len, names)) * _LETTER + _HANDLE
    return max(1, min(_MOST_COLUMNS, int(width / longest)))


def _draw(axes: "Axes", panel: Panel, places: Mapping[str, float]) -> None:
    for number, (name, points) in enumerate(panel.series.items()):
        colour = COLOURS[number % len(COLOURS)]
        at = [places[point.label] for point in points]
        means = [point.mean for point in points]
        marker = _MARKERS[number % len(_MARKERS)]
        axes.plot(at, means, marker=marker, markersize=5, color=colour, label=name or None)
        lows, highs = [p.low for p in points], [p.high for p in points]
        if len(points) > 1:
            axes.fill_between(at, lows, highs, color=colour, alpha=0.15, linewidth=0)
        else:
            axes.vlines(at, lows, highs, color=colour, alpha=0.5)
    _draw_floors(axes, panel)
    axes.set_title(panel.title, fontsize=11, loc="left", pad=14)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", linewidth=0.4, alpha=0.6)
    axes.margins(x=0.06)


def _draw_floors(axes: "Axes", panel: Panel) -> None:
    """Draw the floors near the points; only name the others, which would squeeze the curves."""
    values = [p.mean for points in panel.series.values() for p in points]
    low, high = min(values), max(values)
    room = max(high - low, 0.05 * abs(high))
    far = []
    for number, (name, value) in enumerate(panel.floors.items()):
        if low - room <= value <= high + room:
            style = _FLOOR_STYLES[number % len(_FLOOR_STYLES)]
            axes.axhline(value, color=_FLOOR_COLOUR, linewidth=1.2, linestyle=style, label=name)
        else:
            far.append(f"{name} {value:,.0f}" if abs(value) > 10 else f"{name} {value:.3f}")
    if far:
        text = "off the scale: " + ", ".join(far)
        axes.text(0, 1.01, text, transform=axes.transAxes, fontsize=7, color=_FLOOR_COLOUR)


def _labels(panels: Sequence[Panel]) -> list[str]:
    """Return all values of the axis: numbers by size, others in their order."""
    points = (p for panel in panels for series in panel.series.values() for p in series)
    labels = list(dict.fromkeys(point.label for point in points))
    return sorted(labels, key=float) if all(map(_is_number, labels)) else labels


def _places(labels: Sequence[str]) -> dict[str, float]:
    if all(map(_is_number, labels)):
        return {label: float(label) for label in labels}
    return {label: float(number) for number, label in enumerate(labels)}


def _is_number(label: str) -> bool:
    """Whether a label is a number with a place on an axis; `inf` has none."""
    try:
        return abs(float(label)) < float("inf")
    except ValueError:
        return False


def _rotation(labels: Sequence[str]) -> int:
    return 20 if max(map(len, labels), default=0) > 8 and len(labels) > 2 else 0
