"""Train a dual encoder on corpora, from settings to the finished model."""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from accelerate.utils import broadcast_object_list  # type: ignore[import-untyped]
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainingArguments
from transformers import TrainerCallback, set_seed
from transformers.trainer_callback import PrinterCallback, ProgressCallback

from schemas.command import UsageError
from trainer.batches.sampler import HybridBatchSampler
from trainer.corpora.corpus import CorpusTable
from trainer.corpora.corpus_facts import CorpusFacts, read_facts
from trainer.corpora.int_columns import Ints
from trainer.encoder import Encoder
from trainer.fine_tuning.averaging import WeightAverage
from trainer.fine_tuning.base_model import choose_prompts, open_base_model
from trainer.fine_tuning.hybrid_trainer import HybridTrainer
from trainer.fine_tuning.loss import make_loss
from trainer.fine_tuning.mining import mine_negatives
from trainer.fine_tuning.model_card import write_card
from trainer.fine_tuning.model_files import CHECKPOINTS_NAME, NEGATIVES_NAME, save_model
from trainer.fine_tuning.model_folder import RunState, abandon_run, finish_run, open_run
from trainer.fine_tuning.negatives import Negatives, check_negatives
from trainer.fine_tuning.selection import DevPoolEvaluator
from trainer.fine_tuning.training_arguments import TrainingProgress, make_arguments, make_loggers
from trainer.fine_tuning.training_data import open_training_data
from trainer.fine_tuning.training_settings import TrainingSettings
from trainer.teaching.teacher import LoadedTeacher, Teacher, load_teacher

_PACKAGES: Final = ("tandemqa", "sentence-transformers", "transformers", "torch", "peft")


def train(
    settings: TrainingSettings,
    *,
    resume: bool = False,
    overwrite: bool = False,
    quiet: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
) -> dict[str, Any] | None:
    """Train, save the model, and return the record of the run that `training.json` holds.

    Under `torchrun`, every process calls this; all but the first return None.

    Args:
        settings: The run.
        resume: Continue an unfinished run.
        overwrite: Replace the model or the run that is there.
        quiet: Show no progress.
        callbacks: Further callbacks of the trainer.

    Raises:
        UsageError: If the run cannot be made as described; nothing was trained.
    """
    args = make_arguments(settings, quiet)
    facts = [read_facts(path) for path in settings.corpora]
    identity = {
        "settings": settings.identity(),
        "corpora": [fact.digest for fact in facts],
        "processes": args.world_size,
    }
    state = _open(settings, identity, args, resume=resume, overwrite=overwrite)
    if state.record is not None:
        return state.record
    started = time.monotonic()
    try:
        trainer = make_trainer(settings, args, quiet, callbacks)
        result = trainer.train(resume_from_checkpoint=state.checkpoint)
    except UsageError:
        if args.process_index == 0 and state.checkpoint is None:
            abandon_run(Path(settings.output))
        raise
    if not trainer.is_world_process_zero():
        return None
    record = {
        "identity": identity,
        "corpora": [asdict(fact) for fact in facts],
        "training_loss": result.training_loss,
        "seconds": round(time.monotonic() - started, 1),
        **_measure(trainer),
    }
    if trainer.full_length is not None:
        trainer.model.max_seq_length = trainer.full_length
    return _save(trainer.model, settings, facts, record)


