"""Judge assembled groups: accepted rows are tagged for batches, the others are quarantined."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import AsSingleton, PCollection, TaggedOutput

from pipelines.calibration import Calibrate, Calibrations, calibrate
from pipelines.checks import FieldPair, run_checks
from pipelines.progress import advance
from pipelines.rows import SOURCE_LANGUAGE, Draft, Group
from schemas.check import REJECT, Check
from schemas.manifest import Calibration
from schemas.row import QuarantinedRow, Row

QUARANTINED: Final = "quarantined"
REJECTED: Final = "rejected"
FAILED: Final = "failed"


class Verdicts(NamedTuple):
    """Accepted rows, quarantined rows, and the calibration they were judged with."""

    rows: PCollection[Row]
    quarantined: PCollection[QuarantinedRow]
    calibrations: PCollection[dict[tuple[str, str], Calibration]]


@dataclass(eq=False)
class Validate(beam.PTransform[PCollection[Group], Verdicts]):
    """Check every row of every group; lengths are calibrated on the run itself."""

    def expand(self, groups: PCollection[Group]) -> "Verdicts":
        """Wire calibration and judgement."""
        calibrations = groups | "Calibrate" >> Calibrate()
        judged = groups | "Judge" >> beam.FlatMap(_judge, AsSingleton(calibrations)).with_outputs(
            QUARANTINED, main="rows"
        )
        return Verdicts(judged.rows, judged[QUARANTINED], calibrations)


def judge_group(group: Group, calibrations: Calibrations) -> tuple[list[Row], list[QuarantinedRow]]:
    """Return the accepted rows, tagged with all accepted languages, and the others.

    The English row is always accepted; it serves in cross-lingual batches only when another
    language of the group was accepted.
    """
    accepted: list[Row] = []
    quarantined: list[QuarantinedRow] = []
    for draft in group.drafts:
        checks = () if draft.failure else _check_draft(draft, group, calibrations)
        rejecting = tuple(dict.fromkeys(c.name for c in checks if c.verdict == REJECT))
        row = replace(draft.row, checks=checks)
        if draft.failure:
            quarantined.append(_quarantine(row, group, FAILED, (draft.failure,)))
        elif rejecting:
            quarantined.append(_quarantine(row, group, REJECTED, rejecting))
        else:
            accepted.append(row)
    languages = tuple(sorted([SOURCE_LANGUAGE, *(row.lang for row in accepted)]))
    rows = [
        replace(row, languages=languages, mono=True, cross=len(languages) > 1)
        for row in (group.source, *accepted)
    ]
    return rows, quarantined


def _check_draft(draft: Draft, group: Group, calibrations: Calibrations) -> tuple[Check, ...]:
    lang = draft.row.lang
    return tuple(
        check
        for field in ("question", "passage")
        for check in run_checks(
            FieldPair(
                field=field,
                lang=lang,
                source=getattr(group.source, field),
                target=getattr(draft.row, field),
                finished=field not in draft.unfinished,
                calibration=calibrations.get((lang, field)) or calibrate(lang, field, {}),
            )
        )
    )


def _quarantine(row: Row, group: Group, status: str, reasons: tuple[str, ...]) -> QuarantinedRow:
    return QuarantinedRow(
        row=row,
        status=status,
        reason=reasons[0],
        reasons=reasons,
        detail=_detail(row, status, reasons[0]),
        source_question=group.record.question,
        source_passage=group.record.passage,
        source_answers=tuple(answer.text for answer in group.record.answers),
    )


def _detail(row: Row, status: str, reason: str) -> str:
    for check in row.checks:
        if check.name == reason and check.verdict == REJECT:
            return f"{reason} of the {check.field}: {check.value:.3f} against {check.threshold:.3f}"
    return f"{status}: a segment could not be translated ({reason})"


def _judge(
    group: Group, calibrations: dict[tuple[str, str], Calibration]
) -> Iterator[Row | TaggedOutput[Literal["quarantined"], QuarantinedRow]]:
    advance("validate", 1)
    rows, quarantined = judge_group(group, calibrations)
    for row in rows:
        Metrics.counter("validate", "kept").inc()
        yield row
    for item in quarantined:
        Metrics.counter("validate", item.reason).inc()
        yield TaggedOutput(QUARANTINED, item)
