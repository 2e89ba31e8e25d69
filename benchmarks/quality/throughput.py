"""How fast the checks are on one core, against langdetect alone on the same rows."""

import random
import time
from collections.abc import Callable

from langdetect import DetectorFactory, detect_langs

from benchmarks.quality.gold import GoldRow
from benchmarks.quality.judging import FIELDS, Gold, check, units, without_second_opinion
from benchmarks.quality.markdown import table

PASSAGES = 60


def report(gold: Gold) -> str:
    """Return the section."""
    return f"## Throughput\n\n{without_second_opinion(lambda: throughput(gold))}"


def throughput(gold: Gold) -> str:
    """Return rows a second of the whole suite and of langdetect alone, in one run."""
    rows = [row for found in gold.values() for row in units(found, "passage")[:PASSAGES]]
    random.Random(0).shuffle(rows)
    DetectorFactory.seed = 0
    langdetect, suite = _speed(rows, _detect), _speed(rows, _check)
    return table(
        ["", "rows (question and passage)", "rows a second, one core", "ratio"],
        [
            ["langdetect alone", len(rows), f"{langdetect:,.0f}", "1.0"],
            ["whole suite", len(rows), f"{suite:,.0f}", f"**{suite / langdetect:.1f}**"],
        ],
    )


def _detect(row: GoldRow) -> None:
    for field in FIELDS:
        detect_langs(getattr(row, field)[1])


def _check(row: GoldRow) -> None:
    for field in FIELDS:
        check(row, field)


def _speed(rows: list[GoldRow], run: Callable[[GoldRow], None]) -> float:
    run(rows[0])
    started = time.process_time()
    for row in rows:
        run(row)
    return len(rows) / (time.process_time() - started)
