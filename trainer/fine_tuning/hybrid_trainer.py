"""The sentence-transformers trainer, made to train on planned batches of pairs and nothing else."""
# ruff: noqa: ANN401  # the parents' signatures

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import torch
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.data_collator import BaseDataCollator
from sentence_transformers.base.evaluation import BaseEvaluator
from torch.utils.data import BatchSampler
from transformers import TrainerCallback
from transformers.trainer_pt_utils import AcceleratorConfig
from transformers.trainer_utils import TrainOutput

from schemas.command import FailedRunError
from trainer.batches.collator import LANGUAGE_PAIRS, PairCollator
from trainer.fine_tuning.guards import (
    check_arguments,
    check_dataset,
    check_no_eval_dataset,
    check_plan,
    check_sampler_class,
)
from trainer.fine_tuning.loss_log import LossLog
from trainer.fine_tuning.model_files import complete_checkpoint, find_damage, remove_old_checkpoints


class HybridTrainer(SentenceTransformerTrainer):
    """Train a dual encoder on the batches of a `HybridBatchSampler`.

    The batches of the whole run are one planned epoch, so that a resumed run, in one process or
    in several, continues with exactly the batches that an undisturbed one would have seen.

    Attributes:
        full_length: Longest input of the finished model, in tokens; None is that of training.
        teacher: What is noted of the teacher, if there is one.
        data_wait_share: Share of the time since the start of training that was spent waiting for
            the next batch; 0 to 1.
    """

    data_collator_class = PairCollator

    def __init__(
        self,
        model: SentenceTransformer,
        args: SentenceTransformerTrainingArguments,
        train_dataset: datasets.Dataset,
        loss: torch.nn.Module,
        evaluator: BaseEvaluator | None = None,
        callbacks: list[TrainerCallback] | None = None,
        eval_dataset: None = None,
        languages: Sequence[str] = (),
        full_length: int | None = None,
        teacher: Mapping[str, Any] | None = None,
    ) -> None:
        """Prepare training; nothing is read yet.

        Args:
            model: The encoder.
            args: Arguments with `max_steps`, and `partial(HybridBatchSampler, ...)` as their
                `batch_sampler`. `per_device_train_batch_size` counts pairs.
            train_dataset: The table of a `CorpusTable`.
            loss: A loss on (question, passage, negatives...) columns, as `make_loss` gives.
            evaluator: Scores checkpoints, such as `DevPoolEvaluator`.
            callbacks: More callbacks.
            eval_dataset: Refused.
            languages: Names of the language codes, for the log.
            full_length: Longest input of the finished model, in tokens.
            teacher: What is noted of the teacher, if there is one.

        Raises:
            UsageError: If the stack would train on other batches than planned; see
                `trainer.fine_tuning.guards`.
        """
        check_no_eval_dataset(eval_dataset)
        check_dataset(train_dataset)
        check_sampler_class(args.batch_sampler)
        check_arguments(args)
        assert isinstance(args.accelerator_config, AcceleratorConfig)
        args.accelerator_config.dispatch_batches = False
        self.full_length: int | None = full_length
        self.teacher: Mapping[str, Any] | None = teacher
        self._waited: float = 0.0
        self._started: float = time.perf_counter()
        self._losses: LossLog = LossLog(languages)
        super().__init__(
            model=model,
            args=args,
            train_dataset=train_dataset,
            loss=loss,
            evaluator=evaluator,
            callbacks=callbacks,
        )

    def add_model_card_callback(self, default_args_dict: dict[str, Any]) -> None:
        """Collect nothing for the library's card: it would show passages of the corpus."""

    @property
    def data_wait_share(self) -> float:
        """Share of the training time spent waiting for batches."""
        return self._waited / max(time.perf_counter() - self._started, 1e-9)

    def get_data_collator(
        self, model: Any, args: Any, processing_class: Any = None
    ) -> BaseDataCollator:
        """Return the collator, set to the number of negatives for each pair."""
        collator = super().get_data_collator(model, args, processing_class)
        assert isinstance(collator, PairCollator)
        collator.negatives_per_pair = _negatives_per_pair(args)
        return collator

    def get_batch_sampler(self, *args: Any, **kwargs: Any) -> BatchSampler | None:
        """Return the sampler of the run.

        Raises:
            UsageError: If a process would get fewer or other batches than the run needs.
        """
        sampler = super().get_batch_sampler(*args, **kwargs)
        check_plan(sampler, self.args, _negatives_per_pair(self.args))
        return sampler

    def train(self, *args: Any, **kwargs: Any) -> TrainOutput:
        """Train as the parent does; the clock of `data_wait_share` is reset."""
        self._waited = 0.0
        self._started = time.perf_counter()
        return super().train(*args, **kwargs)

    def get_batch_samples(
        self, epoch_iterator: Iterator[Any], num_batches: int, device: torch.device
    ) -> tuple[list[Any], torch.Tensor | int | None]:
        """Return the next batches, and add the time they took."""
        started = time.perf_counter()
        batches = super().get_batch_samples(epoch_iterator, num_batches, device)
        self._waited += time.perf_counter() - started
        return batches

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any
    ) -> torch.Tensor | tuple[torch.Tensor, dict[str, Any]]:
        """Return the loss of a batch, and record it for the batch's languages."""
        pairs = inputs.pop(LANGUAGE_PAIRS)
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        self._losses.add(pairs, loss[0] if isinstance(loss, tuple) else loss)
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Log, with the loss by languages and the share of time spent waiting for data."""
        if "loss" in logs:
            waited = {"data_wait_share": round(self.data_wait_share, 4)}
            logs = {**logs, **self._losses.take(), **waited}
        super().log(logs, start_time)

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        """Save a checkpoint, mark it once all processes have written their part, remove old ones.

        The parent would remove those that were changed first, which are the newest ones if the
        clock was set back in between or the folder was copied.
        """
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()
        if self.is_world_process_zero():
            complete_checkpoint(self._checkpoint(self.state.global_step))
            remove_old_checkpoints(Path(str(self.args.output_dir)), self.state.best_global_step)

    def _load_best_model(self) -> None:
        """Load the best checkpoint; the parent only logs an error when that fails."""
        if not self.state.best_global_step:
            return
        folder = self._checkpoint(self.state.best_global_step)
        if damage := find_damage(folder):
            raise FailedRunError(
                f"the best checkpoint, {folder}, is gone or damaged: {damage}; train again with "
                "--overwrite"
            )
        self._load_from_checkpoint(str(folder))

    def _checkpoint(self, step: int) -> Path:
        return Path(str(self.args.output_dir)) / f"checkpoint-{step}"


def _negatives_per_pair(args: SentenceTransformerTrainingArguments) -> int:
    sampler = args.batch_sampler
    negatives = sampler.keywords.get("negatives") if isinstance(sampler, partial) else None
    return negatives.per_pair if negatives is not None else 0
