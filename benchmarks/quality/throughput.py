"""How fast the checks are on one core, against langdetect alone on the same rows."""

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from langdetect import DetectorFactory, detect_langs

from benchmarks.quality.gold import GoldRow
from benchmarks.quality.judging import FIELDS, Gold, check, units, without_second_opinion
from benchmarks.quality.markdown import table
from translators.sentence_encoder import EncoderSettings, open_encoder, resolve_precision

PASSAGES = 60  # of each language, twice: to warm up, and to measure

NOTE = """Rows of a question and a passage on one core, 600 others in each pass. The first
pass fills the memory of words and n-grams; the second is what a corpus of any size sees."""


MEANING = """The meaning check by `{model}`, none of its embeddings kept: {speed:,.0f} rows a second
with {cores} cores, {precision}. A row is a question and the sentences of a passage, in {languages}
languages and once in English."""


def report(gold: Gold, encoder: str = "") -> str:
    """Return the section, with a sentence on the meaning check if an encoder is named."""
    found = f"## Throughput\n\n{NOTE}\n\n{without_second_opinion(lambda: throughput(gold))}"
    return f"{found}\n\n{_meaning(gold, encoder)}" if encoder else found


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


def _meaning(gold: Gold, name: str) -> str:
    """Return how many rows a second an encoder compares, by the clock: it has all cores."""
    settings = resolve_precision(EncoderSettings(name))
    encoder = open_encoder(settings)
    encoder.encode(["The first text is slow."])
    rows = [row for found in gold.values() for row in units(found, "passage")[:PASSAGES]]
    rows = [row for row in rows if row.sentence_map]
    started = time.perf_counter()
    encoder.encode(sorted({text for row in rows for text in _texts(row)}))
    return MEANING.format(
        model=Path(name).name,
        speed=len(rows) / (time.perf_counter() - started),
        cores=len(os.sched_getaffinity(0)),
        precision=settings.precision,
        languages=len(gold),
    )


def _texts(row: GoldRow) -> Iterator[str]:
    yield from row.question
    for a, b, c, d in row.sentence_map:
        yield row.passage[0][a:b]
        yield row.passage[1][c:d]


def _speed(rows: list[GoldRow], run: Callable[[GoldRow], None]) -> float:
    started = time.process_time()
    for row in rows:
        run(row)
    return len(rows) / (time.process_time() - started)
