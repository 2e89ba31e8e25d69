"""InfoNCE, and beside it how far the similarities of a batch are from a teacher's scores.

The teacher has read English only. Since all languages of a group have the same question and
passage, its scores hold for every pair of languages that a batch is made of (translate-distil,
Yang et al. 2024, arXiv:2401.04810). Followed is the whole list of a question's candidates, as a
distribution.
"""
# ruff: noqa: ANN401  # the parents' signatures

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
import torch.nn.functional as F
from sentence_transformers.sentence_transformer.losses import (
    CachedMultipleNegativesRankingLoss,
    MultipleNegativesRankingLoss,
)
from sentence_transformers.util import cos_sim
from sentence_transformers.util.distributed import all_gather, all_gather_with_grad

from trainer.teaching.teacher import Teacher

_UNKNOWN: Final = -1e4  # as a logit, it has no probability, and 0 times its difference is 0


@dataclass(frozen=True, eq=False)
class TeacherLoss:
    """The distance between the distributions of teacher and student over candidates.

    Attributes:
        teacher: The teacher.
        scale: Inverse temperature of the student's cosines.
        gather: Whether candidates come from all processes.
    """

    teacher: Teacher
    scale: float
    gather: bool = False

    def by_piece(
        self, embeddings: Sequence[torch.Tensor], groups: torch.Tensor, size: int
    ) -> Iterator[torch.Tensor]:
        """Yield the loss in pieces that add up to it, each of some questions.

        Args:
            embeddings: Of the questions, of their passages, and of the negatives of each.
            groups: Numbers of the groups: (pairs, passage and negatives).
            size: Questions in a piece.
        """
        questions, *columns = embeddings
        asked = groups[:, 0]
        if self.gather:
            columns = [all_gather_with_grad(column) for column in columns]
            groups = all_gather(groups.contiguous())
        candidates, given = torch.cat(columns), groups.T.flatten().cpu().numpy()
        for start in range(0, len(questions), size):
            piece = slice(start, start + size)
            scores = self.teacher.scores.between(asked[piece].cpu().numpy(), given)
            found = cos_sim(questions[piece], candidates).float()
            distance = self._distance(found, torch.from_numpy(scores).to(found.device))
            yield self.teacher.weight * distance / len(questions)

    def _distance(self, found: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Return the sum of the questions' Kullback-Leibler divergences over known candidates."""
        unknown = wanted.isnan()
        student = (self.scale * found).masked_fill(unknown, _UNKNOWN).log_softmax(dim=1)
        teacher = (self.teacher.scale * wanted).masked_fill(unknown, _UNKNOWN).log_softmax(dim=1)
        return F.kl_div(student, teacher, reduction="sum", log_target=True)


class TaughtLoss(MultipleNegativesRankingLoss):
    """InfoNCE and the loss of a teacher; labels are the numbers of the groups."""

    def __init__(self, *args: Any, teaching: TeacherLoss, **options: Any) -> None:
        super().__init__(*args, **options)
        self.teaching = teaching

    def compute_loss_from_embeddings(
        self, embeddings: list[torch.Tensor], labels: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss of a batch."""
        own = super().compute_loss_from_embeddings(embeddings, labels)
        (taught,) = self.teaching.by_piece(embeddings, labels, len(embeddings[0]))
        return own + taught


class CachedTaughtLoss(CachedMultipleNegativesRankingLoss):
    """The same in pieces, for batches beyond the memory."""

    def __init__(self, *args: Any, teaching: TeacherLoss, **options: Any) -> None:
        super().__init__(*args, **options)
        self.teaching = teaching

    def calculate_loss(
        self, reps: list[list[torch.Tensor]], labels: Any = None, *, with_backward: bool = False
    ) -> torch.Tensor:
        """Return the loss of a batch; its gradients are those of the embeddings."""
        loss = super().calculate_loss(reps, labels, with_backward=with_backward)
        embeddings = [torch.cat(pieces) for pieces in reps]
        for piece in self.teaching.by_piece(embeddings, labels, self.mini_batch_size):
            if with_backward:
                piece.backward()  # type: ignore[no-untyped-call]
            loss = loss + (piece.detach() if with_backward else piece)
        return loss
