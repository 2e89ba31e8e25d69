"""Rows back from tables of `ROW_SCHEMA` and `QUARANTINE_SCHEMA`."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pyarrow as pa

from schemas.check import Check
from schemas.row import QuarantinedRow, Row, RowAnswer, RowTranslator

_ROW_FIELDS = tuple(field.name for field in fields(Row))


def table_to_rows(table: pa.Table) -> Iterator[Row]:
    """Yield the rows of a shard's table, in order."""
    for values in table.to_pylist():
        yield _row(values)


def table_to_quarantine(table: pa.Table) -> Iterator[QuarantinedRow]:
    """Yield the rows of a quarantine table, in order."""
    for values in table.to_pylist():
        yield QuarantinedRow(
            row=_row(values),
            status=values["status"],
            reason=values["reason"],
            reasons=tuple(values["reasons"]),
            detail=values["detail"],
            source_question=values["source_question"],
            source_passage=values["source_passage"],
            source_answers=tuple(values["source_answers"]),
        )


def _row(values: dict[str, Any]) -> Row:
    own = {name: values[name] for name in _ROW_FIELDS if name in values}
    own["answers"] = tuple(RowAnswer(**answer) for answer in values["answers"])
    own["sentence_map"] = tuple(tuple(spans.values()) for spans in values["sentence_map"])
    own["languages"] = tuple(values["languages"])
    own["checks"] = tuple(Check(**check) for check in values["checks"])
    own["translator"] = RowTranslator(**values["translator"]) if values["translator"] else None
    return Row(**own)
