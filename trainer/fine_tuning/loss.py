"""The loss: in-batch InfoNCE, plain or cached, over the batches of all processes.

With a teacher, the distance to its scores is added; see `trainer.teaching.teacher_loss`.
"""

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
from schemas.model_families import USUAL_SCALE
from trainer.fine_tuning.loss_settings import LossSettings
from trainer.teaching.teacher import Teacher
from trainer.teaching.teacher_loss import CachedTaughtLoss, TaughtLoss, TeacherLoss

_ONE_WAY: Final = ("query_to_doc",)
_BOTH_WAYS: Final = ("query_to_doc", "doc_to_query")


def make_loss(
    model: SentenceTransformer, settings: LossSettings, world: int, teacher: Teacher | None = None
) -> torch.nn.Module:
    """Return the loss.

    Args:
        model: The encoder.
        settings: What the loss is.
        world: Number of processes; negatives are gathered from all of them.
        teacher: Whose scores to follow.

    Raises:
        UsageError: If a Matryoshka size is none that the model's embeddings can be cut to.
    """
    scale = settings.scale or USUAL_SCALE
    make: Any = TaughtLoss if teacher else MultipleNegativesRankingLoss
    if settings.cached:
        kind = CachedTaughtLoss if teacher else CachedMultipleNegativesRankingLoss
        make = partial(kind, mini_batch_size=settings.cached)
    if teacher:
        make = partial(make, teaching=TeacherLoss(teacher, scale, gather=world > 1))
    loss: torch.nn.Module = make(
        model,
        scale=scale,
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
