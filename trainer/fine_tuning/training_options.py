"""The options of `train`, from the command line and from a YAML file, and what they mean."""

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from schemas.command import UsageError
from schemas.language import canonical_code
from trainer.option_values import Option, convert, flag, words

if TYPE_CHECKING:
    from trainer.fine_tuning.training_settings import TrainingSettings

REQUIRED: Final = ("model", "output")


OPTIONS: Final[dict[str, dict[str, Option]]] = {
    "what": {
        "languages": Option(
            words,
            "CODES",
            "train on these only, by code or name, such as en,es",
        ),
        "output": Option(str, "DIR", "folder of the model"),
    },
    "batches": {
        "batch_size": Option(int, "N", "pairs in a batch, of all processes together", 64),
        "mono_ratio": Option(float, "SHARE", "share of monolingual batches", 0.5),
        "cross_mode": Option(
            str,
            "MODE",
            "the other batches: mixed (each pair draws its two languages), pair (one pair of "
            "languages for the batch) or xx (each pair draws one language, as LAReQA's X-X)",
            "mixed",
        ),
        "language_temperature": Option(float, "T", "1 draws by size, inf evenly", math.inf),
        "dataset_temperature": Option(float, "T", "1 draws by size, inf evenly", 1.0),
        "negatives": Option(int, "N", "hard negatives for each pair, mined before training", 0),
        "seed": Option(int, "N", "of batches, dropout and new weights", 0),
    },
    "model": {
        "model": Option(str, "NAME_OR_PATH", "encoder or decoder to start from"),
        "revision": Option(str, "REV", "commit, tag or branch on the hub"),
        "max_length": Option(int, "N", "longest input in tokens; the model's own by default"),
        "pooling": Option(
            str,
            "MODE",
            "mean, cls or lasttoken; what the model states by default, else lasttoken for "
            "causal language models (...ForCausalLM) and mean for others",
        ),
        "question_prompt": Option(str, "TEXT", "before each question; the model's by default"),
        "passage_prompt": Option(str, "TEXT", "before each passage; the model's by default"),
        "lora": Option(int, "RANK", "rank of LoRA adapters to train; 0 trains all weights", 0),
    },
    "training": {
        "steps": Option(int, "N", "optimiser steps", 1000),
        "learning_rate": Option(float, "RATE", "highest learning rate", 3e-5),
        "warmup": Option(float, "SHARE", "share of the steps in which the rate rises", 0.1),
        "scale": Option(float, "X", "inverse temperature of the loss", 20.0),
        "cached": Option(
            int, "N", "encode N pairs at a time, for batches beyond the memory; 0 all", 0
        ),
        "matryoshka": Option(words, "SIZES", "train shorter embeddings as well, such as 256,128"),
        "precision": Option(str, "TYPE", "bf16, fp32, or auto: bf16 where the GPU can", "auto"),
    },
    "run": {
        "dev_groups": Option(
            int,
            "N",
            "groups held out to choose the best checkpoint, from the validation split if there "
            "is one; 0 keeps the last checkpoint",
            200,
        ),
        "save_steps": Option(int, "N", "steps between checkpoints; a tenth of all by default"),
        "workers": Option(int, "N", "processes that prepare batches; 2 by default with a GPU"),
        "report_to": Option(
            words, "NAMES", "loggers, such as tensorboard,wandb,mlflow; or none", "tensorboard"
        ),
        "push_to_hub": Option(str, "NAME", "upload the finished model under this name"),
    },
}

FLAGS: Final[dict[str, dict[str, str]]] = {
    "model": {"trust_remote_code": "run code that comes with the model"},
    "training": {
        "symmetric": "passages must find their questions, too",
        "gradient_checkpointing": "compute activations twice instead of keeping them",
    },
    "run": {
        "dry_run": "print the first planned batches and check the plan; nothing is trained",
        "resume": "go on with the unfinished run at --output, if there is one",
        "overwrite": "replace what is at --output",
        "private": "with --push-to-hub: nobody else can see the model",
        "quiet": "show no progress and no summary",
    },
}

