"""Refuse what the training stack would accept and then silently do wrong.

Each was seen with sentence-transformers 6.2, transformers 5.23 and accelerate 1.15: training
"finishes", but on other batches than were asked for.
"""

import inspect
import pickle
from functools import partial

import datasets
from sentence_transformers import SentenceTransformerTrainingArguments
from torch.utils.data import BatchSampler
from transformers.training_args import ParallelMode

from schemas.command import UsageError
from trainer.batches.group_table import check_columns
from trainer.batches.sampler import HybridBatchSampler


def check_dataset(dataset: object) -> None:
    """Raise UsageError unless the table can be batched and encoded as pairs.

    A stream ignores the batch sampler; a column of strings behind question and passage would be
    encoded as a negative, and a column before them would be taken for the question.
    """
    check_columns(dataset)
    assert isinstance(dataset, datasets.Dataset)
    columns = dataset.column_names
    if columns[:2] != ["question", "passage"]:
        raise UsageError(
            f"train_dataset has the columns {columns}: wanted question and passage first, because "
            "the loss takes columns by their order"
        )
    kinds = {name: str(getattr(dataset.features[name], "dtype", "?")) for name in columns[2:]}
    texts = [name for name, kind in kinds.items() if not kind.startswith("int")]
    if texts:
        raise UsageError(
            f"train_dataset has columns that are no integers: {texts}; they would be encoded as "
            "texts. Write numbers for them, as CorpusTable does"
        )


def check_sampler_class(batch_sampler: object) -> None:
    """Raise UsageError unless this is HybridBatchSampler, or a partial of it, that pickles.

    An instance is ignored: the data loader then yields single rows in order. A lambda fails at
    the first checkpoint, when the arguments are pickled.
    """
    made = batch_sampler.func if isinstance(batch_sampler, partial) else batch_sampler
    if isinstance(batch_sampler, HybridBatchSampler):
        raise UsageError(
            "batch_sampler is an instance, which the trainer ignores: wanted the class, as in "
            "partial(HybridBatchSampler, ...)"
        )
    if not (inspect.isclass(made) and issubclass(made, HybridBatchSampler)):
        raise UsageError(
            f"batch_sampler is {batch_sampler!r}: wanted partial(HybridBatchSampler, ...)"
        )
    try:
        pickle.dumps(batch_sampler)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UsageError(
            f"batch_sampler cannot be pickled ({error}), so no checkpoint could be saved: no "
            "lambda, local class or open file may be in it"
        ) from error


def check_arguments(args: SentenceTransformerTrainingArguments) -> None:
    """Raise UsageError for arguments under which batches are not those that were planned."""
    if args.max_steps <= 0:
        raise UsageError(
            f"max_steps is {args.max_steps}: wanted the number of steps, because the batches of "
            "the whole run are planned as one epoch (a second one would be resumed wrongly)"
        )
    if args.data_seed is not None:
        raise UsageError(f"data_seed={args.data_seed} is never used: set seed")
    if args.parallel_mode == ParallelMode.NOT_DISTRIBUTED and args.n_gpu > 1:
        raise UsageError(
            f"one process sees {args.n_gpu} GPUs and would split the batches between them: start "
            "one process for each with `torchrun --nproc-per-node ...`, or set CUDA_VISIBLE_DEVICES"
        )
    if args.ignore_data_skip:
        raise UsageError("ignore_data_skip=True: a resumed run would see the first batches again")
    if args.auto_find_batch_size:
        raise UsageError("auto_find_batch_size=True would change the planned batches")
    config = args.accelerator_config
    if getattr(config, "split_batches", None) or getattr(config, "dispatch_batches", None):
        raise UsageError(
            "accelerator_config splits or dispatches batches: wanted split_batches=False and "
            "dispatch_batches=False or None, because each rank takes whole batches of the plan"
        )


def check_no_eval_dataset(eval_dataset: object) -> None:
    """Raise UsageError for an evaluation set: the batch sampler of training would batch it too."""
    if eval_dataset is not None:
        raise UsageError(
            "eval_dataset would be batched by the training sampler: give an evaluator instead, "
            "such as DevPoolEvaluator"
        )


def check_plan(
    sampler: BatchSampler | None,
    args: SentenceTransformerTrainingArguments,
    negatives_per_pair: int,
) -> None:
    """Raise UsageError unless every process gets all its batches, each of the planned size.

    accelerate drops batches whose length is not the sampler's `batch_size`: several processes
    would then train on nothing at all.
    """
    assert isinstance(sampler, HybridBatchSampler)
    rows = (2 + negatives_per_pair) * args.per_device_train_batch_size
    if sampler.batch_size != rows:
        raise UsageError(
            f"the sampler's batch_size is {sampler.batch_size}: wanted {rows} rows (question, "
            f"passage and {negatives_per_pair} negatives for each of "
            f"{args.per_device_train_batch_size} pairs)"
        )
    needed = args.max_steps * args.gradient_accumulation_steps * args.world_size
    if len(sampler) != needed:
        raise UsageError(
            f"the sampler plans {len(sampler)} batches: wanted {needed} (max_steps "
            f"{args.max_steps} x gradient_accumulation_steps {args.gradient_accumulation_steps} x "
            f"processes {args.world_size}), so that the run is one epoch"
        )
