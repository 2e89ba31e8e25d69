"""Choose the best checkpoint: score each on the dev pool."""

from typing import Final

from sentence_transformers import SentenceTransformer
from sentence_transformers.base.evaluation import BaseEvaluator

from trainer.benchmark import Benchmark
from trainer.encoder import Prompts

METRIC: Final = "eval_dev_multilingual_map"


class DevPoolEvaluator(BaseEvaluator):
    """Scores a model on held-out groups, in all their languages; the pool's mAP decides.

    The pool holds the passages of all languages, so that a model is chosen neither for English
    alone nor for one side of the trade-off between monolingual and cross-lingual search.
    """

    def __init__(self, benchmark: Benchmark, prompts: Prompts) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.benchmark = benchmark
        self.prompts = prompts
        self.primary_metric = METRIC.removeprefix("eval_")

    def __call__(  # type: ignore[override]  # the trainer's model is one
        self,
        model: SentenceTransformer,
        output_path: str | None = None,
        epoch: int = -1,
        steps: int = -1,
    ) -> dict[str, float]:
        """Return the scores, by the names they are logged under."""
        raise NotImplementedError
