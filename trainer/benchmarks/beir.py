"""Folders and zip files in the format of BEIR (Thakur et al. 2021) and its kin, in any language.

`corpus.jsonl` (`_id`, `title`, `text`), `queries.jsonl` (`_id`, `text`), `qrels/<split>.tsv`
(query-id, corpus-id, score): https://github.com/beir-cellar/beir/wiki/Load-your-custom-dataset
MTEB's retrieval sets on the hub, MIRACL, Mr. TyDi and MS MARCO are read as well.
"""

from collections.abc import Sequence
from pathlib import Path

from trainer.benchmarks.benchmark import Benchmark
from trainer.benchmarks.collection import read_collection
from trainer.benchmarks.judged_sets import make_benchmark


def read_beir(path: Path, languages: Sequence[str] = (), split: str | None = None) -> Benchmark:
    """Return a collection, or one with a folder for each language, as a benchmark.

    Languages with the very same ids and judgements are taken for translations of each other, and
    searched across languages and in one pool as well.

    Args:
        path: Its folder or zip file.
        languages: The language of its texts (English by default), or the languages to read.
        split: Which judgements; the first there is of test, validation and train.

    Raises:
        UsageError: If something is missing, not in the format, or contradicts itself.
    """
    sets = read_collection(path, languages, split)
    return make_benchmark(f"beir:{path.resolve().stem}", sets, may_be_parallel=True)
