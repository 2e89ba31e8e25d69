"""Count what the rows of a corpus say, one row group at a time, from the columns that matter."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

STEPS: Final = 100  # in which values are counted, for each whole number
_LARGE: Final = 10.0
LARGEST: Final = 100.0  # larger values are taken for this one

_MEASURES: Final = ("score_min", "score_mean", "unknown_share")
_METHODS: Final = "answers.list.element.method"


class Outcome(NamedTuple):
    """What a check said of a field.

    Attributes:
        name: The check.
        field: What it looked at.
        verdict: `pass`, `flag`, `reject` or `skipped`.
        step: The value in hundredths; None where nothing was measured.
    """

    name: str
    field: str
    verdict: str
    step: int | None


@dataclass(frozen=True, slots=True)
class Scan:
    """Counts over all rows of one language, kept and quarantined.

    Attributes:
        checks: Outcomes of checks.
        methods: Answers of kept rows by how the span was found.
        measures: Rows by (column, whether the row was kept, value in hundredths).
        breadth: Groups by the number of languages they were kept in; source language only.
    """

    checks: Counter[Outcome] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    measures: Counter[tuple[str, bool, int]] = field(default_factory=Counter)
    breadth: Counter[int] = field(default_factory=Counter)


def scan_file(scan: Scan, file: pq.ParquetFile, kept: bool, is_source: bool) -> None:
    """Add the rows of one file of kept or quarantined rows to the counts."""
    columns = ["checks", *_MEASURES]
    if kept:
        columns += [_METHODS, *(["languages"] if is_source else [])]
    for number in range(file.num_row_groups):
        table = file.read_row_group(number, columns=columns)
        _count_checks(scan, table.column("checks"))
        for name in _MEASURES:
            for step, count in _count(_steps(table.column(name))):
                if step is not None:
                    scan.measures[name, kept, step] += count
        if kept:
            answers = pc.list_flatten(table.column("answers"))
            for method, count in _count(pc.struct_field(answers, "method")):
                scan.methods[method] += count
        if kept and is_source:
            for languages, count in _count(pc.list_value_length(table.column("languages"))):
                scan.breadth[languages] += count


def _count_checks(scan: Scan, column: pa.ChunkedArray) -> None:
    checks = pc.list_flatten(column)
    texts = {name: pc.struct_field(checks, name) for name in ("name", "field", "verdict")}
    table = pa.table({**texts, "step": _steps(pc.struct_field(checks, "value"))})
    counted = table.group_by(table.column_names).aggregate([([], "count_all")])
    for row in counted.to_pylist():
        count = row.pop("count_all")
        scan.checks[Outcome(**row)] += count


def _steps(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return values in hundredths, large ones rounded to whole numbers, and bounded.

    So there are few distinct ones, however many rows there are.
    """
    finite = pc.if_else(pc.is_finite(values), values, None)
    bounded = pc.max_element_wise(finite, _scalar(-LARGEST), skip_nulls=False)
    bounded = pc.min_element_wise(bounded, _scalar(LARGEST), skip_nulls=False)
    fine = pc.round(pc.multiply(bounded, _scalar(STEPS)))
    coarse = pc.multiply(pc.round(bounded), _scalar(STEPS))
    return pc.cast(pc.if_else(pc.less(pc.abs(bounded), _scalar(_LARGE)), fine, coarse), pa.int32())


def _scalar(value: float) -> pa.Scalar:
    return pa.scalar(value, pa.float32())


def _count(values: pa.ChunkedArray) -> list[tuple[Any, int]]:
    return [(item["values"], item["counts"]) for item in pc.value_counts(values).to_pylist()]
