"""A row: one language's version of a record, and the schemas of shards and quarantine."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

import pyarrow as pa

from schemas.check import CHECK_TYPE, Check

SCHEMA_VERSION: Final = "1"
METADATA: Final = {"tandemqa.schema_version": SCHEMA_VERSION}


@dataclass(frozen=True, slots=True)
class RowAnswer:
    """An answer in the row's language.

    Attributes:
        text: The answer; `passage[start:start + len(text)] == text` whenever `start >= 0`.
        start: Offset in the row's passage in Unicode code points; -1 when no span was found.
        method: How the span was found: `source`, `whole_sentence`, `verbatim`,
            `translated_exact`, `translated_fuzzy`, `marker`, `alignment`, or `none`.
        confidence: 0 to 1; 0 when no span was found.
    """

    text: str
    start: int
    method: str
    confidence: float


@dataclass(frozen=True, slots=True)
class RowTranslator:
    """Who made the row; `parameters` is a hash, its meaning stands in the manifest.

    Where fallbacks made some of the segments, each value names all: `bergamot + apertium`.
    """

    backend: str
    model: str
    revision: str
    engine: str
    parameters: str


@dataclass(frozen=True, slots=True)
class Row:
    """One language's version of a record, as it stands in a shard.

    Attributes:
        group_id: Hash of the English question and passage; equal in all languages.
        record_id: The source's own id.
        dataset: Name of the source dataset.
        split: `train`, `validation` or `test`.
        lang: BCP-47 code of the row's language.
        is_source: True for the English row.
        question: The question in `lang`.
        passage: The passage in `lang`.
        title: The title in `lang`; empty when there is none.
        passage_id: Hash of the English passage; rows that share it are never negatives of
            each other.
        answers: The answers in `lang`.
        sentence_map: `(src_start, src_end, tgt_start, tgt_end)` for each sentence of the
            passage, in Unicode code points; ends are exclusive.
        languages: All languages in which the group was accepted, sorted; empty in quarantine.
        mono: The row may serve in monolingual batches.
        cross: The row may serve in cross-lingual batches.
        checks: All verdicts, also of accepted rows.
        score_min: Lowest translator score among the row's segments; None without scores.
        score_mean: Mean translator score of the row's segments; None without scores.
        unknown_share: Share of words unknown to the translator; None where it cannot tell.
        translator: Who translated; None in the source language.
        license: Licence of the source record.
        meaning_min: Lowest cosine of the question and the passage's segments with English, by the
            sentence encoder that `--meaning` names; None without one.
        meaning_mean: Mean of the same.
    """

    group_id: str
    record_id: str
    dataset: str
    split: str
    lang: str
    is_source: bool
    question: str
    passage: str
    title: str
    passage_id: str
    answers: tuple[RowAnswer, ...]
    sentence_map: tuple[tuple[int, int, int, int], ...]
    languages: tuple[str, ...]
    mono: bool
    cross: bool
    checks: tuple[Check, ...]
    score_min: float | None
    score_mean: float | None
    unknown_share: float | None
    translator: RowTranslator | None
    license: str
    meaning_min: float | None = None
    meaning_mean: float | None = None


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A row that was rejected or failed, with what is needed to judge it again.

    Attributes:
        row: The row as far as it got; texts that could not be made are empty.
        status: `rejected` (a check refused it) or `failed` (it could not be translated).
        reason: Code of the first and most telling reason.
        reasons: All reason codes.
        detail: One sentence about the first reason.
        source_question: The English question.
        source_passage: The English passage.
        source_answers: The English answers.
    """

    row: Row
    status: str
    reason: str
    reasons: tuple[str, ...]
    detail: str
    source_question: str
    source_passage: str
    source_answers: tuple[str, ...]


