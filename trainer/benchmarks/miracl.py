"""MIRACL (Zhang et al. 2023), dev: human judgements in 18 languages, each with its own Wikipedia.

By default with hard negatives: the 250 best documents of BM25 and two dense models for each
question, 2.45 million in all (mteb/MIRACLRetrievalHardNegatives). A folder may hold a copy of
these, or full languages as released: the repositories miracl/miracl and miracl/miracl-corpus,
side by side or in one. Titles are part of the documents (project-miracl/miracl, issue 18).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from schemas.collection_entries import parse_rows
from schemas.collection_files import ROLES, Role
from schemas.command import UsageError
from schemas.language import list_codes, select_languages
from trainer.benchmarks.benchmark import Benchmark
from trainer.benchmarks.collection import read_collection
from trainer.benchmarks.judged_sets import JudgedSet, SetBuilder, make_benchmark

LANGUAGES: Final = (
    *("ar", "bn", "de", "en", "es", "fa", "fi", "fr", "hi"),
    *("id", "ja", "ko", "ru", "sw", "te", "th", "yo", "zh"),
)
_HARD_NEGATIVES: Final = "mteb/MIRACLRetrievalHardNegatives"
_REVISION: Final = "d7d94fa4b946cec4a27c84653aa0cf6b33f74a3c"
_CONFIGS: Final[dict[Role, str]] = {
    "passages": "corpus",
    "queries": "queries",
    "judgements": "qrels",
}


def read_miracl(path: Path | None, languages: Sequence[str] = ()) -> Benchmark:
    """Return MIRACL dev.

    Args:
        path: A copy of mteb/MIRACLRetrievalHardNegatives (`hf download --repo-type dataset`)
            or of the released files; None takes the hard negatives from the hub.
        languages: Languages to read; all there are when empty.

    Raises:
        UsageError: If something is missing or not in the format.
    """
    if path is not None:
        return make_benchmark("miracl", read_collection(path, languages, "dev"))
    chosen, missing = select_languages(languages, LANGUAGES)
    if missing:
        raise UsageError(f"MIRACL is not in {list_codes(missing)}; it is in {', '.join(LANGUAGES)}")
    return make_benchmark("miracl", {lang: _download(lang) for lang in chosen})


def _download(lang: str) -> JudgedSet:
    builder = SetBuilder(f"{_HARD_NEGATIVES}, {lang}")
    for role in ROLES:
        config = f"{lang}-{_CONFIGS[role]}"
        builder.add(parse_rows(role, _download_part(config)), config, role)
    return builder.finish()


def _download_part(config: str) -> Iterator[dict[str, Any]]:
    from datasets import load_dataset

    try:
        splits = load_dataset(_HARD_NEGATIVES, config, revision=_REVISION)
    except (OSError, ValueError) as error:
        first = (str(error).splitlines() or [""])[0]
        raise UsageError(
            f"MIRACL {config} could not be downloaded: {first}. Without a network, name a folder "
            f"with a copy of {_HARD_NEGATIVES}: --data DIR"
        ) from error
    yield from splits["dev" if "dev" in splits else next(iter(splits))]
