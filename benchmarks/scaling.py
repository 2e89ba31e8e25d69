"""How a build grows with records and languages, and what 8.8 million passages would take.

(a) measured: time, shuffle bytes, memory and storage of small builds with Apertium, a first one
    that translates and a second one that finds everything in the translation memory; the second
    is what a build costs beside its translator.
(b) fitted: y = once + per record + per record and language, by least squares.
(c) MS MARCO: the fit scaled to its texts, and GPU hours from rates that others have published.

Run it from the root of the repository: `.venv/bin/python benchmarks/scaling.py`. CPU time is taken,
not the clock, so that a busy machine does not matter.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.build import make_records, write_records  # noqa: E402
from benchmarks.process_tree import measure  # noqa: E402

SIZES = (200, 400, 800)
SHUFFLED = "shuffled.txt"  # what a build tells of itself
LANGUAGES = ("es", "es,ca", "es,ca,gl,pt")

# MS MARCO passage ranking: https://microsoft.github.io/msmarco; 56 words a passage is the figure
# of Nguyen et al. 2016. Tokens for each English word: what NLLB and OPUS-MT make of European text.
PASSAGES, PASSAGE_WORDS, TOKENS_PER_WORD = 8_841_823, 56, 1.4

# Target tokens a second on one GPU, or passages where that was published.
RATES = (
    ("OPUS-MT, A10G, CTranslate2 float16, beam 4 (CTranslate2's README)", 9_296.3),
    ("transformer-big, RTX 4090, CTranslate2, beam 4 (mozilla/translations #1039)", 40_381.0),
    ("OPUS-MT, V100, transformers, batches of 12, beam 5 (mMARCO: 80 h a language)",
     PASSAGES * PASSAGE_WORDS * TOKENS_PER_WORD / (80 * 3600)),
    ("NLLB-600M, A10G: an estimate, the first rate over 8 (weights read for each token)", 1_160.0),
)  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """One build.

    Attributes:
        records: English records.
        languages: Target languages.
        cores: Processes that worked at the same time.
        seconds: From start to end.
        cpu: CPU seconds of all its processes.
        shuffled: Bytes that went into a shuffle, encoded.
        peak: Most memory of all its processes together, in bytes; what they share counts once.
        corpus: Bytes of shards and quarantine.
        memory: Bytes of the translation memory.
    """

    records: int
    languages: int
    cores: int
    seconds: float
    cpu: float
    shuffled: int
    peak: int
    corpus: int
    memory: int


@contextlib.contextmanager
def counted_shuffle() -> Iterator[list[int]]:
    """Count the bytes that the local runner groups by key."""
    from pipelines.local.buffers import SpilledGroups

    sizes = [0]
    put = SpilledGroups.put

    def count(self: SpilledGroups, part: int, elements: bytes) -> None:
        sizes[0] += len(elements)
        put(self, part, elements)

    SpilledGroups.put = count
    try:
        yield sizes
    finally:
        SpilledGroups.put = put


def build_here(source: str, languages: str, place: Path, cores: int) -> None:
    """Build in this process and write down what was shuffled."""
    from tandemqa import run

    places = ["--output", str(place / "corpus"), "--memory", str(place / "memory"), "--overwrite"]
    with counted_shuffle() as shuffled, contextlib.redirect_stdout(io.StringIO()):
        command = ["build", "--input", source, "--languages", languages, *places, "--quiet"]
        run([*command, "--", f"--direct_num_workers={cores}"])
    (place / SHUFFLED).write_text(str(shuffled[0]))


def folder_size(folder: Path) -> int:
    """Return the bytes of the Parquet files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


def measure_build(source: Path, languages: str, place: Path, records: int, cores: int) -> Measured:
    """Build in a process of its own, so that nothing of an earlier build is counted."""
    build = ["--build", str(source), languages, str(place), str(cores)]
    cost = measure([sys.executable, __file__, *build], ROOT)
    return Measured(
        records=records,
        languages=len(languages.split(",")),
        cores=cores,
        seconds=cost.seconds,
        cpu=cost.cpu_seconds,
        shuffled=int((place / SHUFFLED).read_text()),
        peak=round(cost.megabytes * 2**20),
        corpus=folder_size(place / "corpus"),
        memory=folder_size(place / "memory"),
    )


def fit(builds: list[Measured], name: str) -> tuple[float, float, float]:
    """Return what a quantity costs once, per record, and per record and language."""
    rows = [[1, b.records, b.records * b.languages] for b in builds]
    values = [getattr(b, name) for b in builds]
    return tuple(np.linalg.lstsq(np.array(rows, float), np.array(values, float), rcond=None)[0])


def print_builds(title: str, builds: list[Measured]) -> None:
    """Print one line for each build."""
    print(f"(a) {title}")
    print(
        "    records languages cores  seconds   CPU s  shuffled MB    peak MB  corpus MB  memory MB"
    )
    for b in builds:
        times = f"{b.records:7,} {b.languages:9} {b.cores:5} {b.seconds:8.1f} {b.cpu:7.1f}"
        sizes = "".join(f"{size / 1e6:11.2f}" for size in (b.peak, b.corpus, b.memory))
        print(f"    {times} {b.shuffled / 1e6:12.2f}{sizes}")


def extrapolate(builds: list[Measured], languages: int, words: float) -> None:
    """Print what MS MARCO into so many languages takes.

    Args:
        builds: Builds that found everything in the memory.
        languages: Target languages.
        words: English words in a record of the builds.
    """
    share = PASSAGE_WORDS / words

    def total(name: str) -> float:
        _, record, each = fit(builds, name)
        return share * PASSAGES * (record + each * languages)

    print(f"    {languages} languages: beside the translator {total('cpu') / 3600:,.0f} CPU hours,")
    print(
        f"      {total('shuffled') / 1e12:.2f} TB shuffled, corpus {total('corpus') / 1e9:,.0f} GB,"
    )
    print(f"      translation memory {total('memory') / 1e9:,.0f} GB")
    tokens = PASSAGES * PASSAGE_WORDS * TOKENS_PER_WORD * languages
    for source, rate in RATES:
        print(f"      {tokens / rate / 3600:9,.0f} GPU hours  {source}")


def main() -> None:
    """Measure, fit and extrapolate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        source, languages, place, cores = options.build
        build_here(source, languages, Path(place), int(cores))
        return
    all_cores = os.cpu_count() or 1
    first, second, alone = [], [], []
    with tempfile.TemporaryDirectory() as name:
        for size in SIZES:
            source = write_records(Path(name) / f"{size}.jsonl", size)
            for languages in LANGUAGES:
                place = Path(name) / f"{size}-{languages}"
                first.append(measure_build(source, languages, place, size, all_cores))
                second.append(measure_build(source, languages, place, size, all_cores))
                alone.append(measure_build(source, languages, place, size, 1))
    print_builds("first build, Apertium translates", first)
    print_builds("second build, everything is in the memory", second)
    print_builds("second build with one core", alone)
    words = np.mean([len((r["passage"] + " " + r["question"]).split()) for r in make_records(200)])
    print(f"(b) fits of the second, records of {words:.0f} English words")
    for quantity in ("cpu", "shuffled", "corpus", "memory", "peak"):
        once, record, each = fit(second, quantity)
        print(
            f"    {quantity:9} {once:14,.4g} once {record:12,.4g} a record {each:12,.4g} a language"
        )
    print(f"(c) MS MARCO, {PASSAGES:,} passages of {PASSAGE_WORDS} words")
    for count in (14, 50):
        extrapolate(second, count, float(words))


if __name__ == "__main__":
    main()