DEFAULTS: Final = {
    name: option.default
    for options in OPTIONS.values()
    for name, option in options.items()
    if option.default is not None
}

_KINDS: Final = {
    **{name: option.kind for options in OPTIONS.values() for name, option in options.items()},
    **{name: bool for options in FLAGS.values() for name in options},
}


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Add all of them; what is not given is None, so that a YAML file can give it."""
    parser.add_argument(
        "corpora",
        nargs="*",
        metavar="DIR",
        help="corpora built by tandemqa, or other Parquet files with --fields",
    )
    for title, options in OPTIONS.items():
        group = parser.add_argument_group(title)
        if title == "what":
            group.add_argument("--config", metavar="YAML", help="file with any of these options")
            group.add_argument(
                "--fields",
                nargs="+",
                metavar="FIELD=COLUMN",
                help="columns of other Parquet files: question, passage, lang, group_id, "
                "passage_id, dataset, split, mono, cross",
            )
        for name, option in options.items():
            shown = "" if option.default is None else f" (default: {option.default})"
            group.add_argument(
                flag(name), type=option.kind, metavar=option.metavar, help=option.text + shown
            )
        for name, text in FLAGS.get(title, {}).items():
            group.add_argument(flag(name), action="store_true", default=None, help=text)


def make_settings(merged: Mapping[str, Any]) -> "TrainingSettings":
    """Return the run that the options describe.

    Raises:
        UsageError: If a value makes no sense.
    """
    from trainer.batches.batch_settings import BatchSettings
    from trainer.encoder import ModelSettings
    from trainer.fine_tuning.loss_settings import LossSettings
    from trainer.fine_tuning.training_settings import TrainingSettings

    values = convert(_KINDS, merged)
    corpora = values.get("corpora") or ()
    if not corpora:
        raise UsageError("DIR: name the corpora to train on, or `corpora` in --config")
    steps = values["steps"]
    return TrainingSettings(
        corpora=(corpora,) if isinstance(corpora, str) else tuple(map(str, corpora)),
        output=str(Path(values["output"]).expanduser().resolve()),
        save_steps=values.get("save_steps") or max(1, -(-steps // 10)),
        languages=tuple(dict.fromkeys(map(canonical_code, values.get("languages") or ()))),
        fields=tuple(_fields(values.get("fields") or ())),
        report_to=tuple(name for name in values["report_to"] or () if name != "none"),
        model=ModelSettings(
            **_pick(values, "model", "revision", "max_length"),
            trust_remote_code=bool(values.get("trust_remote_code")),
        ),
        batches=BatchSettings(
            **_pick(values, "batch_size", "mono_ratio", "cross_mode", "seed"),
            **_pick(values, "language_temperature", "dataset_temperature"),
        ),
        loss=LossSettings(
            **_pick(values, "scale", "cached"),
            symmetric=bool(values.get("symmetric")),
            matryoshka=tuple(_number("matryoshka", n) for n in values.get("matryoshka") or ()),
        ),
        gradient_checkpointing=bool(values.get("gradient_checkpointing")),
        **_pick(values, "steps", "learning_rate", "warmup", "precision", "negatives", "lora"),
        **_pick(values, "pooling", "question_prompt", "passage_prompt", "dev_groups", "workers"),
    )


def _pick(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: values.get(name) for name in names}


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{flag(name)} {text}: wanted whole numbers") from None


def _fields(pairs: object) -> list[tuple[str, str]]:
    if isinstance(pairs, Mapping):
        return [(str(field), str(column)) for field, column in pairs.items()]
    fields = []
    for pair in pairs if isinstance(pairs, list | tuple) else [pairs]:
        field, found, column = str(pair).partition("=")
        if not (field and found and column):
            raise UsageError(f"--fields {pair}: wanted FIELD=COLUMN")
        fields.append((field, column))
    return fields
