"""What the meaning check catches, and what it rejects of gold, by an encoder on this machine."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.quality.broken_rows import make_spoiler
from benchmarks.quality.corruptions import spoil
from benchmarks.quality.gold import GoldRow
from benchmarks.quality.judging import Gold, check, rejecting, without_second_opinion
from benchmarks.quality.markdown import percent, table
from pipelines.checks import FieldPair
from pipelines.checks.limits import DEFAULT_LIMITS
from pipelines.checks.lowest_score import SCORE_STEPS, calibrate_scores
from pipelines.checks.meaning import neighbours_meaning, other_meaning
from pipelines.judge.calibration import calibrate
from pipelines.text.script import letters
from schemas.check import REJECT
from schemas.manifest import Calibration
from translators.sentence_encoder import EncoderSettings, SentenceEncoder, open_encoder

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
Gold rows of one passage in {every}, as they are or with one text spoiled; limits are learnt in
each language from the gold rows, as in a build. Number format: {precision}. The factor on
deviations and the margin were chosen on rows of both halves, without the kind marked †."""


class Case(NamedTuple):
    """A row as it is or spoiled in one way."""

    field: str
    kind: str
    row: GoldRow


def report_by(name: str, gold: Gold, every: int) -> str:
    """Return the section by a sentence-transformers model, named or in a folder."""
    encoder = open_encoder(EncoderSettings(name))
    some = {lang: _some(rows, every) for lang, rows in gold.items()}
    return report(some, encoder, Path(name).name, every)


def report(gold: Gold, encoder: SentenceEncoder, model: str, every: int) -> str:
    """Return the section."""
    cases = {lang: list(_cases(gold, rows)) for lang, rows in gold.items()}
    pairs = (pair for own in cases.values() for case in own for pair in _pairs(case))
    texts = sorted({text for pair in pairs for text in pair})
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    note = NOTE.format(
        every=every, languages=" ".join(gold), model=model, precision=encoder.precision
    )
    counted = without_second_opinion(lambda: _count(cases, vectors))
    return f"## Meaning\n\n{note}\n\n{_table(counted, list(gold))}"


def _some(rows: list[GoldRow], every: int) -> list[GoldRow]:
    passages = list(dict.fromkeys(row.passage[0] for row in rows))[::every]
    return [row for row in rows if row.passage[0] in set(passages)]


def _cases(gold: Gold, rows: list[GoldRow]) -> Iterator[Case]:
    for row in rows:
        for field, kind in KINDS:
            if field == "passage" and not (row.first and row.sentence_map):
                continue
            spoiled: GoldRow | None = row
            if kind != "as it is":
                spoiled = spoil(row, field, kind, make_spoiler(gold, row, kind))
            if spoiled and (field == "question" or spoiled.sentence_map):
                yield Case(field, kind, spoiled)


def _pairs(case: Case) -> list[tuple[str, str]]:
    row = case.row
    if case.field == "question":
        return [row.question]
    return [(row.passage[0][a:b], row.passage[1][c:d]) for a, b, c, d in row.sentence_map]


def _count(
    cases: dict[str, list[Case]], vectors: dict[str, np.ndarray]
) -> dict[tuple[str, str, object], list[int]]:
    """Return by field, kind and half or language: rows, rejected without and with the check."""
    counts: dict[tuple[str, str, object], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for lang, own in cases.items():
        near: dict[str, set[str]] = defaultdict(set)
        for case in own:
            near[case.row.passage[0]].add(case.row.question[0])
        usual = {field: _usual(own, field, vectors) for field in ("question", "passage")}
        for case in own:
            form = bool(rejecting(check(case.row, case.field)))
            meaning = _is_rejected(case, usual[case.field], near[case.row.passage[0]], vectors)
            for key in ("all", case.row.held_out, lang):
                found = counts[case.field, case.kind, key]
                for place, value in enumerate((1, form, meaning, form or meaning)):
                    found[place] += value
    return counts


def _usual(cases: list[Case], field: str, vectors: dict[str, np.ndarray]) -> Calibration:
    found: Counter[int] = Counter()
    for case in cases:
        if case.field == field and case.kind == "as it is":
            for english, target in _pairs(case):
                if english != target and letters(english) >= DEFAULT_LIMITS.meaning_letters:
                    found[round(_cosine(vectors, english, target) * SCORE_STEPS)] += 1
    return calibrate_scores(found)


def _is_rejected(
    case: Case, usual: Calibration, near: set[str], vectors: dict[str, np.ndarray]
) -> bool:
    row, values = case.row, [_cosine(vectors, *pair) for pair in _pairs(case)]
    margin = None
    if case.field == "question" and (others := near - {row.question[0]}):
        margin = values[0] - max(_cosine(vectors, other, row.question[1]) for other in others)
    source, target = getattr(row, case.field)
    pair = FieldPair(
        field=case.field,
        lang=row.lang,
        source=source,
        target=target,
        finished=True,
        calibration=calibrate(row.lang, case.field, {}),
        sentences=row.sentence_map if case.field == "passage" else (),
        meaning=tuple(values),
        usual_meaning=usual,
        margin=margin,
    )
    found = [*other_meaning(pair), *neighbours_meaning(pair)]
    return any(item.verdict == REJECT for item in found)


def _cosine(vectors: dict[str, np.ndarray], first: str, second: str) -> float:
    return round(float(vectors[first] @ vectors[second]), 4)


def _table(counts: dict[tuple[str, str, object], list[int]], languages: list[str]) -> str:
    head = ["field", "rows are", "rows", "rejected without", "by meaning alone", "with"]
    head += ["calibration half", "held-out half", *languages]
    lines = []
    for field, kind in KINDS:
        rows, form, meaning, both = counts[field, kind, "all"]
        others = [counts[field, kind, key] for key in (False, True, *languages)]
        lines.append(
            [
                field,
                kind + (" †" if kind in HELD_OUT else ""),
                rows,
                percent(form, rows),
                percent(meaning, rows),
                f"**{percent(both, rows)}**",
                *(percent(own[3], own[0]) for own in others),
            ]
        )
    return table(head, lines)
