"""Judge assembled groups: accepted rows are tagged for batches, the others are quarantined."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import repeat
from typing import Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.coders.typecoders import registry
from apache_beam.metrics.metric import Metrics
from apache_beam.pvalue import AsSingleton, PCollection, TaggedOutput

from pipelines.checks import FieldPair, Limits, run_checks
from pipelines.checks.lowest_score import calibrate_scores
from pipelines.checks.meaning import MEANING_REASONS
from pipelines.io.progress import advance
from pipelines.judge.calibration import MEANINGS, UNMARKED, Calibrate, Calibrations, calibrate
from pipelines.judge.details import Evidence, describe_rejection
from pipelines.judge.model_checks import ModelCheck, judge_scores
from pipelines.judge.target_duplicates import CountTargetDuplicates, DuplicateKey, duplicate_key
from pipelines.shuffle.compact import PackedCoder
from pipelines.translation.metrics import report_verdicts
from pipelines.translation.rows import Draft, Group
from schemas.check import REJECT, Check
from schemas.language import SOURCE_LANGUAGE
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


@dataclass(frozen=True, slots=True)
class Standards:
    """What rows are held against.

    Attributes:
        limits: When each check refuses.
        language_model: Path of a fastText model for second opinions on languages; may be empty.
        calibrations: What is usual in each language, by language and kind of value.
        duplicates: English texts that one translation stands for, where they are many.
        model_checks: Models whose scores are held against what is usual in the run.
    """

    limits: Limits = field(default_factory=Limits)
    language_model: str = ""
    calibrations: Calibrations = field(default_factory=dict)
    duplicates: Mapping[DuplicateKey, int] = field(default_factory=dict)
    model_checks: tuple[ModelCheck, ...] = ()

    def calibration(self, lang: str, kind: str) -> Calibration:
        """Return what is usual in a language, also when the run has shown none of it."""
        return self.calibrations.get((lang, kind)) or calibrate(lang, kind, {})

    def usual_scores(self, lang: str, kind: str) -> Calibration:
        """Return what scores of a kind are like in a language."""
        return self.calibrations.get((lang, kind)) or calibrate_scores({})


# Groups lie between two steps until the calibrations are known.
registry.register_coder(Group, PackedCoder)


@dataclass(eq=False)
class Validate(beam.PTransform[PCollection[Group], Verdicts]):
    """Check every row of every group against limits and what is usual in the run itself."""

    limits: Limits = field(default_factory=Limits)
    language_model: str = ""
    model_checks: tuple[ModelCheck, ...] = ()

    def expand(self, groups: PCollection[Group]) -> "Verdicts":
        calibrations = groups | "Calibrate" >> Calibrate(self.model_checks)
        duplicates = groups | "Duplicates" >> CountTargetDuplicates(self.limits.duplicates)
        judged = groups | "Judge" >> beam.FlatMap(
            _judge,
            Standards(self.limits, self.language_model, model_checks=self.model_checks),
            AsSingleton(calibrations),
            AsSingleton(duplicates),
        ).with_outputs(QUARANTINED, main="rows")
        return Verdicts(judged.rows, judged[QUARANTINED], calibrations)


def judge_group(group: Group, standards: Standards) -> tuple[list[Row], list[QuarantinedRow]]:
    """Return the accepted rows, tagged with all accepted languages, and the others.

    The English row is always accepted; it serves in cross-lingual batches only when another
    language of the group was accepted.
    """
    accepted: list[Row] = []
    quarantined: list[QuarantinedRow] = []
    for draft in group.drafts:
        checks = () if draft.failure else tuple(check_draft(draft, group, standards))
        checks += _kept_checks(draft, standards)
        rejecting = tuple(dict.fromkeys(c.name for c in checks if c.verdict == REJECT))
        judged = replace(draft, row=replace(draft.row, checks=checks))
        if draft.failure:
            quarantined.append(_quarantine(judged, group, FAILED, (draft.failure,)))
        elif rejecting:
            quarantined.append(_quarantine(judged, group, REJECTED, rejecting))
        else:
            accepted.append(judged.row)
    languages = tuple(sorted([SOURCE_LANGUAGE, *(row.lang for row in accepted)]))
    rows = [
        replace(row, languages=languages, mono=True, cross=len(languages) > 1)
        for row in (group.source, *accepted)
    ]
    return rows, quarantined


def _kept_checks(draft: Draft, standards: Standards) -> tuple[Check, ...]:
    """Return what models said of the row before, but of its meaning if that was compared anew."""
    replaced = MEANING_REASONS if draft.meaning else ()
    kept = [check for check in draft.row.checks if check.name not in replaced]
    usual = partial(standards.usual_scores, draft.row.lang)
    return tuple(judge_scores(kept, standards.model_checks, usual))


def check_draft(draft: Draft, group: Group, standards: Standards) -> Iterator[Check]:
    """Yield the outcome of every check of every field of a row."""
    for pair in (_question(draft, group, standards), _passage(draft, group, standards)):
        yield from run_checks(pair)
    meanings = draft.meaning.answers if draft.meaning else repeat(None)
    answers = zip(group.record.answers, draft.row.answers, strict=True)
    for (answer, translated), meaning in zip(answers, meanings, strict=False):
        pair = _pair("answer", answer.text, translated.text, draft, standards, "question")
        yield from run_checks(replace(pair, meaning=() if meaning is None else (meaning,)))


def _question(draft: Draft, group: Group, standards: Standards) -> FieldPair:
    row, source = draft.row, group.source
    return replace(
        _pair("question", source.question, row.question, draft, standards, "question"),
        source_passage=source.passage,
        target_passage=row.passage,
        meaning=(draft.meaning.question,) if draft.meaning else (),
        margin=draft.meaning.margin if draft.meaning else None,
        overlap=standards.calibration(row.lang, "overlap"),
        unmarked=standards.calibration(row.lang, UNMARKED).median,
    )


def _passage(draft: Draft, group: Group, standards: Standards) -> FieldPair:
    row = draft.row
    return replace(
        _pair("passage", group.source.passage, row.passage, draft, standards, "passage"),
        sentences=row.sentence_map,
        meaning=draft.meaning.sentences if draft.meaning else (),
        answers=tuple(answer.text for answer in group.record.answers),
        score=row.score_mean,
        scores=standards.calibration(row.lang, "score") if row.score_mean is not None else None,
        unknown_share=row.unknown_share,
    )


def _pair(
    name: str, source: str, target: str, draft: Draft, standards: Standards, kind: str
) -> FieldPair:
    lang, repeated = draft.row.lang, standards.duplicates
    duplicates = repeated.get(duplicate_key(lang, name, target), 1) if repeated else 1
    return FieldPair(
        field=name,
        lang=lang,
        source=source,
        target=target,
        finished=name not in draft.unfinished,
        calibration=standards.calibration(lang, kind),
        usual_meaning=standards.calibration(lang, MEANINGS[name]) if draft.meaning else None,
        duplicates=duplicates,
        language_model=standards.language_model,
        limits=standards.limits,
    )


def _quarantine(
    draft: Draft, group: Group, status: str, reasons: tuple[str, ...]
) -> QuarantinedRow:
    return QuarantinedRow(
        row=draft.row,
        status=status,
        reason=reasons[0],
        reasons=reasons,
        detail=_detail(draft, group, status, reasons[0]),
        source_question=group.record.question,
        source_passage=group.record.passage,
        source_answers=tuple(answer.text for answer in group.record.answers),
    )


def _detail(draft: Draft, group: Group, status: str, reason: str) -> str:
    for check in draft.row.checks:
        if check.name == reason and check.verdict == REJECT:
            return describe_rejection(_evidence(check, draft, group))
    return f"{status}: a segment could not be translated ({reason})"


def _evidence(check: Check, draft: Draft, group: Group) -> Evidence:
    """Return what a check saw; those of models see question and passage together."""
    source, row, meaning = group.source, draft.row, draft.meaning
    if check.field == "question":
        found = Evidence(check, source.question, row.question)
        return (
            found._replace(similarities=(meaning.question,), nearest=meaning.nearest)
            if meaning
            else found
        )
    segments = [(source.passage[a:b], row.passage[c:d]) for a, b, c, d in row.sentence_map]
    answers = [answer.text for answer in group.record.answers]
    similarities = meaning.sentences if meaning else ()
    return Evidence(check, source.passage, row.passage, segments, answers, similarities)


def _judge(
    group: Group,
    standards: Standards,
    calibrations: dict[tuple[str, str], Calibration],
    duplicates: dict[DuplicateKey, int],
) -> Iterator[Row | TaggedOutput[Literal["quarantined"], QuarantinedRow]]:
    advance("validate", 1)
    full = replace(standards, calibrations=calibrations, duplicates=duplicates)
    rows, quarantined = judge_group(group, full)
    for row in rows:
        Metrics.counter("validate", "kept").inc()
        report_verdicts(row.checks)
        yield row
    for item in quarantined:
        Metrics.counter("validate", item.reason).inc()
        report_verdicts(item.row.checks)
        yield TaggedOutput(QUARANTINED, item)
