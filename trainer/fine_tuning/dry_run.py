"""Describe what a run would train on, without a model."""

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from trainer.batches.batch_plan import BatchPlan, format_plan, plan_batches
from trainer.benchmarks.benchmark import Benchmark
from trainer.corpora.corpus import CorpusTable
from trainer.fine_tuning.model_fit import as_json, describe_doubt, describe_fit
from trainer.fine_tuning.negatives import check_negatives
from trainer.fine_tuning.training_data import open_training_data
from trainer.fine_tuning.training_settings import TrainingSettings
from trainer.teaching.teacher import describe_teacher


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a run would train on.

    Attributes:
        settings: The run.
        corpus: The rows it trains on.
        dev_pool: What it holds out; None if nothing.
        plan: Its batches, checked.
        teacher: What the teacher would read; empty without one.
    """

    settings: TrainingSettings
    corpus: CorpusTable
    dev_pool: Benchmark | None
    plan: BatchPlan
    teacher: str

    @property
    def groups(self) -> int:
        """Groups that are trained on."""
        return len(np.unique(self.corpus.column("group")))

    @property
    def held_out(self) -> int:
        """Groups that are held out to choose the checkpoint."""
        return len(self.dev_pool.relevance) if self.dev_pool else 0

    def as_text(self) -> str:
        """Return it as lines for a terminal."""
        corpus = self.corpus
        lines = [
            f"{len(corpus.table):,} rows of {self.groups:,} groups in "
            f"{', '.join(corpus.languages)}; datasets: {', '.join(corpus.sources)}"
        ]
        if self.held_out:
            lines.append(f"{self.held_out:,} groups are held out to choose the checkpoint")
        lines += [format_plan(self.plan), describe_fit(self.settings)]
        if self.teacher:
            lines.append(self.teacher)
        first = corpus.table[0]
        lines.append(
            f"A question: {_short(first['question'])}\nIts passage: {_short(first['passage'])}"
        )
        return "\n".join(lines) + "\n"

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        plan = self.plan
        return {
            "rows": len(self.corpus.table),
            "groups": self.groups,
            "groups_held_out": self.held_out,
            "languages": list(self.corpus.languages),
            "datasets": list(self.corpus.sources),
            "model": as_json(self.settings),
            "warning": describe_doubt(self.settings) or None,
            "teacher": self.teacher or None,
            "batches": {
                "steps": plan.steps,
                "pairs": plan.settings.batch_size,
                "processes": plan.processes,
                "mono": plan.mono_steps,
                plan.settings.cross_mode: plan.steps - plan.mono_steps,
                "never_drawn": dict(plan.too_few),
                "first": [
                    {
                        "kind": batch.kind,
                        "pairs": {"-".join(langs): count for langs, count in batch.pairs.items()},
                        "datasets": dict(batch.sources),
                    }
                    for batch in plan.first
                ],
            },
        }


def plan_run(settings: TrainingSettings) -> DryRun:
    """Return what a run would train on, its first batches checked.

    Hard negatives are left out, since they are mined with the model; that there are enough
    passages for them is checked.

    Raises:
        UsageError: If such batches cannot be drawn.
        FailedRunError: If a group or passage would meet itself in a batch.
    """
    corpus, dev_pool = open_training_data(settings)
    if settings.negatives:
        check_negatives(corpus, settings.batches, settings.negatives)
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    plan = plan_batches(corpus, settings.batches, settings.steps, processes)
    teaching = settings.teaching
    teacher = describe_teacher(teaching, corpus, settings.negatives) if teaching.teacher else ""
    return DryRun(settings, corpus, dev_pool, plan, teacher)


def _short(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
