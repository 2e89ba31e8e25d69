"""Everything that decides a training run."""

import math
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from typing_extensions import Self

from schemas.language import canonical_code
from schemas.model_families import GENTLE_RATE, STATIC_RATE, USUAL_RATE, USUAL_SCALE
from schemas.model_recognition import recognise
from schemas.option_values import Many, Pairs, Words
from schemas.options import Options, option
from trainer.batches.batch_settings import BatchSettings
from trainer.fine_tuning.loss_settings import LossSettings
from trainer.model_settings import MODEL, TRAINING, ModelSettings
from trainer.teaching.teacher_settings import TeacherSettings

WORKERS: Final = 2
"""Processes that prepare batches where a GPU would wait otherwise."""

RUN: Final = "run"
_CORPORA: Final = "corpora and output"
_NOT_IN_WEIGHTS: Final = {"corpora", "output", "report_to", "workers"}


def _without_none(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name != "none")


def _codes(languages: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(canonical_code, languages)))


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())


class TrainingSettings(Options):
    """A training run.

    Attributes:
        model: What is trained.
        batches: What it is trained on; its seed is that of the whole run.
        loss: How pairs are told apart.
        teaching: Whose scores are followed beside.
        weight_decay: Of AdamW.
    """

    corpora: Many = option(
        ...,
        "corpora built by tandemqa, or other Parquet files with --fields",
        "DIR",
        group=_CORPORA,
        positional=True,
        many=True,
        min_length=1,
    )
    fields: Pairs = option(
        (),
        "columns of other Parquet files: question, passage, lang, group_id, passage_id, dataset, "
        "split, mono, cross",
        "FIELD=COLUMN",
        group=_CORPORA,
        many=True,
    )
    languages: Annotated[Words, AfterValidator(_codes)] = option(
        (), "train on these only, by code or name, such as en,es", "CODES", group=_CORPORA
    )
    output: Annotated[str, AfterValidator(_absolute)] = option(
        ..., "folder of the model", "DIR", group=_CORPORA, min_length=1
    )
    batches: BatchSettings = BatchSettings()
    negatives: int = option(
        0, "hard negatives for each pair, mined before training", "N", group="batches", ge=0
    )
    model: ModelSettings
    pooling: Literal["mean", "cls", "lasttoken"] | None = option(
        None,
        "how token vectors become one; what the model states by default, else lasttoken for "
        "causal language models (...ForCausalLM) and mean for others",
        group=MODEL,
    )
    question_prompt: str | None = option(
        None, "before each question; the model's by default", "TEXT", group=MODEL
    )
    passage_prompt: str | None = option(
        None, "before each passage; the model's by default", "TEXT", group=MODEL
    )
    lora: int = option(
        0, "rank of LoRA adapters to train; 0 trains all weights", "RANK", group=MODEL, ge=0
    )
    steps: int = option(1000, "optimiser steps", "N", group=TRAINING, ge=1)
    learning_rate: float = option(
        None,
        f"highest learning rate; {USUAL_RATE:g} by default, {GENTLE_RATE:g} for E5, BGE and GTE, "
        f"which know more than a corpus teaches, {STATIC_RATE:g} for static embeddings",
        "RATE",
        group=TRAINING,
        gt=0,
        allow_inf_nan=False,
        validate_default=True,
    )
    warmup: float = option(
        0.1,
        "share of the steps in which the rate rises; it then falls to 0, linearly",
        "SHARE",
        group=TRAINING,
        ge=0,
        lt=1,
    )
    weight_decay: float = 0.01
    loss: LossSettings = Field(LossSettings(), validate_default=True)
    teaching: TeacherSettings = TeacherSettings()
    average: float = option(
        0.0,
        "share of the untouched model's weights in the model that is saved: 0.5 keeps more of what "
        "a strong encoder could before; 0 saves the trained weights",
        "SHARE",
        group=TRAINING,
        ge=0,
        lt=1,
    )
    precision: Literal["auto", "bf16", "fp32"] = option(
        "auto", "of the computation; auto is bf16 where the GPU can", group=TRAINING
    )
    gradient_checkpointing: bool = option(
        False, "compute activations twice instead of keeping them", group=TRAINING
    )
    dev_groups: int = option(
        200,
        "groups held out to choose the best checkpoint, from the validation split if there is "
        "one; 0 keeps the last checkpoint",
        "N",
        group=RUN,
        ge=0,
    )
    save_steps: int = option(
        0,
        "steps between checkpoints; 0, the default, takes a tenth of all",
        "N",
        group=RUN,
        ge=0,
        validate_default=True,
    )
    workers: int | None = option(
        None,
        f"processes that prepare batches; {WORKERS} by default with a GPU",
        "N",
        group=RUN,
        ge=0,
    )
    report_to: Annotated[Words, AfterValidator(_without_none)] = option(
        ("tensorboard",), "loggers, such as tensorboard,wandb,mlflow; or none", "NAMES", group=RUN
    )

    @field_validator("learning_rate", mode="before")
    @classmethod
    def _rate_fits_the_model(cls, rate: object, info: ValidationInfo) -> object:
        if rate is not None or "model" not in info.data:
            return rate
        family = recognise(info.data["model"].model)
        return family.learning_rate if family else USUAL_RATE

    @field_validator("loss")
    @classmethod
    def _scale_fits_the_model(cls, loss: LossSettings, info: ValidationInfo) -> LossSettings:
        if loss.scale is not None or "model" not in info.data:
            return loss
        family = recognise(info.data["model"].model)
        return loss.model_copy(update={"scale": family.scale if family else USUAL_SCALE})

    @field_validator("save_steps")
    @classmethod
    def _a_tenth_of_all(cls, steps: int, info: ValidationInfo) -> int:
        return steps or max(1, -(-info.data.get("steps", 1) // 10))

    @model_validator(mode="after")
    def _cached_pieces_are_smaller_than_the_batch(self) -> Self:
        if self.loss.cached >= self.batches.batch_size:
            raise ValueError(
                f"--cached {self.loss.cached}: wanted less than the --batch-size of "
                f"{self.batches.batch_size} pairs, which otherwise is encoded in one piece"
            )
        return self

    def identity(self) -> dict[str, Any]:
        """Return what decides the weights beside the corpora's content, as JSON values."""
        values = self.model_dump(include=set(TrainingSettings.model_fields) - _NOT_IN_WEIGHTS)
        if not values["average"]:
            del values["average"]  # runs that were begun before there was such a setting go on
        if self.teaching.teacher is None:
            del values["teaching"]  # likewise
        batches = values["batches"]
        for name, value in batches.items():
            if value == math.inf:
                batches[name] = "inf"  # JSON has no infinity
        return values
