"""What correct translations look like in one language: lengths, overlap, scores.

Shipped values were measured on half of XQuAD-R's human translations; other languages learn
theirs from the run. Medians and median deviations take no harm from some bad rows; bounds keep
them sane when most rows are bad.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.transforms.combiners import Count, ToDict

from pipelines.checks.length import ends_as_question, marks_questions
from pipelines.checks.limits import DEFAULT_LIMITS
from pipelines.checks.lowest_score import SCORE_STEPS, calibrate_scores, weighted_median
from pipelines.judge.model_checks import ModelCheck, score_values
from pipelines.text.relatedness import length_ratio, overlap_residual
from pipelines.text.script import letters
from pipelines.translation.rows import Draft, Group
from schemas.language import LANGUAGES
from schemas.manifest import Calibration

Key = tuple[str, str]
Calibrations = Mapping[Key, Calibration]

# Kinds of cosines of English texts and translations, which every run learns for itself.
MEANINGS: Final = {
    "question": "question_meaning",
    "passage": "sentence_meaning",
    "answer": "answer_meaning",
}
UNMARKED: Final = "unmarked"
"""Share of the questions with a question mark in English that have none in the translation."""

# Values are counted in steps of 0.01, so that medians are exact, mergeable and independent of
# the order in which rows come.
_STEPS: Final = 100

ENOUGH_ROWS: Final = 200
_WIDENED: Final = 2.5
_SMALLEST_MAD: Final = 0.02
_NEVER: Final = 100.0  # a deviation that nothing exceeds, for what cannot be judged yet

# Kinds of values: of lengths ln(target / source characters), of overlaps the residual of
# `pipelines.text.relatedness`, of scores the translator's. Usual and greatest plausible deviation.
_USUAL_MAD: Final = {"question": 0.15, "passage": 0.065, "overlap": 0.125}
_GREATEST_MAD: Final = {"question": 0.25, "passage": 0.15, "overlap": 0.17}
# How far a run's median may lie from the shipped one, or from the script's.
_NEAR_SHIPPED: Final = {"question": 0.25, "passage": 0.2, "overlap": 0.15}
_NEAR_SCRIPT: Final = {"question": 0.5, "passage": 0.5, "overlap": 0.3}

# Median and robust deviation of questions, passages and overlaps, by
# `python -m benchmarks.quality --calibrate`: 556 questions, 110 passages.
_ROWS: Final = {"question": 556, "passage": 110, "overlap": 556}
_SHIPPED: Final[dict[str, tuple[tuple[float, float], ...]]] = {
    "ar": ((-0.164, 0.184), (-0.150, 0.078), (0.132, 0.140)),
    "de": ((0.110, 0.144), (0.125, 0.063), (0.231, 0.111)),
    "el": ((0.112, 0.134), (0.134, 0.047), (0.196, 0.127)),
    "es": ((0.107, 0.114), (0.121, 0.055), (0.238, 0.099)),
    "hi": ((-0.032, 0.151), (-0.017, 0.063), (0.180, 0.107)),
    "ru": ((0.022, 0.179), (0.072, 0.057), (0.158, 0.130)),
    "th": ((-0.121, 0.182), (-0.068, 0.082), (0.149, 0.141)),
    "tr": ((-0.020, 0.158), (-0.001, 0.058), (0.148, 0.121)),
    "vi": ((0.000, 0.149), (0.018, 0.073), (0.259, 0.102)),
    "zh-Hans": ((-1.226, 0.216), (-1.167, 0.125), (0.066, 0.150)),
}
# ln of the usual length in scripts whose characters hold more than a letter, or no vowels.
_SCRIPT_LENGTH: Final = {"Hans": -1.2, "Hant": -1.2, "Jpan": -0.9, "Kore": -0.7, "Hebr": -0.25}


def shipped(lang: str, kind: str) -> Calibration | None:
    """Return the calibration that comes with tandemqa, or None where there is none."""
    values = dict(zip(_ROWS, _SHIPPED.get(lang, ()), strict=False))
    if kind not in values:
        return None
    median, mad = values[kind]
    return Calibration(median=median, mad=mad, rows=_ROWS[kind], origin="shipped")


def calibrate(lang: str, kind: str, histogram: Mapping[int, int]) -> Calibration:
    """Return the calibration to use for one language and kind of value.

    The run's own values when there are at least 200 rows and their median is plausible; else the
    shipped ones; else the run's, or those usual for the script, with widened bounds.

    Args:
        lang: BCP-47 code.
        kind: `question`, `passage`, `overlap`, `unmarked`, `score`, or one of the kinds of meaning.
        histogram: Rows of this run by value in hundredths; of a kind of meaning in thousandths.
    """
    if kind in MEANINGS.values():
        return calibrate_scores(histogram)
    rows = sum(histogram.values())
    if kind == UNMARKED:
        share = histogram.get(_STEPS, 0) / max(1, rows)
        return Calibration(median=share, mad=0.0, rows=rows, origin="run")
    known = shipped(lang, kind)
    median, mad = _measure(histogram) if rows else (0.0, 0.0)
    if kind == "score":
        enough = rows >= ENOUGH_ROWS
        origin = "run" if enough else "widened"
        return Calibration(median=median, mad=mad if enough else _NEVER, rows=rows, origin=origin)
    usual, reach = _expected_median(lang, kind, known)
    plausible = abs(median - usual) <= reach
    if rows >= ENOUGH_ROWS and plausible:
        mad = min(mad, _GREATEST_MAD[kind])
        return Calibration(median=median, mad=mad, rows=rows, origin="run")
    if known:
        return known
    if kind == "overlap":
        return Calibration(median=usual, mad=_NEVER, rows=rows, origin="widened")
    mad = min(max(mad, _USUAL_MAD[kind]), _GREATEST_MAD[kind]) * _WIDENED
    median = median if rows and plausible else usual
    return Calibration(median=median, mad=mad, rows=rows, origin="widened")


def _expected_median(lang: str, kind: str, known: Calibration | None) -> tuple[float, float]:
    """Return the median to expect and how far a believable one may lie from it."""
    if known:
        return known.median, _NEAR_SHIPPED[kind]
    if kind == "overlap":
        return 0.15, _NEAR_SCRIPT[kind]
    return _SCRIPT_LENGTH.get(LANGUAGES[lang].script, 0.0), _NEAR_SCRIPT[kind]


def _measure(histogram: Mapping[int, int]) -> tuple[float, float]:
    """Return median and median absolute deviation, scaled to a standard deviation."""
    median = weighted_median(histogram)
    deviations: Counter[int] = Counter()
    for step, count in histogram.items():
        deviations[abs(step - median)] += count
    mad = max(1.4826 * weighted_median(deviations) / _STEPS, _SMALLEST_MAD)
    return median / _STEPS, mad


class Calibrate(beam.PTransform[PCollection[Group], PCollection[dict[Key, Calibration]]]):
    """Learn what every language's lengths, overlaps and scores are from all rows of the run.

    Args:
        model_checks: Models whose scores are learnt from, too.
    """

    def __init__(self, model_checks: Sequence[ModelCheck] = ()) -> None:
        super().__init__()
        self.model_checks = tuple(model_checks)

    def expand(self, groups: PCollection[Group]) -> PCollection[dict[Key, Calibration]]:
        calibrations: PCollection[dict[Key, Calibration]] = (
            groups
            | "Measure" >> beam.FlatMap(group_values, self.model_checks)
            | "Count" >> Count.PerElement()
            | "Collect" >> ToDict()
            | "Choose" >> beam.Map(calibrate_all, self.model_checks)
        )
        return calibrations


def group_values(
    group: Group, model_checks: Sequence[ModelCheck] = ()
) -> Iterator[tuple[Key, int]]:
    """Yield language, kind and value of every translated row of a group.

    Values are in hundredths, those of models in thousandths.
    """
    for draft in group.drafts:
        if not draft.failure:
            for kind, value in _row_values(group, draft):
                yield (draft.row.lang, kind), round(value * _STEPS)
            scores = score_values(draft.row.checks, model_checks)
            for kind, value in chain(_meanings(group, draft), scores):
                yield (draft.row.lang, kind), round(value * SCORE_STEPS)


def _row_values(group: Group, draft: Draft) -> Iterator[tuple[str, float]]:
    """Yield what can be measured on one row; cut texts and copies of the English one cannot."""
    source, row = group.source, draft.row
    for field in ("question", "passage"):
        original, target = getattr(source, field), getattr(row, field)
        if target.strip() and field not in draft.unfinished and target != original:
            yield field, length_ratio(original, target)
    if marks_questions(row.lang) and ends_as_question(source.question):
        yield UNMARKED, float(not ends_as_question(row.question))
    if row.question and row.passage:
        yield (
            "overlap",
            overlap_residual(source.question, source.passage, row.question, row.passage, row.lang),
        )
    if row.score_mean is not None:
        yield "score", row.score_mean


def _meanings(group: Group, draft: Draft) -> Iterator[tuple[str, float]]:
    """Yield how similar the texts of a row are; copies of the English one are left out."""
    if draft.meaning is None:
        return
    source, row = group.source, draft.row
    texts = {
        "question": [(source.question, row.question)],
        "passage": [(source.passage[a:b], row.passage[c:d]) for a, b, c, d in row.sentence_map],
        "answer": [(a.text, b.text) for a, b in zip(source.answers, row.answers, strict=True)],
    }
    found = {
        "question": (draft.meaning.question,),
        "passage": draft.meaning.sentences,
        "answer": draft.meaning.answers,
    }
    for field, kind in MEANINGS.items():
        for (english, translation), value in zip(texts[field], found[field], strict=True):
            if english != translation and letters(english) >= DEFAULT_LIMITS.meaning_letters:
                yield kind, value


def calibrate_all(
    counts: Mapping[tuple[Key, int], int], model_checks: Sequence[ModelCheck] = ()
) -> dict[Key, Calibration]:
    """Return the calibration of every language and kind that was measured."""
    scores = {kind for check in model_checks for kind in check.kinds.values()}
    histograms: dict[Key, dict[int, int]] = {}
    for (key, step), count in counts.items():
        histograms.setdefault(key, {})[step] = count
    return {
        key: calibrate_scores(histogram) if key[1] in scores else calibrate(*key, histogram)
        for key, histogram in histograms.items()
    }
