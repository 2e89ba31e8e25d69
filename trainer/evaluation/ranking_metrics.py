"""What each question scores by each metric, from the ranks of its relevant candidates.

Definitions are those of trec_eval, at full depth: average precision is divided by the number of
all relevant candidates, and the gain of nDCG is the grade itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainer.evaluation.ranking import Ranks
from trainer.evaluation.similarity import Floats, Ints


@dataclass(frozen=True, slots=True)
class QuestionScores:
    """What questions scored.

    Attributes:
        ids: Place of each question's id among all ids of the benchmark.
        values: By metric or measure of bias; NaN for questions it does not apply to.
    """

    ids: Ints
    values: Mapping[str, Floats]


def measure(ranks: Ranks, questions: int) -> dict[str, Floats]:
    """Return each metric for each question; NaN for questions without relevant candidates.

    Args:
        ranks: Ranks of the relevant candidates in a pool.
        questions: Number of questions.
    """

    def per_question(values: Floats) -> Floats:
        summed: Floats = np.bincount(ranks.question, values, questions).astype(np.float64)
        return summed

    relevant = per_question(np.ones(len(ranks.rank)))
    relevant[relevant == 0] = np.nan
    in_ten = ranks.rank <= 10
    first = in_ten & (ranks.place == 1)
    return {
        "map": per_question(ranks.place / ranks.rank) / relevant,
        "ndcg@10": per_question(in_ten * ranks.grade / np.log2(1 + ranks.rank))
        / _ideal(ranks, questions),
        "mrr@10": per_question(first / ranks.rank) + 0 * relevant,
        **{
            f"recall@{depth}": per_question((ranks.rank <= depth).astype(np.float64)) / relevant
            for depth in (1, 10, 100)
        },
    }


def _ideal(ranks: Ranks, questions: int) -> Floats:
    """Return the gain of each question if its best ten were ranked first; NaN without any."""
    order = np.lexsort((-ranks.grade, ranks.question))
    grade = ranks.grade[order]
    gain = np.where(ranks.place <= 10, grade / np.log2(1 + ranks.place), 0)
    ideal = np.bincount(ranks.question, gain, questions).astype(np.float64)
    ideal[ideal == 0] = np.nan
    return ideal
