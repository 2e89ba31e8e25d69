"""A cross-encoder: it reads question and passage together."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from schemas.command import UsageError
from trainer.encoder import hash_model, load_cross_encoder, refuse_broken
from trainer.model_settings import ModelSettings


class CrossEncoder:
    """A cross-encoder with one score for a pair.

    Raises:
        UsageError: If it cannot be loaded, or gives several scores.
    """

    def __init__(self, settings: ModelSettings) -> None:
        self.model = load_cross_encoder(settings)
        if self.model.num_labels != 1:
            raise UsageError(
                f"--teacher {settings.model}: gives {self.model.num_labels} scores for a question "
                "and a passage (it classifies them); wanted a model that gives one"
            )

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that decides the scores: weights and tokenizer."""
        return hash_model(self.model, str(self.model.max_seq_length))

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return a score for each question and passage: the logit, which has no bounds."""
        import torch

        scores: NDArray[np.float32] = self.model.predict(
            list(pairs),
            activation_fn=torch.nn.Identity(),
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        refuse_broken(scores[:, None], pairs)
        return scores.astype(np.float32, copy=False)
