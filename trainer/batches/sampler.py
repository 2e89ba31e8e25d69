"""The batch sampler: rows of the corpus table for every batch of a run."""

import logging
from collections.abc import Iterator, Sequence
from typing import NoReturn, Protocol

import datasets
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import BatchSampler

from schemas.command import UsageError
from trainer.batches.batch_settings import BatchSettings
from trainer.batches.batch_stream import BatchStream
from trainer.batches.group_table import GroupTable
from trainer.batches.language_weights import weigh_languages
from trainer.corpora.int_columns import Ints

_log = logging.getLogger(__name__)

_NEGATIVES = 2  # stream of random numbers, beside those of batch_stream


class DrawsNegatives(Protocol):
    """Where hard negatives come from."""

    per_pair: int

    def draw(
        self,
        questions: NDArray[np.int64],
        passages: NDArray[np.int64],
        generator: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Return (per_pair, pairs) rows whose passages are negatives of the pairs."""


class HybridBatchSampler(BatchSampler):
    """Rows of one table for all batches of a run: questions, then passages, then negatives.

    Give the class to the trainer, as `partial(HybridBatchSampler, settings=..., steps=...)`; an
    instance would be silently ignored by most trainers, and is refused here.

    The whole run is one epoch. Each step is one global batch, cut into one batch for each
    process, which follow each other: that is how accelerate deals them out. The sequence does not
    depend on the number of processes, and starts from the beginning with each iteration, so that a
    resumed run that skips what it has seen continues exactly where it stopped.

    Attributes:
        batch_size: Rows in a batch of one process: pairs * (2 + negatives for each pair).
        too_few: Languages (`es`) and pairs (`en-es`) that are never drawn, and how many groups
            they have that may be in one batch.
    """

    def __init__(
        self,
        dataset: datasets.Dataset,
        batch_size: int,
        drop_last: bool = True,
        valid_label_columns: Sequence[str] | None = None,
        generator: torch.Generator | None = None,
        seed: int | None = None,
        *,
        settings: BatchSettings,
        steps: int,
        processes: int | None = None,
        negatives: DrawsNegatives | None = None,
        languages: Sequence[str] = (),
    ) -> None:
        """Index the table.

        Args:
            dataset: Table of a `CorpusTable`.
            batch_size: Pairs in a batch of one process (what the trainer calls
                `per_device_train_batch_size`).
            drop_last: All batches are whole; not used.
            valid_label_columns: There are no labels; not used.
            generator: Not used; the trainer's has no state that could be resumed.
            seed: The trainer's seed, which must be that of the settings; None is not checked.
            settings: How batches are drawn.
            steps: Global batches in the run: optimizer steps * gradient accumulation.
            processes: That share each global batch; by default those of torch.distributed.
            negatives: Hard negatives to add to each pair.
            languages: Names of the language codes, to warn of those that are never drawn.

        Raises:
            UsageError: If table, settings and trainer do not fit together.
        """
        self._processes = _count_processes() if processes is None else processes
        _check(settings, batch_size, self._processes, steps, seed)
        self.settings = settings
        self.steps = steps
        self.drop_last = True
        self._pairs = batch_size
        self._negatives = negatives
        self.batch_size = batch_size * (2 + (negatives.per_pair if negatives else 0))
        self._table = GroupTable.of(dataset)
        self.weights = weigh_languages(self._table, settings)
        self.too_few = {
            "-".join(languages[lang] if languages else str(lang) for lang in langs): groups
            for langs, groups in self.weights.too_few.items()
        }
        self._warn_of_too_few()

    def __call__(self, *arguments: object, **options: object) -> NoReturn:
        """Refuse to serve as a factory of samplers, which only the class can."""
        raise TypeError(
            "batch_sampler is an instance of HybridBatchSampler; give the class: "
            "partial(HybridBatchSampler, settings=..., steps=...)"
        )

    def __len__(self) -> int:
        return self.steps * self._processes

    def __iter__(self) -> Iterator[list[int]]:
        generator = np.random.default_rng([self.settings.seed, _NEGATIVES])
        for batch in BatchStream(self._table, self.weights, self.settings).draw(self.steps):
            roles: list[Ints] = [batch.questions, batch.passages]
            if self._negatives:
                pairs = batch.questions.astype(np.int64), batch.passages.astype(np.int64)
                roles += list(self._negatives.draw(*pairs, generator))
            rows = np.stack(roles)
            for start in range(0, rows.shape[1], self._pairs):
                yield rows[:, start : start + self._pairs].ravel().tolist()

    def _warn_of_too_few(self) -> None:
        if self.too_few:
            _log.warning(
                "never drawn, since fewer than %s of their groups have distinct passages and "
                "questions: %s",
                self.settings.batch_size,
                ", ".join(f"{name} ({groups})" for name, groups in self.too_few.items()),
            )

    def set_epoch(self, epoch: int) -> None:
        """Refuse a second epoch: a resumed run would see the first one's batches again.

        Raises:
            UsageError: If `epoch` is not 0.
        """
        if epoch:
            raise UsageError(
                f"epoch {epoch} was started, but the {self.steps} steps of the plan are the whole "
                "run: set max_steps and steps to the length of the run"
            )


def _count_processes() -> int:
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_world_size() if distributed else 1


def _check(
    settings: BatchSettings, batch_size: int, processes: int, steps: int, seed: int | None
) -> None:
    """Raise UsageError unless settings and trainer mean the same run."""
    if settings.batch_size != batch_size * processes:
        raise UsageError(
            f"{processes} processes with {batch_size} pairs each make batches of "
            f"{processes * batch_size}, but batch_size is {settings.batch_size} in the "
            "batch settings, which counts the pairs of all processes"
        )
    if seed is not None and seed != settings.seed:
        raise UsageError(
            f"the trainer's seed is {seed}, that of the batch settings {settings.seed}: "
            "wanted the same"
        )
    if steps < 1:
        raise UsageError(f"steps is {steps}: wanted 1 or more")
