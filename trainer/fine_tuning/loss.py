"""The loss: in-batch InfoNCE, plain or cached, over the batches of all processes."""

from functools import partial
from typing import Any, Final

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import (
    CachedMultipleNegativesRankingLoss,
    MatryoshkaLoss,
    MultipleNegativesRankingLoss,
)

from schemas.command import UsageError
from trainer.fine_tuning.loss_settings import USUAL_SCALE, LossSettings

_ONE_WAY: Final = ("query_to_doc",)
_BOTH_WAYS: Final = ("query_to_doc", "doc_to_query")


def make_loss(model: SentenceTransformer, settings: LossSettings, world: int) -> torch.nn.Module:
    """Return the loss.

    Args:
        model: The encoder.
        settings: What the loss is.
        world: Number of processes; negatives are gathered from all of them.

    Raises:
        UsageError: If a Matryoshka size is none that the model's embeddings can be cut to.
    """
    make: Any = MultipleNegativesRankingLoss
    if settings.cached:
        make = partial(CachedMultipleNegativesRankingLoss, mini_batch_size=settings.cached)
    loss: torch.nn.Module = make(
        model,
        scale=settings.scale or USUAL_SCALE,
        gather_across_devices=world > 1,
        directions=_BOTH_WAYS if settings.symmetric else _ONE_WAY,
        partition_mode="per_direction" if settings.symmetric else "joint",
    )
    if not settings.matryoshka:
        return loss
    full = int(model.get_embedding_dimension() or 0)
    wrong = [size for size in settings.matryoshka if not 0 < size < full]
    if wrong:
        raise UsageError(
            f"matryoshka size {wrong[0]}: wanted sizes below the model's {full} dimensions"
        )
    return MatryoshkaLoss(model, loss, [full, *sorted(settings.matryoshka, reverse=True)])
