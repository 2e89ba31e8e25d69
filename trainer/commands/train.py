"""`tandemqa train`: from corpora to a multilingual dual encoder."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from schemas.command import add_command, merge_config
from trainer.fine_tuning.training_options import (
    DEFAULTS,
    REQUIRED,
    add_training_options,
    make_settings,
)

if TYPE_CHECKING:
    from trainer.fine_tuning.training_settings import TrainingSettings


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "train",
        "train a multilingual dual encoder on corpora, with hybrid batches",
        "tandemqa train corpora/squad --model intfloat/multilingual-e5-small --mono-ratio 0.5 "
        "--steps 1000 --batch-size 64 --output models/e5-squad; on several GPUs: "
        "torchrun --nproc-per-node 8 -m tandemqa train ...",
        _run,
    )
    add_training_options(parser)


def _run(options: argparse.Namespace, _: Sequence[str]) -> int:
    options.corpora = options.corpora or None  # so that --config can name them
    merged = merge_config(options, DEFAULTS, REQUIRED)
    settings = make_settings(merged)
    if merged.get("dry_run"):
        from trainer.fine_tuning.dry_run import describe_run

        sys.stdout.write(describe_run(settings))
        return 0
    quiet = bool(merged.get("quiet"))
    from trainer.fine_tuning.model_folder import is_finished
    from trainer.fine_tuning.training import leave_processes, train

    _silence_libraries()
    finished_before = is_finished(settings.output) and not merged.get("overwrite")
    record = train(
        settings,
        resume=bool(merged.get("resume")),
        overwrite=bool(merged.get("overwrite")),
        quiet=quiet,
    )
    if record and finished_before:
        sys.stderr.write(f"{settings.output} is trained already; --overwrite trains it again\n")
    if record and not quiet:
        sys.stdout.write(_summarise(settings, record))
    if record and merged.get("push_to_hub"):
        _push(settings, merged)
    leave_processes()
    return 0


def _silence_libraries() -> None:
    """Leave the training bar as the only progress bar of transformers."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _push(settings: "TrainingSettings", merged: Mapping[str, Any]) -> None:
    from trainer.fine_tuning.hub import push_model

    url = push_model(
        settings.output, str(merged["push_to_hub"]), private=bool(merged.get("private"))
    )
    sys.stderr.write(f"uploaded to {url}\n")


def _summarise(settings: "TrainingSettings", record: Mapping[str, Any]) -> str:
    """Return what a person wants to know after training."""
    lines = [
        f"{settings.output}: {record['steps']} steps of {settings.batches.batch_size} pairs in "
        f"{record['seconds']:.0f} s; loss {record['training_loss']:.3f}; "
        f"{record['data_wait_share']:.1%} of the time waiting for data"
    ]
    if record["dev"]:
        lines.append(
            f"{'step':>8}  {'mono':>6}  {'cross':>6}  {'pool':>6}  (mAP on held-out groups)"
        )
    for scores in record["dev"]:
        chosen = "  <- saved" if scores["step"] == record["best_step"] else ""
        columns = "  ".join(
            f"{scores[name]:6.4f}" if (name := f"eval_dev_{setting}_map") in scores else "     -"
            for setting in ("monolingual", "crosslingual", "multilingual")
        )
        lines.append(f"{scores['step']:>8}  {columns}{chosen}")
    return "\n".join(lines) + "\n"
