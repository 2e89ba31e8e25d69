"""The sections that tell how good the translations are: length, language, scores."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pipelines.report.charts import histogram, legend, stacked_bar
from pipelines.report.markup import Content, Markup, element, table
from pipelines.report.scan import LARGEST
from pipelines.report.sections import (
    FIELDS,
    Facts,
    language_name,
    percent,
    section,
    target_languages,
)

Show = Callable[[float], str]

_VERDICTS: Final = {
    "verified": "verified",
    "similar": "a near relative of the language",
    "short": "too short to tell",
    "script_only": "only the script is known to be right",
    "disputed": "disputed between two detectors",
    "refused": "refused: English or another language",
    "wrong_script": "refused: wrong script",
}

_VERDICT_COLOURS: Final = {"pass": "passed", "flag": "flagged", "reject": "rejected"}

_SCORES: Final = {
    "score_min": "Lowest score of a row's segments",
    "score_mean": "Mean score of a row's segments",
    "unknown_share": "Share of words the translator did not know",
}


def lengths(facts: Facts) -> Markup:
    """Return how long translations are against the typical one of their language."""
    guides = (math.log(1 / 2), 0.0, math.log(2))
    return section(
        "lengths",
        "Length of the translations",
        "How much longer or shorter than typical for its language a translation is, both measured "
        "against the English text. A narrow hill in the middle is good; bars far to the side are "
        "texts that were cut or run on. The thin lines are half, typical and twice the length.",
        _calibration_note(facts),
        legend(_VERDICT_COLOURS),
        _charts(facts, "length_ratio", guides, ("⅓", "typical", "3×"), _as_factor),
    )


def _as_factor(value: float) -> str:
    return f"{math.exp(value):.2f}×"


def _calibration_note(facts: Facts) -> Markup:
    origins = {"shipped": "human translations", "run": "this corpus", "widened": "too few rows"}
    rows = [
        (
            language_name(facts, code),
            field,
            origins.get(entry["origin"], entry["origin"]),
            f"{math.exp(entry['median']):.2f}",
            f"{entry['mad']:.3f}",
            f"{entry['rows']:,}",
        )
        for code, fields in facts["calibration"].items()
        for field, entry in sorted(fields.items(), reverse=True)
        if field in FIELDS
    ]
    if not rows:
        return Markup()
    head = (
        "language",
        "field",
        "learnt from",
        "characters per English character",
        "spread",
        "rows",
    )
    return element(
        "details",
        element("summary", "Calibration: what counts as typical"),
        element(
            "p",
            "Languages with too few rows to learn from are held to wider bounds. Spread is the "
            "scaled median absolute deviation of the logarithm.",
            class_="note",
        ),
        table(head, rows, text=3),
    )


def languages(facts: Facts) -> Markup:
    """Return what the language check found, and how sure it was."""
    rows = []
    for code, of in target_languages(facts).items():
        for field, mix in of["language_verdicts"].items():
            total = sum(mix.values())
            unverified = mix["short"] + mix["script_only"] + mix["disputed"]
            refused = mix["refused"] + mix["wrong_script"]
            rows.append(
                (
                    language_name(facts, code),
                    f"{field}s",
                    stacked_bar(mix, total),
                    percent(mix["verified"], total),
                    percent(mix["similar"], total),
                    percent(unverified, total),
                    percent(refused, total),
                )
            )
    head = ("language", "texts", "", "verified", "near relative", "unverified", "refused")
    return section(
        "language",
        "Language of the translations",
        "Only texts called verified were recognised as their language. Texts too short to tell, "
        "and languages that the detector does not know, pass unverified.",
        legend(_VERDICTS),
        table(head, rows, text=3),
        element("h3", "Evidence for the language"),
        element(
            "p",
            "How many times more likely a text is in its language than in any other, as a "
            "logarithm. Left of the line it looks more like another language; nearly all should "
            "stand far to the right.",
            class_="note",
        ),
        legend({**_VERDICT_COLOURS, "skipped": "unverified"}),
        _charts(facts, "language_evidence", (0.0,), ("−60", "0", "60"), _as_evidence),
    )


def _as_evidence(value: float) -> str:
    beyond = "over " if value >= LARGEST else ""
    return f"{beyond}{value:.0f}".replace("-", "−")


def _as_share(value: float) -> str:
    return f"{value:.0%}"


def scores(facts: Facts) -> Markup:
    """Return how sure the translators were, where they say so."""
    figures = []
    for code, of in target_languages(facts).items():
        parts: list[Content] = []
        for measure, distribution in of["measures"].items():
            share = measure == "unknown_share"
            show = _as_share if share else _as_score
            ticks = ("0", "50%", "100%") if share else ("−3", "−1.5", "0")
            parts += _chart(_SCORES[measure], distribution, (), ticks, show)
        if parts:
            name = element("figcaption", language_name(facts, code))
            figures.append(element("figure", name, *parts))
    if not figures:
        return section("scores", "Scores", "The translators of this corpus give no scores.")
    return section(
        "scores",
        "Scores of the translators",
        "Neural translators say how probable they find a sentence (logarithm; 0 is certain), "
        "Apertium which words it does not know. Compare within a language, not across.",
        legend({"kept": "kept rows", "quarantined": "rejected or failed rows"}),
        element("div", *figures, class_="figures"),
    )


def _as_score(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _charts(
    facts: Facts, name: str, guides: Sequence[float], ticks: Sequence[str], show: Show
) -> Markup:
    """Return a figure for every language with one histogram for each field."""
    figures = []
    for code, of in target_languages(facts).items():
        parts: list[Content] = [element("figcaption", language_name(facts, code))]
        for field, distribution in of[name].items():
            parts += _chart(f"{field}s", distribution, guides, ticks, show)
        if len(parts) == 1:
            parts.append(element("p", "not measured", class_="note"))
        figures.append(element("figure", *parts))
    return element("div", *figures, class_="figures")


def _chart(
    words: str,
    distribution: Mapping[str, Any],
    guides: Sequence[float],
    ticks: Sequence[str],
    show: Show,
) -> list[Content]:
    """Return name, histogram and axis, with the percentiles in words."""
    low, middle, high = (show(distribution["percentiles"][p]) for p in ("p5", "p50", "p95"))
    told = f"half up to {middle}, nine in ten from {low} to {high}"
    if low == high:
        told = f"nine in ten: {low}"
    axis = [element("span", tick) for tick in ticks]
    return [
        element("p", words, element("span", told, class_="detail"), class_="chart-name"),
        histogram(distribution, guides, f"{words}: {told}"),
        element("div", *axis, class_="axis", aria_hidden="true"),
    ]
