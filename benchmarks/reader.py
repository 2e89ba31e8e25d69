"""How long a corpus of five million rows takes to open, the first time and again, and in what RSS.

Synthetic shards as tandemqa writes them: 100,000 groups in 50 languages, each row a question of
about 60 and a passage of about 700 characters (words drawn at random from 50,000). Each opening
is measured in a process of its own: seconds, and the memory that is its own (anonymous) beside
pages of files that the kernel may drop. The baseline is `datasets.load_dataset` on the same files.

Run it from the root of the repository:
`.venv/bin/python benchmarks/reader.py --folder /tmp/reader [--baseline]`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from schemas.corpus_layout import MANIFEST_NAME, file_path  # noqa: E402
from schemas.identity import bucket, content_id  # noqa: E402
from schemas.language import LANGUAGES  # noqa: E402
from schemas.manifest import FileEntry, LanguageCounts, Manifest, SourceCounts  # noqa: E402
from schemas.row import ROW_SCHEMA, SCHEMA_VERSION  # noqa: E402

QUESTION_WORDS, PASSAGE_WORDS, WORDS = 9, 105, 50_000
BASE_WORDS = [np.base_repr(number * 7919, 36).lower() for number in range(WORDS)]
SHARDS = 2

OPEN = """
import resource, sys, time
import numpy as np
import datasets
from pathlib import Path
folder, cache, how = sys.argv[1:]

def memory():
    lines = Path("/proc/self/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines if "kB" in line}

if how == "datasets":
    datasets.disable_progress_bars()
else:
    from trainer.corpora.corpus import open_corpus
before, started = memory(), time.perf_counter()
if how == "datasets":
    files = sorted(str(path) for path in Path(folder).rglob("*.parquet"))
    table = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=cache)
else:
    table = open_corpus(folder, cache=Path(cache)).table
seconds, opened = time.perf_counter() - started, memory()
rows = np.random.default_rng(0).integers(0, len(table), (200, 256))
started = time.perf_counter()
for batch in rows:
    table[batch.tolist()]
access = (time.perf_counter() - started) / len(rows)
read = memory()
print(len(table), seconds, opened["RssAnon"] - before["RssAnon"], opened["VmHWM"],
      opened["RssFile"] - before["RssFile"], read["RssAnon"] - opened["RssAnon"], access * 1000)
