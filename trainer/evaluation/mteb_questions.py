"""What each question of an MTEB retrieval task scored, from what mteb computes on the way."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.scoring import Scores

if TYPE_CHECKING:
    from mteb.abstasks.retrieval import AbsTaskRetrieval

# Names that trec_eval gives the metrics of a question; MRR@10 is computed here.
_METRICS: Final = {
    "map": "map_cut_1000",
    "ndcg@10": "ndcg_cut_10",
    "recall@1": "recall_1",
    "recall@10": "recall_10",
    "recall@100": "recall_100",
}
_DEPTH: Final = 10

Found = dict[str, dict[str, dict[str, float]]]
"""Our metrics by subset, then by question."""


class QuestionRecorder:
    """Notes what each question of a retrieval task scores while mteb evaluates the task.

    Args:
        task: The task.
    """

    def __init__(self, task: "AbsTaskRetrieval") -> None:
        self._found: dict[str, Found] = {}
        self._pass_on = task.task_specific_scores
        task.task_specific_scores = self._note  # type: ignore[method-assign]

    def _note(
        self,
        scores: dict[str, dict[str, float]],
        qrels: Mapping[str, Mapping[str, int]],
        results: dict[str, dict[str, float]],
        hf_split: str,
        hf_subset: str,
    ) -> Any:  # noqa: ANN401
        self._found.setdefault(hf_split, {})[hf_subset] = {
            question: {
                **{ours: of[theirs] for ours, theirs in _METRICS.items()},
                "mrr@10": _reciprocal_rank(results[question], qrels[question]),
            }
            for question, of in scores.items()
        }
        return self._pass_on(scores, qrels, results, hf_split=hf_split, hf_subset=hf_subset)

    def scores(self, split: str, settings: Mapping[str, tuple[str, str]]) -> Scores:
        """Return the scores of one split.

        Questions of different subsets that have the same id count as translations.

        Args:
            split: The split.
            settings: Our setting, and the name of the language or pair in it, of each subset.
        """
        found = self._found[split]
        ids = list(dict.fromkeys(name for by_question in found.values() for name in by_question))
        place = {name: number for number, name in enumerate(ids)}
        parts: dict[str, dict[str, QuestionScores]] = {}
        for subset, by_question in found.items():
            setting, name = settings[subset]
            metrics = next(iter(by_question.values()))
            parts.setdefault(setting, {})[name] = QuestionScores(
                np.array([place[question] for question in by_question], np.int64),
                {m: np.array([of[m] for of in by_question.values()]) for m in metrics},
            )
        return Scores(ids, parts, {}, None)


def _reciprocal_rank(ranked: Mapping[str, float], judged: Mapping[str, int]) -> float:
    """Return 1 / rank of the first relevant document, 0 beyond rank 10; ties as in trec_eval."""
    best = sorted(ranked.items(), key=lambda found: (found[1], found[0]), reverse=True)
    for rank, (document, _) in enumerate(best[:_DEPTH], start=1):
        if judged.get(document, 0) > 0:
            return 1 / rank
    return 0.0
