"""Everything that decides a training run."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal, get_args

from schemas.command import UsageError
from trainer.batches.batch_settings import BatchSettings
from trainer.encoder import ModelSettings
from trainer.fine_tuning.loss_settings import LossSettings

Precision = Literal["auto", "bf16", "fp32"]
Pooling = Literal["mean", "cls", "lasttoken"]

WORKERS: Final = 2
PRECISIONS: Final[tuple[str, ...]] = get_args(Precision)
POOLINGS: Final[tuple[str, ...]] = get_args(Pooling)


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """A training run.

    Attributes:
        corpora: Folders of corpora, or Parquet files with `fields`.
        output: Folder of the model.
        steps: Optimiser steps.
        model: What is trained.
        batches: What it is trained on; its seed is that of the whole run.
        loss: How pairs are told apart.
        languages: Languages to train on; all of the corpora when empty.
        fields: Columns of Parquet that is no corpus of ours, by our names for them.
        pooling: How token vectors become one; None is what the model states, or mean for
            plain encoders and the last token for decoders.
        question_prompt: Before each question; None is what the model states.
        passage_prompt: Before each passage; None is what the model states.
        learning_rate: Highest rate, after the warm-up.
        warmup: Share of the steps in which the rate rises; it then falls to 0, linearly.
        weight_decay: Of AdamW.
        precision: `bf16` computes in bfloat16; `auto` does where the GPU can.
        gradient_checkpointing: Compute activations twice instead of keeping them.
        lora: Rank of LoRA adapters; 0 trains all weights.
        negatives: Hard negatives for each pair; 0 takes only the batch's passages.
        dev_groups: Groups that are held out to choose the best checkpoint; 0 keeps the last one.
        save_steps: Steps between checkpoints.
        report_to: Loggers, by transformers' names.
        workers: Processes that prepare batches; 0 prepares them between steps. None takes
            `WORKERS` for a GPU, which would wait otherwise.
    """

    corpora: tuple[str, ...]
    output: str
    steps: int
    model: ModelSettings
    batches: BatchSettings
    loss: LossSettings = field(default_factory=LossSettings)
    languages: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    pooling: Pooling | None = None
    question_prompt: str | None = None
    passage_prompt: str | None = None
    learning_rate: float = 3e-5
    warmup: float = 0.1
    weight_decay: float = 0.01
    precision: Precision = "auto"
    gradient_checkpointing: bool = False
    lora: int = 0
    negatives: int = 0
    dev_groups: int = 200
    save_steps: int = 100
    report_to: tuple[str, ...] = ("tensorboard",)
    workers: int | None = None

    def __post_init__(self) -> None:
        """Refuse values that make no sense, all at once.

        Raises:
            UsageError: If there are any.
        """
        faults = [
            f"{name} is {getattr(self, name)}: wanted {lowest} or more"
            for name, lowest in _LOWEST.items()
            if (getattr(self, name) or 0) < lowest
        ]
        if not self.loss.scale > 0:
            faults.append(f"scale is {self.loss.scale}: wanted more than 0")
        if self.loss.cached < 0:
            faults.append(f"cached is {self.loss.cached}: wanted 0 or more")
        if not self.learning_rate > 0:
            faults.append(f"learning_rate is {self.learning_rate}: wanted more than 0")
        if not 0 <= self.warmup < 1:
            faults.append(f"warmup is {self.warmup}: wanted a share of the steps, 0 to below 1")
        if self.precision not in PRECISIONS:
            faults.append(f"precision is {self.precision!r}: wanted {', '.join(PRECISIONS)}")
        if self.pooling is not None and self.pooling not in POOLINGS:
            faults.append(f"pooling is {self.pooling!r}: wanted {', '.join(POOLINGS)}")
        if self.loss.cached >= self.batches.batch_size:
            faults.append(
                f"cached is {self.loss.cached}: wanted less than the batch of "
                f"{self.batches.batch_size} pairs, which otherwise is encoded in one piece"
            )
        if faults:
            raise UsageError("; ".join(faults))

    def identity(self) -> dict[str, Any]:
        """Return what decides the weights beside the corpora's content, as JSON values."""
        values = asdict(self)
        for name in ("corpora", "output", "report_to", "workers"):
            del values[name]
        batches = values["batches"]
        for name, value in batches.items():
            if value == math.inf:
                batches[name] = "inf"  # JSON has no infinity
        return values


_LOWEST: Final = {
    "steps": 1,
    "weight_decay": 0,
    "lora": 0,
    "negatives": 0,
    "dev_groups": 0,
    "save_steps": 1,
    "workers": 0,
}