"""


def sentences(generator: np.random.Generator, words: pa.Array, count: int, length: int) -> pa.Array:
    """Return texts of `length` random words."""
    chosen = words.take(pa.array(generator.integers(0, WORDS, count * length)))
    offsets = pa.array(np.arange(0, count * length + 1, length, dtype=np.int32))
    import pyarrow.compute as pc

    return pc.binary_join(pa.ListArray.from_arrays(offsets, chosen), " ")


def make_table(lang: str, ids: list[str], passages: list[str], number: int) -> pa.Table:
    """Return the rows of one shard; the columns that the reader does not need are short."""
    generator = np.random.default_rng(number)
    rows = len(ids)
    words = pa.array([f"{lang}{word}" for word in BASE_WORDS])
    known = {
        "group_id": pa.array(ids),
        "passage_id": pa.array(passages),
        "question": sentences(generator, words, rows, QUESTION_WORDS),
        "passage": sentences(generator, words, rows, PASSAGE_WORDS),
        "split": pa.repeat("train", rows),
        "dataset": pa.repeat("synthetic", rows),
        "lang": pa.repeat(lang, rows).dictionary_encode().cast(ROW_SCHEMA.field("lang").type),
        "mono": pa.repeat(pa.scalar(True), rows),
        "cross": pa.repeat(pa.scalar(True), rows),
    }
    columns = [known.get(field.name, _filler(field.type, rows)) for field in ROW_SCHEMA]
    return pa.Table.from_arrays(columns, schema=ROW_SCHEMA)


def _filler(kind: pa.DataType, rows: int) -> pa.Array:
    if pa.types.is_list(kind):
        offsets = pa.array(np.zeros(rows + 1, np.int32))
        return pa.ListArray.from_arrays(offsets, pa.array([], kind.value_type)).cast(kind)
    if pa.types.is_string(kind):
        return pa.repeat("", rows)
    return pa.repeat(pa.scalar(True), rows) if pa.types.is_boolean(kind) else pa.nulls(rows, kind)


def codes(languages: int) -> list[str]:
    """Return that many codes of languages, English first."""
    return list(dict.fromkeys(["en", *LANGUAGES]))[:languages]


def write_shards(folder: Path, groups: int, languages: int) -> Iterator[FileEntry]:
    """Write all shards and yield their entries in the manifest."""
    ids = sorted(content_id("group", str(number)) for number in range(groups))
    for shard in range(SHARDS):
        own = [name for name in ids if bucket(name, SHARDS) == shard]
        passages = [content_id(name[:3]) for name in own]
        for number in range(languages):
            lang = codes(languages)[number]
            path = folder / file_path(("row", "train", lang, shard, SHARDS))
            path.parent.mkdir(parents=True, exist_ok=True)
            table = make_table(lang, own, passages, number * SHARDS + shard)
            pq.write_table(table, path, compression="zstd", row_group_size=5_000)
            content = path.read_bytes()
            yield FileEntry(
                path=path.relative_to(folder).as_posix(), kind="row", split="train", lang=lang,
                rows=len(own), size=len(content), sha256=sha256(content).hexdigest(),
            )  # fmt: skip


def write_corpus(folder: Path, groups: int, languages: int) -> None:
    """Write a corpus, its manifest last."""
    manifest = Manifest(
        schema_version=SCHEMA_VERSION, tandemqa_version="0", seconds=0, config={}, shards=SHARDS,
        created=datetime.now(timezone.utc), languages=codes(languages), segments={}, versions={},
        counts={lang: LanguageCounts() for lang in codes(languages)},
        source=SourceCounts(read=groups, groups=groups), translators={}, calibration={},
        files=list(write_shards(folder, groups, languages)),
    )  # fmt: skip
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json(), encoding="utf-8")


def measure(folder: Path, cache: Path, how: str) -> list[float]:
    """Open the corpus in a new process and return what it measured."""
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(folder), str(cache), how],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    return [float(value) for value in done.stdout.split()]


def main() -> None:
    """Write the corpus where it is missing, and print a line for each way to open it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--groups", type=int, default=100_000)
    parser.add_argument("--languages", type=int, default=50)
    parser.add_argument("--baseline", action="store_true", help="also time datasets.load_dataset")
    options = parser.parse_args()
    corpus = options.folder / f"corpus-{options.groups}-{options.languages}"
    if not (corpus / MANIFEST_NAME).exists():
        started = time.perf_counter()
        write_corpus(corpus, options.groups, options.languages)
        print(f"wrote the shards in {time.perf_counter() - started:.0f} s")
    size = sum(f["size"] for f in json.loads((corpus / MANIFEST_NAME).read_text())["files"])
    print(f"{options.groups * options.languages:,} rows, {size / 2**30:.2f} GB of Parquet")
    print("opening                rows       s   own MB   peak RSS MB   mapped MB   ms/256 rows")
    ways = [("ours, first time", "ours"), ("ours, again", "ours")]
    if options.baseline:
        ways += [("datasets, first time", "datasets"), ("datasets, again", "datasets")]
    for label, how in ways:
        rows, seconds, own, peak, mapped, _, access = measure(corpus, options.folder / how, how)
        print(
            f"{label:<20} {rows:9,.0f} {seconds:7.2f} {own:8,.0f} {peak:13,.0f} {mapped:11,.0f} "
            f"{access:13.2f}"
        )


if __name__ == "__main__":
    main()
