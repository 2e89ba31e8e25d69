"""Describe what a run would train on, without a model."""

import os

import numpy as np

from trainer.batches.batch_plan import format_plan, plan_batches
from trainer.fine_tuning.negatives import check_negatives
from trainer.fine_tuning.training_data import open_training_data
from trainer.fine_tuning.training_settings import TrainingSettings


def describe_run(settings: TrainingSettings) -> str:
    """Return the planned batches, checked, as lines for a terminal.

    Hard negatives are left out, since they are mined with the model; that there are enough
    passages for them is checked.

    Raises:
        UsageError: If such batches cannot be drawn.
        FailedRunError: If a group or passage would meet itself in a batch.
    """
    corpus, dev_pool = open_training_data(settings)
    if settings.negatives:
        check_negatives(corpus, settings.batches, settings.negatives)
    lines = [
        f"{len(corpus.table):,} rows of {len(np.unique(corpus.column('group'))):,} groups in "
        f"{', '.join(corpus.languages)}; datasets: {', '.join(corpus.sources)}"
    ]
    if dev_pool:
        lines.append(f"{len(dev_pool.relevance):,} groups are held out to choose the checkpoint")
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    lines.append(format_plan(plan_batches(corpus, settings.batches, settings.steps, processes)))
    first = corpus.table[0]
    lines.append(
        f"A question: {_short(first['question'])}\nIts passage: {_short(first['passage'])}"
    )
    return "\n".join(lines) + "\n"


def _short(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
