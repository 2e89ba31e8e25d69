"""What the meaning check catches, and what it rejects of gold, by an encoder on this machine."""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.quality.broken_rows import make_spoiler
from benchmarks.quality.corruptions import spoil
from benchmarks.quality.gold import OTHER_QUESTIONS, GoldRow
from benchmarks.quality.judging import FIELDS, Gold, check, rejecting, without_second_opinion
from benchmarks.quality.markdown import percent, table
from pipelines.checks.limits import DEFAULT_LIMITS
from pipelines.checks.lowest_score import SCORE_STEPS, calibrate_scores
from pipelines.checks.meaning import MEANING_REASONS
from pipelines.text.script import letters
from schemas.manifest import Calibration
from translators.kept_encoder import KeptEncoder
from translators.sentence_encoder import EncoderSettings, open_encoder, resolve_precision

Vectors = dict[str, np.ndarray]
Counts = dict[tuple[str, str, object], list[int]]

KINDS = (
    ("question", "as it is"),
    ("passage", "as it is"),
    ("question", "other row's text"),
    ("question", "neighbour's question"),
    ("passage", "one sentence of another row"),
    ("passage", "one sentence dropped, map known"),
)
HELD_OUT = ("one sentence dropped, map known",)

NOTE = """Made by `--sections meaning --encoder {model} --languages {languages} --every {every}`.
All gold rows as they are, and those of one passage in {every} with one text spoiled; limits are
learnt in each language from the gold rows, as in a build. Number format: {precision}. Where the
meaning is known, other checks reject less: shared words only count together with it, and a text
that is too long but says the same is flagged. The limits were chosen by the calibration half,
while figures of both were seen, and without the kind marked †. Not counted are what reading the
rejections showed to be mistakes of the translators: seven passages with another number, as above,
and {count} questions: {mistakes}."""


class Case(NamedTuple):
    """A row as it is or spoiled in one way."""

    field: str
    kind: str
    row: GoldRow


def report_by(name: str, gold: Gold, every: int, memory: str = "") -> str:
    """Return the section by a sentence-transformers model, named or in a folder.

    Args:
        name: The model.
        gold: Rows by language.
        every: Rows of one passage in so many are spoiled.
        memory: Folder where embeddings are kept, so that the work can be done in pieces.
    """
    settings = resolve_precision(EncoderSettings(name))
    encoder = KeptEncoder(settings, open_encoder(settings).fingerprint, memory)
    counts: Counts = defaultdict(lambda: [0, 0, 0, 0])
    for lang in gold:
        print(f"  {lang}", file=sys.stderr, flush=True)
        cases = list(_cases(gold, lang, every))
        texts = sorted({text for case in cases for pair in _pairs(case) for text in pair})
        vectors = dict(zip(texts, encoder.encode(texts), strict=True))
        without_second_opinion(partial(_count, counts, lang, cases, vectors))
    note = NOTE.format(
        every=every,
        languages=" ".join(gold),
        model=Path(name).name,
        precision=settings.precision,
        count=len(OTHER_QUESTIONS),
        mistakes="; ".join(f"{lang}, {asked}" for (lang, _), asked in OTHER_QUESTIONS.items()),
    )
    return f"## Meaning\n\n{note}\n\n{_table(counts, list(gold))}"


def _cases(gold: Gold, lang: str, every: int) -> Iterator[Case]:
    passages = list(dict.fromkeys(row.passage[0] for row in gold[lang]))
    spoiled = set(passages[::every])
    for row in gold[lang]:
        for field, kind in KINDS:
            if field == "passage" and not row.first:
                continue
            if kind == "as it is":
                yield Case(field, kind, row)
            elif row.passage[0] in spoiled and (field == "question" or row.sentence_map):
                bad = spoil(row, field, kind, make_spoiler(gold, row, kind))
                if bad and (field == "question" or bad.sentence_map):
                    yield Case(field, kind, bad)


def _pairs(case: Case) -> list[tuple[str, str]]:
    row = case.row
    if case.field == "question":
        return [row.question]
    return [(row.passage[0][a:b], row.passage[1][c:d]) for a, b, c, d in row.sentence_map]


def _count(counts: Counts, lang: str, cases: list[Case], vectors: Vectors) -> None:
    """Count by field, kind and half or language: rows, and those that are rejected.

    That is without the check, by the meaning alone, and by all checks with it.
    """
    near: dict[str, set[str]] = defaultdict(set)
    for case in cases:
        near[case.row.passage[0]].add(case.row.question[0])
    usual = {field: _usual(cases, field, vectors) for field in FIELDS}
    for case in cases:
        if case.kind == "as it is" and _is_mistaken(case):
            continue
        others = near[case.row.passage[0]] - {case.row.question[0]}
        facts = _facts(case, usual[case.field], others, vectors)
        without = rejecting(check(case.row, case.field))
        found = rejecting(check(case.row, case.field, **facts))
        alone = MEANING_REASONS & set(found)
        for key in ("all", case.row.held_out, lang):
            count = counts[case.field, case.kind, key]
            for place, value in enumerate((True, without, alone, found)):
                count[place] += bool(value)


def _is_mistaken(case: Case) -> bool:
    return case.row.asks_otherwise if case.field == "question" else case.row.mistaken


def _usual(cases: list[Case], field: str, vectors: Vectors) -> Calibration:
    found: Counter[int] = Counter()
    for case in cases:
        if case.field == field and case.kind == "as it is":
            for english, target in _pairs(case):
                if english != target and letters(english) >= DEFAULT_LIMITS.meaning_letters:
                    found[round(_cosine(vectors, english, target) * SCORE_STEPS)] += 1
    return calibrate_scores(found)


def _facts(case: Case, usual: Calibration, others: set[str], vectors: Vectors) -> dict[str, object]:
    """Return what a sentence encoder says of a field; `others` ask about the same passage."""
    values = tuple(_cosine(vectors, *pair) for pair in _pairs(case))
    facts: dict[str, object] = {"meaning": values, "usual_meaning": usual}
    if case.field == "question" and others:
        target = case.row.question[1]
        facts["margin"] = values[0] - max(_cosine(vectors, other, target) for other in others)
    return facts


def _cosine(vectors: Vectors, first: str, second: str) -> float:
    return round(float(vectors[first] @ vectors[second]), 4)


def _table(counts: Counts, languages: list[str]) -> str:
    head = ["field", "rows are", "rows", "rejected without", "by meaning alone", "with"]
    head += ["calibration half", "held-out half", *languages]
    lines = []
    for field, kind in KINDS:
        rows, form, meaning, both = counts[field, kind, "all"]
        others = [counts[field, kind, key] for key in (False, True, *languages)]
        digits = 2 if kind == "as it is" else 1
        lines.append(
            [
                field,
                kind + (" †" if kind in HELD_OUT else ""),
                rows,
                percent(form, rows, digits),
                percent(meaning, rows, digits),
                f"**{percent(both, rows, digits)}**",
                *(percent(own[3], own[0], digits) for own in others),
            ]
        )
    return table(head, lines)
