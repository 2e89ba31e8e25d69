"""The first batches of a run, planned and checked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from schemas.command import FailedRunError
from schemas.wording import counted
from trainer.batches.batch_settings import BatchSettings
from trainer.batches.batch_stream import plan_kinds
from trainer.batches.group_table import INDEX_COLUMNS, QUESTIONS
from trainer.batches.sampler import DrawsNegatives, HybridBatchSampler
from trainer.corpora.corpus import CorpusTable
from trainer.corpora.int_columns import Ints


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One global batch.

    Attributes:
        kind: `mono`, or the cross mode.
        pairs: Number of pairs by their languages: (question, passage).
        sources: Number of pairs by dataset.
    """

    kind: str
    pairs: Mapping[tuple[str, str], int]
    sources: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """The batches of a run, with the first of them in detail.

    Attributes:
        settings: How they are drawn.
        steps: Global batches in the run.
        processes: Number of processes that share each of them.
        mono_steps: Number of monolingual ones.
        first: The first batches.
        too_few: What is never drawn, since it has too few groups for a batch: language (`es`) or
            pair (`en-es`), with the number of its groups that may be in one batch.
    """

    settings: BatchSettings
    steps: int
    processes: int
    mono_steps: int
    first: tuple[PlannedBatch, ...]
    too_few: Mapping[str, int]


def plan_batches(
    corpus: CorpusTable,
    settings: BatchSettings,
    steps: int,
    processes: int = 1,
    first: int = 20,
    negatives: DrawsNegatives | None = None,
) -> BatchPlan:
    """Return the plan of a run, and check its first batches, as the trainer will get them.

    Raises:
        UsageError: If such batches cannot be drawn.
        FailedRunError: If an invariant does not hold; see `find_faults`.
    """
    sampler = HybridBatchSampler(
        corpus.table,
        settings.batch_size // processes,
        settings=settings,
        steps=steps,
        processes=processes,
        negatives=negatives,
        languages=corpus.languages,
    )
    names = [name for name in (*INDEX_COLUMNS, QUESTIONS) if name in corpus.table.column_names]
    columns = {name: corpus.column(name) for name in names}
    kinds = plan_kinds(settings, steps)
    batches = []
    for number, roles in enumerate(islice(_global_batches(sampler, processes), first)):
        kind = "mono" if kinds[number] else settings.cross_mode
        faults = list(find_faults(kind, roles, columns))
        if faults:
            raise FailedRunError(f"planned batch {number + 1} ({kind}): {'; '.join(faults)}")
        batches.append(_describe(kind, roles, columns, corpus))
    return BatchPlan(settings, steps, processes, int(kinds.sum()), tuple(batches), sampler.too_few)


def find_faults(kind: str, roles: Sequence[Ints], columns: Mapping[str, Ints]) -> Iterator[str]:
    """Yield what is wrong with a global batch; nothing if all invariants hold.

    Args:
        kind: `mono`, `mixed`, `pair` or `xx`.
        roles: Rows of its questions, of their passages, and of each pair's negatives.
        columns: Group, passage group, question group (if known) and language of the rows.
    """
    questions, passages, *negatives = roles
    group, passage = columns["group"], columns["passage_group"]
    asked, answered = columns["lang"][questions], columns["lang"][passages]
    if (group[questions] != group[passages]).any():
        yield "a question is paired with a passage of another group"
    if len(np.unique(group[passages])) < len(passages):
        yield "a group occurs twice"
    if len(np.unique(passage[passages])) < len(passages):
        yield "a passage occurs twice"
    if QUESTIONS in columns and len(np.unique(columns[QUESTIONS][questions])) < len(questions):
        yield "a question occurs twice"
    if any(np.isin(passage[rows], passage[passages]).any() for rows in negatives):
        yield "a passage is the negative of another pair, or of its own"
    if kind in ("mono", "xx") and (asked != answered).any():
        yield "a question and its passage are in different languages"
    if kind in ("mixed", "pair") and (asked == answered).any():
        yield "a question and its passage are in one language"
    if kind in ("mono", "pair") and len(np.unique(np.stack([asked, answered]), axis=1).T) > 1:
        yield "there is more than one pair of languages"


def format_plan(plan: BatchPlan) -> str:
    """Return a plan as lines for a terminal."""
    settings = plan.settings
    cross = plan.steps - plan.mono_steps
    lines = [
        f"{plan.steps:,} batches of {settings.batch_size} pairs, shared by "
        f"{counted(plan.processes, 'process', 'processes')}: {plan.mono_steps:,} mono, "
        f"{cross:,} {settings.cross_mode}",
        f"Checked in the first {len(plan.first)}: no group, passage or question twice in a global "
        "batch; each passage answers its question; languages as the kind of batch wants them.",
    ]
    if plan.too_few:
        items = ", ".join(f"{name} ({count})" for name, count in plan.too_few.items())
        lines.append(
            f"Never drawn, since fewer than {settings.batch_size} groups have distinct "
            f"passages and questions: {items}"
        )
    lines += [
        f"{number:5}  {batch.kind:5}  {_shares(_pair_names(batch.pairs))}  |  "
        f"{_shares(batch.sources)}"
        for number, batch in enumerate(plan.first, 1)
    ]
    return "\n".join(lines)


def _global_batches(sampler: HybridBatchSampler, processes: int) -> Iterator[list[Ints]]:
    """Yield the roles of each global batch, joined from those of all processes."""
    roles = sampler.batch_size // (sampler.settings.batch_size // processes)
    batches = iter(sampler)
    while parts := [np.array(part).reshape(roles, -1) for part in islice(batches, processes)]:
        yield list(np.concatenate(parts, axis=1))


def _describe(
    kind: str, roles: Sequence[Ints], columns: Mapping[str, Ints], corpus: CorpusTable
) -> PlannedBatch:
    langs = [[corpus.languages[code] for code in columns["lang"][rows]] for rows in roles[:2]]
    sources = Counter(corpus.sources[code] for code in columns["source"][roles[0]])
    return PlannedBatch(kind, Counter(zip(*langs, strict=True)), sources)


def _pair_names(pairs: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {f"{asked}-{answered}": count for (asked, answered), count in pairs.items()}


def _shares(counts: Mapping[str, int], most: int = 6) -> str:
    """Return the largest counts, and the number of the others."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{name} {count}" for name, count in ordered[:most])
    more = len(ordered) - most
    return f"{shown} and {more} more" if more > 0 else shown
