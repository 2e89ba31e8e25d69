"""Run the optional model checks on groups, many texts at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.judge.model_checks import Field, ModelCheck, is_of, judge_again, run_model_check
from pipelines.local.processes import in_one_process
from pipelines.translation.rows import Draft, Group
from schemas.row import Row

_GROUPS: Final = 32  # of one call of a model, in one language after the other


class ScoreGroups(beam.PTransform[PCollection[Group], PCollection[Group]]):
    """Add the outcomes of model checks to the rows, for the judgement that follows.

    Args:
        checks: The model checks.
        memory: Translation memory beside which scores are kept; empty for none.
    """

    def __init__(self, checks: Sequence[ModelCheck], memory: str = "") -> None:
        super().__init__()
        self.checks = tuple(checks)
        self.memory = memory

    def expand(self, groups: PCollection[Group]) -> PCollection[Group]:
        if not self.checks:
            return groups
        with in_one_process():
            scored: PCollection[Group] = (
                groups
                | beam.BatchElements(min_batch_size=_GROUPS, max_batch_size=_GROUPS)
                | beam.FlatMap(score_groups, self.checks, self.memory)
            )
        return scored


def score_groups(
    groups: Sequence[Group], checks: Sequence[ModelCheck], memory: str = ""
) -> Iterator[Group]:
    """Yield the groups with outcomes of the checks in every row that was translated."""
    drafts = [(i, draft) for i, group in enumerate(groups) for draft in group.drafts]
    found: dict[tuple[int, str], Draft] = {}
    for lang in sorted({draft.row.lang for _, draft in drafts}):
        mine = [(i, d) for i, d in drafts if d.row.lang == lang and not d.failure]
        rows = _score([(groups[i], draft) for i, draft in mine], checks, memory)
        found.update({(i, lang): draft for (i, _), draft in zip(mine, rows, strict=True)})
    for i, group in enumerate(groups):
        scored = tuple(found.get((i, draft.row.lang), draft) for draft in group.drafts)
        yield replace(group, drafts=scored)


def _score(
    drafts: Sequence[tuple[Group, Draft]], checks: Sequence[ModelCheck], memory: str
) -> list[Draft]:
    """Return the drafts, all of one language, with the outcomes of the checks."""
    outcomes = [list(draft.row.checks) for _, draft in drafts]
    fields = [field for group, draft in drafts for field in _fields(group.source, draft.row)]
    for check in checks:
        if not check.scorer:
            outcomes = [judge_again(own, check) for own in outcomes]
        elif drafts:
            found = iter(run_model_check(check, drafts[0][1].row.lang, fields, memory))
            outcomes = [
                [*(c for c in own if not is_of(c, [check.name])), *next(found), *next(found)]
                for own in outcomes
            ]
    return [
        replace(draft, row=replace(draft.row, checks=tuple(own)))
        for (_, draft), own in zip(drafts, outcomes, strict=True)
    ]


def _fields(source: Row, row: Row) -> tuple[Field, Field]:
    """Return the question as one sentence, and the passage in those of its map."""
    passage = [(source.passage[a:b], row.passage[c:d]) for a, b, c, d in row.sentence_map]
    return ("question", [(source.question, row.question)]), ("passage", passage)
