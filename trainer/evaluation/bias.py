"""How far the results in a multilingual pool depend on languages, question by question."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from trainer.benchmarks.benchmark import Benchmark
from trainer.evaluation.ranking import TOP, Ranking
from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.similarity import TOLERANCE, Floats, Ints

RANK_DISTANCE: Final = "rank_distance"
SAME_LANGUAGE: Final = "same_language_share@10"
PREFERENCE: Final = "language_preference_rate"
CONSISTENCY: Final = "consistency@10"
COPIES: Final = "copies"


def measure_bias(benchmark: Benchmark, lang: str, ranking: Ranking) -> dict[str, Floats]:
    """Return the measures of one language's questions; NaN where one does not apply.

    `rank_distance`: how far the worst of the parallel copies of what is relevant ranks behind the
    best (2408.10536, footnote 6). `same_language_share@10`: share of the ten best candidates that
    are in the question's language. `language_preference_rate`: whether the copy in the question's
    language scores highest of all copies, ties shared (2605.07249). `copies`: languages with a
    relevant candidate.

    Args:
        benchmark: The benchmark.
        lang: Language of the questions.
        ranking: What they found.
    """
    langs = list(benchmark.candidates)
    questions = len(benchmark.questions[lang].ids)
    own = langs.index(lang) if lang in langs else -1
    relevant = ranking.relevant
    ranks = relevant.ranks(range(len(langs)))
    rank = np.full((questions, len(langs)), np.inf)
    np.minimum.at(rank, (ranks.question, ranks.lang), ranks.rank)
    score = np.full((questions, len(langs)), -np.inf)
    np.maximum.at(score, (relevant.question, relevant.lang), relevant.score)
    found = np.isfinite(rank)
    copies = found.sum(1)
    several = copies > 1
    distance = np.where(found, rank, -np.inf).max(1) - rank.min(1)
    best = score >= score.max(1, keepdims=True) - TOLERANCE
    preferred = best[:, own] / best.sum(1)
    lang_of_top = _language_of(benchmark)[ranking.top]
    share = (lang_of_top == own).sum(1) / (ranking.top >= 0).sum(1)
    return {
        RANK_DISTANCE: np.where(several, distance, np.nan),
        SAME_LANGUAGE: share if own >= 0 else np.full(questions, np.nan),
        PREFERENCE: np.where(several & found[:, own] & (own >= 0), preferred, np.nan),
        COPIES: copies.astype(np.float64),
    }


def measure_consistency(
    benchmark: Benchmark, tops: Mapping[str, tuple[Ints, Ints]], ids: int
) -> QuestionScores:
    """Return the share of the ten best candidates that stay when a question's language changes.

    Candidates are compared by their group: parallel copies are the same. The overlap of two
    languages' ten best is averaged over all pairs of languages that ask the question.

    Args:
        benchmark: The benchmark.
        tops: By question language: places of the ids, and the best candidates of each.
        ids: Number of question ids.
    """
    groups = _groups(benchmark)
    content = {
        lang: (asked, _number_copies(groups[top], top)) for lang, (asked, top) in tops.items()
    }
    total, pairs = np.zeros(ids), np.zeros(ids)
    for (left_ids, left), (right_ids, right) in combinations(content.values(), 2):
        shared, left_rows, right_rows = np.intersect1d(left_ids, right_ids, return_indices=True)
        same = (left[left_rows][:, :, None] == right[right_rows][:, None, :]).any(2)
        total[shared] += same.sum(1) / TOP
        pairs[shared] += 1
    pairs[pairs == 0] = np.nan
    return QuestionScores(np.arange(ids), {CONSISTENCY: total / pairs})


def unbiased(benchmark: Benchmark, copies: Sequence[Floats]) -> dict[str, float]:
    """Return the averages of the measures if language did not matter at all.

    Args:
        benchmark: The benchmark.
        copies: For each question language, the number of languages with a copy.
    """
    sizes = {lang: len(of_lang.ids) for lang, of_lang in benchmark.candidates.items()}
    own = [sizes[lang] / sum(sizes.values()) for lang in benchmark.questions if lang in sizes]
    chance = [float(np.mean(1 / number[number > 1])) for number in copies if (number > 1).any()]
    return {SAME_LANGUAGE: float(np.mean(own)), PREFERENCE: float(np.mean(chance))}


def _language_of(benchmark: Benchmark) -> Ints:
    """Return the place of the language of each candidate of the pool."""
    sizes = [len(of_lang.ids) for of_lang in benchmark.candidates.values()]
    return np.repeat(np.arange(len(sizes)), sizes)


def _groups(benchmark: Benchmark) -> Ints:
    """Return a number for the group of each candidate of the pool."""
    names = [name for of_lang in benchmark.candidates.values() for name in of_lang.groups]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], np.int64)


def _number_copies(groups: Ints, top: Ints) -> Ints:
    """Return a key for each candidate of a top list that no other one in the list has.

    A group's first, second, third ... candidate in one list answers to its first, second, third
    in another one, and an empty place to an empty one.
    """
    earlier = np.tril(groups[:, :, None] == groups[:, None, :], -1).sum(2)
    keys: Ints = groups * TOP + earlier
    return np.where(top >= 0, keys, -1 - np.arange(top.shape[1]))
