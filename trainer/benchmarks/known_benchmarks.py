"""The benchmarks by name."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from schemas.command import UsageError
from trainer.benchmarks.benchmark import Benchmark

NAMES: Final = ("xquad-r", "mlqa-r", "corpus", "beir", "miracl")
MTEB: Final = "mteb:"
_WITH_SPLITS: Final = ("corpus", "beir")


def check_name(name: str, split: str | None = None) -> None:
    """Raise UsageError unless there is a benchmark of that name, with splits where one is given."""
    if name not in NAMES and not name.startswith(MTEB):
        raise UsageError(f"--benchmark {name}: wanted {', '.join(NAMES)} or {MTEB}TASK")
    if split and name in NAMES and name not in _WITH_SPLITS:
        raise UsageError(f"--split {split}: {name} has one set of questions; leave it out")


def open_benchmark(
    name: str, data: Path | None, languages: Sequence[str] = (), split: str | None = None
) -> Benchmark:
    """Return a benchmark.

    Args:
        name: Of `NAMES`.
        data: Its folder; only `miracl` can do without.
        languages: Languages to read; all there are when empty.
        split: Which split, of benchmarks that have several.

    Raises:
        UsageError: If there is none of that name or split, or its data are missing or wrong.
    """
    check_name(name, split)
    if name == "miracl":
        from trainer.benchmarks.miracl import read_miracl

        return read_miracl(data, languages)
    if data is None:
        raise UsageError(f"--data: needed, the folder of {name}")
    if not data.exists():
        raise UsageError(f"--data {data}: not there")
    if name == "beir":
        from trainer.benchmarks.beir import read_beir

        return read_beir(data, languages, split)
    if name == "corpus":
        return _open_held_out(data, languages, split)
    from trainer.benchmarks.lareqa import read_lareqa

    return read_lareqa(name, data, languages)


def _open_held_out(data: Path, languages: Sequence[str], split: str | None) -> Benchmark:
    """Return the held-out split of a corpus: its test split by default, else validation."""
    from trainer.benchmarks.dev_pool import make_dev_pool
    from trainer.corpora.corpus import open_corpus

    there = [name for name in ("test", "validation") if (data / "data" / name).exists()]
    corpus = open_corpus(data, split=split or (there or ["test"])[0], languages=languages or None)
    return replace(make_dev_pool(corpus, len(corpus.table)), name="corpus")
