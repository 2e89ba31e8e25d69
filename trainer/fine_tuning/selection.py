"""Choose the best checkpoint: score each on the dev pool."""

from typing import Final

from sentence_transformers import SentenceTransformer
from sentence_transformers.base.evaluation import BaseEvaluator

from schemas.model_prompts import Prompts
from trainer.benchmarks.benchmark import Benchmark
from trainer.encoder import Encoder
from trainer.evaluation.bias import RANK_DISTANCE
from trainer.evaluation.embeddings import embed
from trainer.evaluation.intervals import mean
from trainer.evaluation.measures import SETTINGS
from trainer.evaluation.scoring import score
from trainer.fine_tuning.averaging import WeightAverage

METRIC: Final = "eval_dev_multilingual_map"

_DECISIVE: Final = METRIC.removeprefix("eval_")


class DevPoolEvaluator(BaseEvaluator):
    """Scores a model on held-out groups in all their languages, by the mAP in their pool.

    The pool holds the passages of all languages, so that a model is chosen neither for English
    alone nor for one side of the trade-off between monolingual and cross-lingual search. With one
    language, the pool is that language's. What is scored is what would be saved: weights averaged
    with the untouched ones, if the run asks for it.
    """

    def __init__(self, benchmark: Benchmark, prompts: Prompts, average: WeightAverage) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.benchmark = benchmark
        self.prompts = prompts
        self.average = average
        self.primary_metric = _DECISIVE

    def __call__(  # type: ignore[override]  # the trainer's model is one
        self,
        model: SentenceTransformer,
        output_path: str | None = None,
        epoch: int = -1,
        steps: int = -1,
    ) -> dict[str, float]:
        """Return mAP by setting and the rank distance, by the names they are logged under."""
        with self.average.applied(model):
            scores = score(self.benchmark, embed(self.benchmark, Encoder(model, self.prompts)))
        metrics = {
            f"dev_{setting}_map": mean(list(scores.settings[setting].values()), "map")
            for setting in SETTINGS
            if scores.settings[setting]
        }
        metrics.setdefault(_DECISIVE, metrics["dev_monolingual_map"])
        if scores.bias:
            metrics["dev_rank_distance"] = mean(list(scores.bias.values()), RANK_DISTANCE)
        return metrics
