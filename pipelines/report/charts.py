"""The shapes of bars and histograms; they hold no text, so that they fit every width."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

HEIGHT: Final = 30  # of a histogram, in its own units; a bin is one unit wide
# A bin with one row among millions is still to be seen.
_SLIVER: Final = 0.9
_ORDER: Final = ("pass", "kept", "flag", "skipped", "reject", "quarantined")


class Piece(NamedTuple):
    """A part of a bar: its colour class, and left edge and width in percent."""

    name: str
    left: str
    width: str


class Bar(NamedTuple):
    """A horizontal bar with what a screen reader says of it."""

    pieces: list[Piece]
    label: str


class Histogram(NamedTuple):
    """A histogram of stacked series.

    Attributes:
        bins: Its width.
        series: Path by colour class.
        guides: Path of the vertical lines.
    """

    bins: int
    series: dict[str, str]
    guides: str


def stacked_bar(parts: Mapping[str, int], total: int) -> Bar:
    """Return a bar; each part is drawn in the colour of its class.

    Args:
        parts: Counts by class, from the left.
        total: The count that fills the whole width.
    """
    left, pieces = 0.0, []
    for name, count in parts.items():
        width = 100 * count / max(total, 1)
        if count:
            pieces.append(Piece(name, f"{left:.3f}", f"{width:.3f}"))
        left += width
    told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in parts.items())
    return Bar(pieces, told)


def histogram(distribution: Mapping[str, Any], guides: Sequence[float]) -> Histogram:
    """Return a histogram whose bars are stacked by series.

    Args:
        distribution: As `describe` returns it.
        guides: Values at which a vertical line stands.
    """
    series: dict[str, list[int]] = distribution["bins"]
    bins = max((len(counts) for counts in series.values()), default=1)
    highest = max((sum(counts) for counts in zip(*series.values(), strict=True)), default=0) or 1
    tops = [0.0] * bins
    paths = {}
    for name in sorted(series, key=_series_order):
        path = ""
        for place, count in enumerate(series[name]):
            if count:
                height = max((HEIGHT - 1) * count / highest, _SLIVER)
                path += f"M{place} {HEIGHT - tops[place]:.2f}v{-height:.2f}h1v{height:.2f}z"
                tops[place] += height
        paths[name] = path
    lines = "".join(
        f"M{(value - distribution['low']) / distribution['width']:.2f} 0V{HEIGHT}"
        for value in guides
    )
    return Histogram(bins, paths, lines)


def _series_order(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)