_ANSWER_TYPE = pa.struct(
    [
        pa.field("text", pa.string(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("confidence", pa.float32(), nullable=False),
    ]
)
_SPAN_PAIR_TYPE = pa.struct(
    [
        pa.field(name, pa.int32(), nullable=False)
        for name in ("src_start", "src_end", "tgt_start", "tgt_end")
    ]
)
_TRANSLATOR_TYPE = pa.struct([pa.field(f.name, pa.string()) for f in fields(RowTranslator)])


def _list_of(item: pa.DataType) -> pa.DataType:
    """Return a list type with the item name that Parquet uses, so that files compare equal."""
    return pa.list_(pa.field("element", item))


_TYPES: Final[dict[str, pa.DataType]] = {
    # A dictionary, because readers that see `lang=es` folders as a column make one too.
    "lang": pa.dictionary(pa.int32(), pa.string()),
    "is_source": pa.bool_(),
    "answers": _list_of(_ANSWER_TYPE),
    "sentence_map": _list_of(_SPAN_PAIR_TYPE),
    "languages": _list_of(pa.string()),
    "mono": pa.bool_(),
    "cross": pa.bool_(),
    "checks": _list_of(CHECK_TYPE),
    "score_min": pa.float32(),
    "score_mean": pa.float32(),
    "unknown_share": pa.float32(),
    "translator": _TRANSLATOR_TYPE,
    "meaning_min": pa.float32(),
    "meaning_mean": pa.float32(),
}
MEANING_COLUMNS: Final = ("meaning_min", "meaning_mean")
"""What only corpora have whose meaning was measured."""
_NULLABLE: Final = {"score_min", "score_mean", "unknown_share", "translator", *MEANING_COLUMNS}


def row_schema(measured: bool) -> pa.Schema:
    """Return the schema of shards: with the columns of `--meaning`, or without them."""
    return pa.schema(
        [
            pa.field(f.name, _TYPES.get(f.name, pa.string()), nullable=f.name in _NULLABLE)
            for f in fields(Row)
            if measured or f.name not in MEANING_COLUMNS
        ],
        metadata={**METADATA, "tandemqa.kind": "row"},
    )


def quarantine_schema(measured: bool) -> pa.Schema:
    """Return the schema of the quarantine, as `row_schema` does."""
    return pa.schema(
        [
            *row_schema(measured),
            pa.field("status", pa.string(), nullable=False),
            pa.field("reason", pa.string(), nullable=False),
            pa.field("reasons", _list_of(pa.string()), nullable=False),
            pa.field("detail", pa.string(), nullable=False),
            pa.field("source_question", pa.string(), nullable=False),
            pa.field("source_passage", pa.string(), nullable=False),
            pa.field("source_answers", _list_of(pa.string()), nullable=False),
        ],
        metadata={**METADATA, "tandemqa.kind": "quarantine"},
    )


ROW_SCHEMA: Final = row_schema(measured=False)
QUARANTINE_SCHEMA: Final = quarantine_schema(measured=False)


def has_meaning(schema: pa.Schema) -> bool:
    """Return whether a file has the columns of `--meaning`."""
    return any(name in schema.names for name in MEANING_COLUMNS)


def _as_dict(item: Row | RowAnswer | RowTranslator | QuarantinedRow | Check) -> dict[str, Any]:
    return {f.name: getattr(item, f.name) for f in fields(item)}


def _row_values(row: Row) -> dict[str, Any]:
    values = _as_dict(row)
    values["answers"] = [_as_dict(answer) for answer in row.answers]
    values["checks"] = [_as_dict(check) for check in row.checks]
    values["sentence_map"] = [
        dict(zip(("src_start", "src_end", "tgt_start", "tgt_end"), spans, strict=True))
        for spans in row.sentence_map
    ]
    values["translator"] = _as_dict(row.translator) if row.translator else None
    return values


def rows_to_table(rows: Iterable[Row], measured: bool = False) -> pa.Table:
    """Return the rows as a table of `row_schema`."""
    return pa.Table.from_pylist([_row_values(row) for row in rows], schema=row_schema(measured))


def quarantine_to_table(items: Iterable[QuarantinedRow], measured: bool = False) -> pa.Table:
    """Return the quarantined rows as a table of `quarantine_schema`."""
    values = []
    for item in items:
        value = _as_dict(item)
        values.append({**_row_values(value.pop("row")), **value})
    return pa.Table.from_pylist(values, schema=quarantine_schema(measured))
