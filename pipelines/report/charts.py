"""Bars and histograms as inline SVG without any text, so that they fit every width."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.report.markup import Markup, element, fragment

_HEIGHT: Final = 30.0
# A bin with one row among millions is still to be seen.
_SLIVER: Final = 0.9


def stacked_bar(parts: Mapping[str, int], total: int) -> Markup:
    """Return a horizontal bar; each part is drawn in the colour of its class.

    Args:
        parts: Counts by class, from the left.
        total: The count that fills the whole width.
    """
    left, pieces = 0.0, []
    for name, count in parts.items():
        width = 100 * count / max(total, 1)
        if count:
            pieces.append(
                element(
                    "rect", class_=f"fill-{name}", x=f"{left:.3f}%", width=f"{width:.3f}%",
                    height="100%",
                )
            )  # fmt: skip
        left += width
    told = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in parts.items())
    return element("svg", *pieces, class_="bar", role="img", aria_label=told)


def histogram(distribution: Mapping[str, Any], guides: Sequence[float], label: str) -> Markup:
    """Return a histogram whose bars are stacked by series.

    Args:
        distribution: As `describe` returns it.
        guides: Values at which a vertical line stands.
        label: What a screen reader says.
    """
    series: dict[str, list[int]] = distribution["bins"]
    bins = max((len(counts) for counts in series.values()), default=1)
    highest = max((sum(counts) for counts in zip(*series.values(), strict=True)), default=0) or 1
    tops = [0.0] * bins
    paths = []
    for name in sorted(series, key=_series_order):
        path = ""
        for place, count in enumerate(series[name]):
            if count:
                height = max((_HEIGHT - 1) * count / highest, _SLIVER)
                path += f"M{place} {_HEIGHT - tops[place]:.2f}v{-height:.2f}h1v{height:.2f}z"
                tops[place] += height
        paths.append(element("path", class_=f"fill-{name}", d=path))
    lines = "".join(
        f"M{(value - distribution['low']) / distribution['width']:.2f} 0V{_HEIGHT:.0f}"
        for value in guides
    )
    return element(
        "svg",
        element("path", class_="guide", d=lines, vector_effect="non-scaling-stroke"),
        *paths,
        class_="histogram",
        viewBox=f"0 0 {bins} {_HEIGHT:.0f}",
        preserveAspectRatio="none",
        role="img",
        aria_label=label,
    )


def _series_order(name: str) -> tuple[int, str]:
    order = ("pass", "kept", "flag", "skipped", "reject", "quarantined")
    return (order.index(name) if name in order else len(order), name)


def legend(names: Mapping[str, str]) -> Markup:
    """Return what the colours mean.

    Args:
        names: Words for a reader by class.
    """
    items = [
        element("li", element("span", class_=f"swatch back-{name}"), words)
        for name, words in names.items()
    ]
    return element("ul", fragment(*items), class_="legend")