def leave_processes() -> None:
    """Under `torchrun`, let all processes end together; call it last.

    One that ends while another still holds a connection to it can make that one abort.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


def make_trainer(
    settings: TrainingSettings,
    args: SentenceTransformerTrainingArguments,
    quiet: bool,
    callbacks: Sequence[TrainerCallback],
) -> HybridTrainer:
    """Return the trainer of a run, with its model, corpus, negatives and dev pool."""
    set_seed(settings.batches.seed)
    model, length = open_base_model(settings, bool(args.bf16))
    prompts = choose_prompts(model, settings)
    encoder = Encoder(model, prompts)
    with args.main_process_first():
        corpus, dev_pool = open_training_data(settings)
    average = WeightAverage(model, settings.average)
    evaluator = DevPoolEvaluator(dev_pool, prompts, average) if dev_pool else None
    loaded = load_teacher(settings.teaching, corpus, settings.negatives, bf16=bool(args.bf16))
    negatives = _negatives(settings, corpus, encoder, args, quiet)
    args.batch_sampler = partial(  # type: ignore[assignment]  # any callable is taken
        HybridBatchSampler,
        settings=settings.batches,
        steps=settings.steps,
        processes=args.world_size,
        languages=corpus.languages,
        negatives=negatives,
    )
    teacher = _read(loaded, settings, corpus, negatives, args, quiet) if loaded else None
    passages = ["passage", *(f"negative_{n}" for n in range(1, settings.negatives + 1))]
    args.prompts = {"question": prompts.question} | dict.fromkeys(passages, prompts.passage)
    model.model_card_data.local_files_only = True  # checkpoints have the library's card
    model.model_card_data.generate_widget_examples = False
    trainer = HybridTrainer(
        model=model,
        args=args,
        train_dataset=corpus.table,
        loss=make_loss(model, settings.loss, args.world_size, teacher),
        evaluator=evaluator,
        callbacks=[average, *make_loggers(settings, main=args.process_index == 0), *callbacks],
        languages=corpus.languages,
        full_length=length,
        teacher=teacher.record if teacher else None,
    )
    _show_progress(trainer, quiet)
    return trainer


def _show_progress(trainer: HybridTrainer, quiet: bool) -> None:
    for callback in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(callback)
    if not quiet:
        trainer.add_callback(TrainingProgress)


def _open(
    settings: TrainingSettings,
    identity: Mapping[str, Any],
    args: SentenceTransformerTrainingArguments,
    *,
    resume: bool,
    overwrite: bool,
) -> RunState:
    """Let the first process prepare the folder, and send the others what it found."""
    found: list[RunState | None] = [None]
    if args.process_index == 0:
        found[0] = open_run(Path(settings.output), identity, resume=resume, overwrite=overwrite)
    state: RunState = broadcast_object_list(found)[0]
    return state


def _negatives(
    settings: TrainingSettings,
    corpus: CorpusTable,
    encoder: Encoder,
    args: SentenceTransformerTrainingArguments,
    quiet: bool,
) -> Negatives | None:
    if not settings.negatives:
        return None
    check_negatives(corpus, settings.batches, settings.negatives)  # mining may take hours
    folder = Path(settings.output) / CHECKPOINTS_NAME / NEGATIVES_NAME
    with args.main_process_first(local=False):  # on all machines: they share the folder
        return mine_negatives(corpus, encoder, folder, settings.negatives, progress=not quiet)


def _read(
    loaded: LoadedTeacher,
    settings: TrainingSettings,
    corpus: CorpusTable,
    negatives: Negatives | None,
    args: SentenceTransformerTrainingArguments,
    quiet: bool,
) -> Teacher:
    """Let the teacher read the corpus; a cross-encoder reads what the batches will need."""

    def batches() -> Iterator[Ints]:
        pairs = settings.batches.batch_size
        sampler = HybridBatchSampler(
            corpus.table,
            pairs,
            settings=settings.batches,
            steps=settings.steps,
            processes=1,
            negatives=negatives,
        )
        return (np.array(rows).reshape(-1, pairs) for rows in sampler)

    with args.main_process_first():
        return loaded.read(batches, progress=not quiet)


def _measure(trainer: HybridTrainer) -> dict[str, Any]:
    state = trainer.state
    scores = [log for log in state.log_history if any(name.startswith("eval_dev") for name in log)]
    return {
        "steps": state.global_step,
        "best_step": state.best_global_step,
        "dev": scores,
        **({"teacher": trainer.teacher} if trainer.teacher else {}),
        "data_wait_share": round(trainer.data_wait_share, 4),
        "versions": {name: version(name) for name in _PACKAGES},
    }


def _save(
    model: SentenceTransformer,
    settings: TrainingSettings,
    facts: Sequence[CorpusFacts],
    record: Mapping[str, Any],
) -> dict[str, Any]:
    output = Path(settings.output)

    def save(folder: Path) -> None:
        model.save_pretrained(os.fspath(folder), create_model_card=False)
        write_card(folder, model, settings, facts, record)

    save_model(output, save)
    return finish_run(output, record)
