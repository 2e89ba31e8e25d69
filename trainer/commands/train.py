"""`tandemqa train`: from corpora to a multilingual dual encoder."""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from schemas.command import Command
from schemas.plain_text import write_error, write_out
from trainer.fine_tuning.training_options import TrainOptions


def _run(options: TrainOptions, _: Sequence[str]) -> int:
    if options.dry_run:
        from trainer.fine_tuning.dry_run import plan_run

        found = plan_run(options)
        write_out(_as_json(found.as_json()) if options.as_json else found.as_text())
        return 0
    _warn(options)
    from trainer.fine_tuning.model_folder import is_finished
    from trainer.fine_tuning.training import leave_processes, train

    _silence_libraries()
    finished_before = is_finished(options.output) and not options.overwrite
    record = train(options, resume=options.resume, overwrite=options.overwrite, quiet=options.quiet)
    if record and finished_before:
        write_error(f"{options.output} is trained already; --overwrite trains it again\n")
    if record and not options.quiet:
        write_out(_summarise(options, record))
    if record and options.push_to_hub:
        _push(options)
    leave_processes()
    return 0


def _as_json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _warn(options: TrainOptions) -> None:
    """Say what was guessed about a model that is not known, before hours are spent on it."""
    from trainer.fine_tuning.model_fit import describe_doubt

    if os.environ.get("RANK", "0") == "0" and (doubt := describe_doubt(options)):
        write_error(f"{doubt}\n")


def _silence_libraries() -> None:
    """Leave the training bar as the only progress bar of transformers."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def _push(options: TrainOptions) -> None:
    from trainer.fine_tuning.hub import push_model

    url = push_model(options.output, options.push_to_hub, private=options.private)
    write_error(f"uploaded to {url}\n")


def _summarise(options: TrainOptions, record: Mapping[str, Any]) -> str:
    """Return the time, the loss and the scores of the checkpoints, for a terminal."""
    lines = [
        f"{options.output}: {record['steps']} steps of {options.batches.batch_size} pairs in "
        f"{record['seconds']:.0f} s; loss {record['training_loss']:.3f}; "
        f"{record['data_wait_share']:.1%} of the time waiting for data"
    ]
    if record["dev"]:
        lines += ["mAP on held-out groups:", _tabulate(record["dev"], record["best_step"])]
    return "\n".join(lines) + "\n"


def _tabulate(checkpoints: Sequence[Mapping[str, Any]], best_step: int) -> str:
    from schemas.tables import text_table
    from trainer.evaluation.measures import SETTINGS

    rows = []
    for scores in checkpoints:
        found = [scores.get(f"eval_dev_{setting}_map") for setting in SETTINGS]
        saved = "<- saved" if scores["step"] == best_step else ""
        shown = ["-" if value is None else f"{value:.4f}" for value in found]
        rows.append([str(scores["step"]), *shown, saved])
    return text_table(["step", *(title for title, _ in SETTINGS.values()), ""], rows, "rrrrl")


COMMAND: Final = Command(
    "train",
    "train a multilingual dual encoder on corpora, with hybrid batches",
    "tandemqa train corpora/squad --model FacebookAI/xlm-roberta-base --mono-ratio 0.5 "
    "--steps 1000 --batch-size 64 --output models/xlm-r-squad; on several GPUs: "
    "torchrun --nproc-per-node 8 -m tandemqa train ...",
    TrainOptions,
    _run,
)
