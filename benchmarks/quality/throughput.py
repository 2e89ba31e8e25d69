"""How fast the checks are on one core, against langdetect alone on the same rows."""

import random
import time
from collections.abc import Callable

from langdetect import DetectorFactory, detect_langs

from benchmarks.quality.gold import GoldRow
from benchmarks.quality.judging import FIELDS, Gold, check, units, without_second_opinion
from benchmarks.quality.markdown import table

PASSAGES = 60  # of each language, twice: to warm up, and to measure

NOTE = """Rows of a question and a passage on one core, 600 others in each pass. The first
pass fills the memory of words and n-grams; the second is what a corpus of any size sees."""


def report(gold: Gold) -> str:
    """Return the section."""
    return f"## Throughput\n\n{NOTE}\n\n{without_second_opinion(lambda: throughput(gold))}"


def throughput(gold: Gold) -> str:
    """Return rows a second of the whole suite and of langdetect alone, in one run."""
    passes = [_rows(gold, 0), _rows(gold, PASSAGES)]
    DetectorFactory.seed = 0
    lines = []
    for name, run in (("langdetect alone", _detect), ("whole suite", _check)):
        run(passes[0][0])
        lines.append((name, *(_speed(rows, run) for rows in passes)))
    usual = lines[0][-1]
    return table(
        ["", "rows a second, first pass", "rows a second, second pass", "ratio"],
        [
            [name, f"{first:,.0f}", f"{second:,.0f}", f"**{second / usual:.1f}**"]
            for name, first, second in lines
        ],
    )


def _rows(gold: Gold, start: int) -> list[GoldRow]:
    rows = [
        row for found in gold.values() for row in units(found, "passage")[start : start + PASSAGES]
    ]
    random.Random(0).shuffle(rows)
    return rows


def _detect(row: GoldRow) -> None:
    for field in FIELDS:
        detect_langs(getattr(row, field)[1])


def _check(row: GoldRow) -> None:
    for field in FIELDS:
        check(row, field)


def _speed(rows: list[GoldRow], run: Callable[[GoldRow], None]) -> float:
    started = time.process_time()
    for row in rows:
        run(row)
    return len(rows) / (time.process_time() - started)
