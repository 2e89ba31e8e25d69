"""From counted values to a histogram and percentiles."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pipelines.report.scan import STEPS

_PERCENTILES: Final = (1, 5, 50, 95, 99)


@dataclass(frozen=True, slots=True)
class Scale:
    """Equal bins over values in hundredths; the outer bins hold what lies beyond them.

    Attributes:
        low: First value of the first bin, in hundredths.
        width: Values in a bin, in hundredths.
        bins: Number of bins.
    """

    low: int
    width: int
    bins: int

    def bin(self, step: int) -> int:
        """Return the bin of a value in hundredths."""
        return min(max((step - self.low) // self.width, 0), self.bins - 1)


LENGTH_SCALE: Final = Scale(low=-112, width=5, bins=45)  # the middle bin is centred on 0
SHARE_SCALE: Final = Scale(low=0, width=5, bins=20)
EVIDENCE_SCALE: Final = Scale(low=-6150, width=300, bins=41)  # the middle bin is centred on 0
SCORE_SCALE: Final = Scale(low=-300, width=10, bins=30)


def describe(counts: Mapping[tuple[str, int], int], scale: Scale) -> dict[str, Any]:
    """Return count, percentiles and bins.

    Args:
        counts: Values by (series, such as a verdict; value in hundredths).
        scale: The bins.
    """
    bins: dict[str, list[int]] = {}
    values: Counter[int] = Counter()
    for (series, step), count in sorted(counts.items()):
        bins.setdefault(series, [0] * scale.bins)[scale.bin(step)] += count
        values[step] += count
    return {
        "count": values.total(),
        "percentiles": {f"p{p}": _percentile(values, p) for p in _PERCENTILES},
        "low": scale.low / STEPS,
        "width": scale.width / STEPS,
        "bins": bins,
    }


def _percentile(values: Counter[int], percent: int) -> float | None:
    """Return the smallest value that at least `percent` of all values do not exceed."""
    wanted, seen = values.total() * percent / 100, 0
    for step in sorted(values):
        seen += values[step]
        if seen >= wanted:
            return step / STEPS
    return None
