"""How fast input files are read into records, and in how much memory, beside `datasets`.

    python benchmarks/reading.py --folder /tmp/reading --size 1000

Writes a JSONL and a CSV file of --size MB with passages of about 700 characters, then reads each in
processes of their own: with tandemqa, record by record, and with `datasets.load_dataset`, which
converts the file to Arrow in an empty cache, with and without a look at every row afterwards.
"""

import argparse
import csv
import json
import multiprocessing
import random
import resource
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

WORDS = [
    *("river", "museum", "town", "station", "old", "bridge", "water", "people", "light"),
    *("a", "the", "of", "in", "and", "was", "which"),
]
FORMATS = ("jsonl", "csv")


def write_files(folder: Path, megabytes: int) -> None:
    """Write the files unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for format in FORMATS:
        path = folder / f"input.{format}"
        if path.exists() and path.stat().st_size >= megabytes * 1_000_000:
            continue
        with path.open("w", encoding="utf-8", newline="") as file:
            write = _write_json(file) if format == "jsonl" else _write_csv(file)
            number = 0
            while file.tell() < megabytes * 1_000_000:
                for _ in range(1000):
                    write(number)
                    number += 1


def _record(number: int) -> dict[str, str]:
    dice = random.Random(number)
    passage = [" ".join(dice.choices(WORDS, k=14)).capitalize() for _ in range(9)]
    ends = dice.choices([". ", ", “said” the café. ", '. "So," he said. '], k=9)
    return {
        "id": f"r{number}",
        "question": f"Where is the {dice.choice(WORDS)} number {number}?",
        "context": "".join(sentence + end for sentence, end in zip(passage, ends, strict=True)),
        "title": f"Page {number % 1000}",
        "answer": passage[0].split()[-1],
    }


def _write_json(file: TextIO) -> Callable[[int], None]:
    return lambda number: file.write(json.dumps(_record(number), ensure_ascii=False) + "\n")


def _write_csv(file: TextIO) -> Callable[[int], None]:
    writer = csv.DictWriter(file, list(_record(0)))
    writer.writeheader()
    return lambda number: writer.writerow(_record(number))


def read_ours(path: Path) -> int:
    """Return the number of records that tandemqa reads."""
    from pipelines.ingest.read import read_unit
    from pipelines.ingest.source import parse_source
    from schemas.record import Record

    source = parse_source(str(path))
    return sum(isinstance(result, Record) for result in read_unit(source, str(path)))


def read_datasets(path: Path, look: bool) -> int:
    """Return the number of rows that `datasets` loads; `look` goes through them afterwards."""
    import datasets

    datasets.disable_progress_bars()
    cache = path.parent / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    kind = "json" if path.suffix == ".jsonl" else "csv"
    rows = datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(cache))
    return sum(1 for _ in rows) if look else len(rows)


READERS: dict[str, Callable[[Path], int]] = {
    "tandemqa": read_ours,
    "load_dataset": lambda path: read_datasets(path, look=False),
    "load_dataset, every row": lambda path: read_datasets(path, look=True),
}


def measure(reader: str, path: Path) -> tuple[float, float, int]:
    """Return seconds, peak memory in MB and rows of one reader in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure_here, (reader, path))


def _measure_here(reader: str, path: Path) -> tuple[float, float, int]:
    small = path.with_name(f"small{path.suffix}")
    with path.open("rb") as file:
        small.write_bytes(b"".join(file.readline() for _ in range(200)))
    READERS[reader](small)  # imports are not what is measured
    before = _peak()
    started = time.perf_counter()
    rows = READERS[reader](path)
    return time.perf_counter() - started, _peak() - before, rows


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    """Print a table of both files and all readers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--size", type=int, default=1000, help="MB of each file")
    options = parser.parse_args()
    write_files(options.folder, options.size)
    print("| file | reader | s | MB/s | memory added | rows |\n|---|---|---|---|---|---|")
    for format in FORMATS:
        path = options.folder / f"input.{format}"
        for reader in READERS:
            seconds, memory, rows = measure(reader, path)
            speed = path.stat().st_size / 1e6 / seconds
            print(f"| {path.suffix[1:]} | {reader} | {seconds:.1f} | {speed:.0f} | "
                  f"{memory:.0f} MB | {rows:,} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
