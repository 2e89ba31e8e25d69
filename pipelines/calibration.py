"""How long a correct translation is: length ratios per language and field.

The ratio is ln(target characters / source characters). Shipped values were measured on the
human translations of XQuAD; other languages learn theirs from the run.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.transforms.combiners import Count, ToDict

from pipelines.rows import Group
from schemas.manifest import Calibration

Key = tuple[str, str]
Calibrations = Mapping[Key, Calibration]

# Ratios are counted in steps of 0.01, so that medians are exact, mergeable and independent of
# the order in which rows come.
_STEPS: Final = 100

ENOUGH_ROWS: Final = 200
_WIDENED: Final = 2.5
_UNKNOWN_MAD: Final = 0.15
_SMALLEST_MAD: Final = 0.02

# Median target/source characters of XQuAD's 1,190 questions and 240 passages.
_SHIPPED: Final[dict[str, tuple[float, float]]] = {
    "ar": (0.86, 0.87),
    "de": (1.12, 1.13),
    "el": (1.11, 1.14),
    "es": (1.11, 1.12),
    "hi": (0.97, 0.99),
    "ro": (1.07, 1.11),
    "ru": (1.04, 1.07),
    "th": (0.89, 0.94),
    "tr": (0.99, 1.00),
    "vi": (1.00, 1.02),
    "zh-Hans": (0.30, 0.32),
}
# Scaled MADs of ln ratio, the largest of the languages above but for Chinese.
_SHIPPED_MAD: Final = {"question": 0.14, "passage": 0.065}


def length_ratio(source: str, target: str) -> float:
    """Return ln(target characters / source characters); both texts must not be empty."""
    return math.log(len(target) / len(source))


def shipped(lang: str, field: str) -> Calibration | None:
    """Return the calibration that comes with tandemqa, or None for other languages."""
    medians = _SHIPPED.get(lang)
    if medians is None:
        return None
    median = math.log(medians[0] if field == "question" else medians[1])
    rows = 1190 if field == "question" else 240
    return Calibration(median=median, mad=_SHIPPED_MAD[field], rows=rows, origin="shipped")


def calibrate(lang: str, field: str, histogram: Mapping[int, int]) -> Calibration:
    """Return the calibration to use for one language and field.

    The run's own values when there are at least 200 rows; else the shipped ones; else the
    run's, or none at all, with widened bounds.

    Args:
        lang: BCP-47 code.
        field: `question` or `passage`.
        histogram: Rows of this run by ratio in hundredths.
    """
    rows = sum(histogram.values())
    known = shipped(lang, field)
    if known and rows < ENOUGH_ROWS:
        return known
    if not rows:
        return Calibration(median=0.0, mad=_UNKNOWN_MAD * _WIDENED, rows=0, origin="widened")
    median = _weighted_median(histogram)
    deviations: Counter[int] = Counter()
    for step, count in histogram.items():
        deviations[abs(step - median)] += count
    mad = max(1.4826 * _weighted_median(deviations) / _STEPS, _SMALLEST_MAD)
    if rows >= ENOUGH_ROWS:
        return Calibration(median=median / _STEPS, mad=mad, rows=rows, origin="run")
    mad = max(mad, _UNKNOWN_MAD) * _WIDENED
    return Calibration(median=median / _STEPS, mad=mad, rows=rows, origin="widened")


def _weighted_median(histogram: Mapping[int, int]) -> int:
    half, seen = (sum(histogram.values()) + 1) // 2, 0
    for step in sorted(histogram):
        seen += histogram[step]
        if seen >= half:
            return step
    raise ValueError("a median needs at least one value")


class Calibrate(beam.PTransform[PCollection[Group], PCollection[dict[Key, Calibration]]]):
    """Learn the length ratios of every language and field from all rows of the run."""

    def expand(self, groups: PCollection[Group]) -> PCollection[dict[Key, Calibration]]:
        """Wire measuring, counting and choosing."""
        calibrations: PCollection[dict[Key, Calibration]] = (
            groups
            | "Measure" >> beam.FlatMap(group_ratios)
            | "Count" >> Count.PerElement()
            | "Collect" >> ToDict()
            | "Choose" >> beam.Map(calibrate_all)
        )
        return calibrations


def group_ratios(group: Group) -> Iterator[tuple[Key, int]]:
    """Yield language, field and ratio in hundredths of every translated field of a group."""
    for draft in group.drafts:
        for field in ("question", "passage"):
            target = getattr(draft.row, field)
            if target and not draft.failure:
                ratio = length_ratio(getattr(group.source, field), target)
                yield (draft.row.lang, field), round(ratio * _STEPS)


def calibrate_all(counts: Mapping[tuple[Key, int], int]) -> dict[Key, Calibration]:
    """Return the calibration of every language and field that was measured."""
    histograms: dict[Key, dict[int, int]] = {}
    for (key, step), count in counts.items():
        histograms.setdefault(key, {})[step] = count
    return {key: calibrate(*key, histogram) for key, histogram in histograms.items()}
