"""From our settings to the arguments, loggers and progress bar of sentence-transformers."""

import os
from pathlib import Path
from typing import Any, Final

import torch
from sentence_transformers import SentenceTransformerTrainingArguments
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import ProgressCallback

from schemas.command import UsageError
from schemas.progress import progress_bar
from trainer.fine_tuning.model_files import CHECKPOINTS_NAME, LOGS_NAME
from trainer.fine_tuning.selection import METRIC
from trainer.fine_tuning.training_settings import WORKERS, TrainingSettings

_LOGS: Final = 50  # reports of the loss in a run, roughly
_WAIT: Final = 24 * 3600  # seconds that processes wait while the first one mines negatives
_TENSORBOARD: Final = "tensorboard"


def make_arguments(settings: TrainingSettings, quiet: bool) -> SentenceTransformerTrainingArguments:
    """Return the arguments, without batch sampler and prompts; joins the processes of torchrun.

    Raises:
        UsageError: If the batch cannot be shared by the processes, or a logger is missing.
    """
    _check_loggers(settings)
    world = int(os.environ.get("WORLD_SIZE", "1"))
    pairs, rest = divmod(settings.batches.batch_size, world)
    if rest:
        raise UsageError(
            f"batch_size is {settings.batches.batch_size}, which {world} processes cannot share "
            "evenly: wanted a multiple"
        )
    return SentenceTransformerTrainingArguments(
        output_dir=os.fspath(Path(settings.output) / CHECKPOINTS_NAME),
        max_steps=settings.steps,
        per_device_train_batch_size=pairs,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        bf16=use_bf16(settings),
        seed=settings.batches.seed,
        report_to=[name for name in settings.report_to if name != _TENSORBOARD],
        logging_steps=max(1, settings.steps // _LOGS),
        save_steps=settings.save_steps,
        save_total_limit=None,  # HybridTrainer removes old checkpoints itself
        dataloader_num_workers=_count_workers(settings),
        dataloader_pin_memory=torch.cuda.is_available(),
        disable_tqdm=quiet,
        ddp_timeout=_WAIT,
        use_cpu=not torch.cuda.is_available(),
        **_selection(settings),
    )


def use_bf16(settings: TrainingSettings) -> bool:
    """Return whether the run computes in bfloat16."""
    if settings.precision == "auto":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported()
    return settings.precision == "bf16"


def make_loggers(settings: TrainingSettings, main: bool) -> list[TrainerCallback]:
    """Return the loggers that write elsewhere than into the checkpoints, which are removed.

    Args:
        settings: The run.
        main: Whether this process is the one that logs.
    """
    if not main or _TENSORBOARD not in settings.report_to:
        return []
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations.integration_utils import TensorBoardCallback

    writer = SummaryWriter(os.fspath(Path(settings.output) / LOGS_NAME))
    return [TensorBoardCallback(writer)]  # type: ignore[no-untyped-call]


class TrainingProgress(ProgressCallback):
    """A progress bar that shows the loss itself instead of printing a line for each report."""

    def on_train_begin(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Show the bar, as a resumed run has left it."""
        self.current_step = 0
        if state.is_world_process_zero:
            bar: Any = progress_bar(task="train", unit="steps", total=state.max_steps)
            self.training_bar = bar

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        """Show the latest loss."""
        if self.training_bar is not None and logs and "loss" in logs:
            self.training_bar.set_postfix(loss=f"{float(logs['loss']):.3f}", refresh=False)


def _check_loggers(settings: TrainingSettings) -> None:
    from transformers.integrations.integration_utils import (
        INTEGRATION_TO_CALLBACK,
        get_available_reporting_integrations,
    )

    for name in settings.report_to:
        if name not in INTEGRATION_TO_CALLBACK:
            known = ", ".join(sorted(INTEGRATION_TO_CALLBACK))
            raise UsageError(f"report_to {name}: unknown; wanted none or any of {known}")
        if name not in get_available_reporting_integrations():  # type: ignore[no-untyped-call]
            raise UsageError(f"report_to {name}: not installed; install its package first")


def _count_workers(settings: TrainingSettings) -> int:
    workers = settings.workers
    if workers is None:
        workers = WORKERS if torch.cuda.is_available() else 0
    if workers:
        # Otherwise a tokenizer used before the fork does this in each worker, with a warning.
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    return workers


def _selection(settings: TrainingSettings) -> dict[str, Any]:
    if not settings.dev_groups:
        return {"eval_strategy": "no"}
    return {
        "eval_strategy": "steps",
        "eval_steps": settings.save_steps,
        "load_best_model_at_end": True,
        "metric_for_best_model": METRIC,
        "greater_is_better": True,
    }
