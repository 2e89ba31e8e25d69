"""Describe what a run would train on, without a model."""

import os

import numpy as np

from schemas.model_families import recognise
from trainer.batches.batch_plan import format_plan, plan_batches
from trainer.fine_tuning.negatives import check_negatives
from trainer.fine_tuning.training_data import open_training_data
from trainer.fine_tuning.training_settings import TrainingSettings
from trainer.teaching.teacher import describe_teacher


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
    lines.append(describe_fit(settings))
    if settings.teaching.teacher:
        lines.append(describe_teacher(settings.teaching, corpus, settings.negatives))
    first = corpus.table[0]
    lines.append(
        f"A question: {_short(first['question'])}\nIts passage: {_short(first['passage'])}"
    )
    return "\n".join(lines) + "\n"


def describe_fit(settings: TrainingSettings) -> str:
    """Return how the run fits its model: scale, learning rate, length and prompts."""
    family = recognise(settings.model.model)
    known = f"a model of the {family.name} family" if family else "of no known family"
    length = settings.model.max_length
    question, passage = settings.question_prompt, settings.passage_prompt
    if family:
        question = family.question_prompt if question is None else question
        passage = family.passage_prompt if passage is None else passage
    lines = [
        f"{settings.model.model}: {known}. Scale {settings.loss.scale:g}, learning rate "
        f"{settings.learning_rate:g}, {f'{length} tokens' if length else 'texts in full length'}; "
        f"prompts, unless the model states others: {question or ''!r} and {passage or ''!r}."
    ]
    if family is None:
        lines.append(
            "If its authors name a temperature or prompts, give --scale (1 / temperature), "
            "--question-prompt and --passage-prompt."
        )
    return "\n".join(lines)


def _short(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
