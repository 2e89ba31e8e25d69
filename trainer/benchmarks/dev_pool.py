"""The dev pool: groups of the corpus, in all their languages, that are held out of training."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions

if TYPE_CHECKING:
    from trainer.corpora.corpus import CorpusTable

MOST: Final = 0.1
"""Largest share of the groups that is held out."""

_SEED: Final = 0  # not that of the run: runs with other seeds are chosen on the same groups


def hold_out(corpus: "CorpusTable", groups: int) -> "tuple[CorpusTable, CorpusTable]":
    """Return what is left to train on, and the held-out groups.

    Whole passages are held out, with every group that asks about them.

    Args:
        corpus: The corpus to train on.
        groups: Groups to hold out, about; never more than `MOST` of all.
    """
    passage_of_row = corpus.column("passage_group")
    _, first = np.unique(corpus.column("group"), return_index=True)
    wanted = min(groups, int(len(first) * MOST))
    passages, sizes = np.unique(passage_of_row[first], return_counts=True)
    order = np.random.default_rng(_SEED).permutation(len(passages))
    chosen = order[np.cumsum(sizes[order]) <= wanted]
    held_out = np.isin(passage_of_row, passages[chosen])
    return _select(corpus, ~held_out), _select(corpus, held_out)


def make_dev_pool(corpus: "CorpusTable", groups: int) -> Benchmark:
    """Return groups as a benchmark: the answers to a question are its passages in all languages.

    Args:
        corpus: Held-out groups.
        groups: The most that are taken.
    """
    group, passage_group = corpus.column("group"), corpus.column("passage_group")
    some = np.unique(group)
    if len(some) > groups:
        some = np.random.default_rng(_SEED).choice(some, groups, replace=False)
        corpus = _select(corpus, np.isin(group, some))
        group, passage_group = corpus.column("group"), corpus.column("passage_group")
    lang_of_row = corpus.column("lang")
    questions, candidates = {}, {}
    found: dict[int, dict[str, int]] = {}
    for number, lang in enumerate(corpus.languages):
        of_lang = np.flatnonzero(lang_of_row == number)
        if not len(of_lang):
            continue
        questions[lang] = _questions(corpus, of_lang)
        candidates[lang] = _candidates(corpus, of_lang, lang)
        for passage, name in zip(candidates[lang].groups, candidates[lang].ids, strict=True):
            found.setdefault(int(passage), {})[name] = 1
    relevance = {
        str(name): found[passage]
        for name, passage in zip(group.tolist(), passage_group.tolist(), strict=True)
    }
    return Benchmark("dev", questions, candidates, relevance)


def _select(corpus: "CorpusTable", chosen: npt.NDArray[np.bool_]) -> "CorpusTable":
    return replace(corpus, table=corpus.table.select(np.flatnonzero(chosen)))


def _questions(corpus: "CorpusTable", rows: npt.NDArray[np.int64]) -> Questions:
    return Questions(
        ids=[str(group) for group in corpus.column("group")[rows].tolist()],
        texts=corpus.table[rows]["question"],
    )


def _candidates(corpus: "CorpusTable", rows: npt.NDArray[np.int64], lang: str) -> Candidates:
    passages, first = np.unique(corpus.column("passage_group")[rows], return_index=True)
    groups = [str(passage) for passage in passages.tolist()]
    return Candidates(
        ids=[f"{lang}:{passage}" for passage in groups],
        texts=corpus.table[rows[first]]["passage"],
        groups=groups,
    )
