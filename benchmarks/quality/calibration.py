"""Print what `pipelines/judge/calibration.py` ships: medians and deviations of one half of gold."""

import math
import statistics

from benchmarks.quality.judging import Gold
from pipelines.text.relatedness import overlap_residual


def print_calibration(gold: Gold) -> None:
    """Print the table of `pipelines/judge/calibration.py`: medians and deviations of one half."""
    for lang, rows in gold.items():
        half = [row for row in rows if not row.held_out]
        passages = [row for row in half if row.first]
        values = [
            [math.log(len(r.question[1]) / len(r.question[0])) for r in half],
            [math.log(len(r.passage[1]) / len(r.passage[0])) for r in passages],
            [
                overlap_residual(r.question[0], r.passage[0], r.question[1], r.passage[1], lang)
                for r in half
            ],
        ]
        pairs = ", ".join("({:.3f}, {:.3f})".format(*_spread(found)) for found in values)
        print(f'    "{lang}": ({pairs}),  # {len(half)} questions, {len(passages)} passages')


def _spread(values: list[float]) -> tuple[float, float]:
    median = statistics.median(values)
    return median, 1.4826 * statistics.median(abs(value - median) for value in values)
