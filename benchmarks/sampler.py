"""How many batches a second the sampler draws, and what its index takes in memory.

400,000 groups in 50 languages, 20 % of the rows missing, five groups for each passage; batches of
64 pairs for one process, and of 8 x 64 for eight. Beside them, drawn in the same run, stands the
no-duplicates sampler of sentence-transformers, on the same pairs in one language (as it must
compare texts, it is given short ones), which knows neither translations nor other processes.

Run it from the root of the repository: `.venv/bin/python benchmarks/sampler.py [--groups N]`.
"""

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import torch
from sentence_transformers.base.sampler import NoDuplicatesBatchSampler

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from trainer.batches.batch_settings import BatchSettings  # noqa: E402
from trainer.batches.sampler import HybridBatchSampler  # noqa: E402

PAIRS = 64
MISSING = 0.2
GROUPS_OF_PASSAGE = 5
KINDS: dict[str, dict[str, object]] = {
    "mono": {"mono_ratio": 1.0},
    "mixed": {"mono_ratio": 0.0},
    "pair": {"mono_ratio": 0.0, "cross_mode": "pair"},
    "xx": {"mono_ratio": 0.0, "cross_mode": "xx"},
    "hybrid .5": {"mono_ratio": 0.5},
}


def make_index(groups: int, languages: int) -> datasets.Dataset:
    """Return the integer columns of a table, language by language."""
    generator = np.random.default_rng(0)
    has = generator.random((languages, groups), np.float32) >= MISSING
    lang, group = (places.astype(np.int32) for places in np.nonzero(has))
    ones = np.ones(len(group), np.int8)
    columns = {
        "group": group.astype(np.int64),
        "passage_group": (group // GROUPS_OF_PASSAGE).astype(np.int64),
        "lang": lang.astype(np.int16),
        "source": (group % 3).astype(np.int16),
        "mono": ones,
        "cross": ones,
    }
    return datasets.Dataset(pa.table(columns))


def batches_a_second(batches: Iterator[list[int]], count: int) -> float:
    """Return the rate of the next `count` batches, after a warm-up of a fifth."""
    for _ in islice(batches, count // 5):
        pass
    started = time.perf_counter()
    drawn = sum(1 for _ in islice(batches, count))
    return drawn / (time.perf_counter() - started)


def memory() -> float:
    """Return the resident memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def measure_stock(groups: int, count: int) -> float:
    """Return the rate of the stock sampler on one language's pairs."""
    texts = [f"passage {group // GROUPS_OF_PASSAGE}" for group in range(groups)]
    questions = [f"question {group}" for group in range(groups)]
    table = datasets.Dataset.from_dict({"question": questions, "passage": texts})
    sampler = NoDuplicatesBatchSampler(
        table, PAIRS, drop_last=True, generator=torch.Generator().manual_seed(0), seed=0
    )
    return batches_a_second(iter(sampler), count)


def main() -> None:
    """Print the rates and their ratio to the stock sampler's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--groups", type=int, default=400_000)
    parser.add_argument("--languages", type=int, default=50)
    parser.add_argument("--batches", type=int, default=5_000)
    options = parser.parse_args()
    stock = measure_stock(options.groups, min(options.batches, options.groups // PAIRS // 2))
    print(f"stock no-duplicates sampler, one language: {stock:,.0f} batches/s")
    table = make_index(options.groups, options.languages)
    print(f"{len(table):,} rows, {options.groups:,} groups, {options.languages} languages")
    print("batches     processes   batches/s   x stock   index s   index+decks MB")
    for processes in (1, 8):
        for name, kind in KINDS.items():
            before, started = memory(), time.perf_counter()
            settings = BatchSettings(batch_size=PAIRS * processes, **kind)
            steps = 2 * options.batches // processes
            sampler = HybridBatchSampler(
                table, PAIRS, settings=settings, steps=steps, processes=processes
            )
            seconds = time.perf_counter() - started
            batches = iter(sampler)
            rate = batches_a_second(batches, options.batches)
            print(
                f"{name:<10}  {processes:9}  {rate:10,.0f}  {rate / stock:8.1f}  {seconds:8.2f}  "
                f"{memory() - before:14,.0f}"
            )
            del sampler, batches


if __name__ == "__main__":
    main()
