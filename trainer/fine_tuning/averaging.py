"""Average trained weights with those of the untouched model, so that a good encoder stays one.

Fine-tuning for mixed pools costs a strong encoder some of its search within a language. Between
the untouched weights and the trained ones lie models that keep most of both (Wortsman et al. 2022,
arXiv:2109.01903).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import torch
from sentence_transformers import SentenceTransformer
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

_ADAPTER: Final = "lora_"
_ZERO_AT_FIRST: Final = "lora_B"


class WeightAverage(TrainerCallback):
    """Keeps the untouched weights of a model, and averages the trained ones with them at the end.

    Args:
        model: The model before training.
        share: Of the untouched weights in the average, from 0 to 1.
    """

    def __init__(self, model: SentenceTransformer, share: float) -> None:
        self._share = share
        self._untouched = {
            name: weights.detach().clone() for name, weights in _averaged(model) if share
        }

    def on_train_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Average; by now the model has the weights of the best checkpoint."""
        self.apply(kwargs["model"])

    @torch.no_grad()
    def apply(self, model: SentenceTransformer) -> None:
        """Replace the trained weights of a model by the average."""
        for name, weights in _averaged(model):
            if name in self._untouched:
                weights.lerp_(self._untouched[name].to(weights.device), self._share)

    @contextmanager
    def applied(self, model: SentenceTransformer) -> Iterator[None]:
        """Let a model have the average for a while, and its trained weights again afterwards."""
        trained = {
            name: weights.detach().clone()
            for name, weights in _averaged(model)
            if name in self._untouched
        }
        self.apply(model)
        try:
            yield
        finally:
            with torch.no_grad():
                for name, weights in _averaged(model):
                    if name in trained:
                        weights.copy_(trained[name])


def _averaged(model: SentenceTransformer) -> Iterator[tuple[str, torch.nn.Parameter]]:
    """Yield the trained weights; of adapters only the factor that is 0 before training.

    To average that factor alone averages their product; to average both would not.
    """
    for name, weights in model.named_parameters():
        if weights.requires_grad and (_ADAPTER not in name or _ZERO_AT_FIRST in name):
            yield name, weights
