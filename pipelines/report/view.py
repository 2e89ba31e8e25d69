"""What the page shows that is not in the facts as it stands: charts, shares, words."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from pipelines.corpus.reasons import explain_reason
from pipelines.report.charts import HEIGHT, Histogram, histogram, stacked_bar
from pipelines.report.check_facts import FIELDS
from pipelines.report.scan import LARGEST
from schemas.language import SOURCE_LANGUAGE
from schemas.licences import is_non_commercial
from schemas.page import render_page
from schemas.wording import counted

Facts = Mapping[str, Any]

_METHODS: Final = {
    "source": "as in the source",
    "whole_sentence": "whole sentence",
    "verbatim": "same text as in English",
    "translated_exact": "its own translation found",
    "translated_fuzzy": "nearly its own translation",
    "marker": "marked while translating",
    "alignment": "words aligned",
    "none": "no place in the passage",
}
_SCORES: Final = {
    "score_min": "Lowest score of a row's segments",
    "score_mean": "Mean score of a row's segments",
    "unknown_share": "Share of words the translator did not know",
}
_ORIGINS: Final = {
    "shipped": "human translations",
    "run": "this corpus",
    "widened": "too few rows",
}
_HEAT: Final = (0, 0.001, 0.01, 0.05, 0.2)  # shares of all groups from which colours are stronger


class Chart(NamedTuple):
    """A histogram with its name, its percentiles in words, and the labels of its axis."""

    name: str
    told: str
    drawn: Histogram
    ticks: tuple[str, ...]


class Kind(NamedTuple):
    """How values of one kind are charted: lines, labels of the axis, and a value in words."""

    guides: tuple[float, ...]
    ticks: tuple[str, ...]
    show: Callable[[float], str]


def write_page(facts: Facts) -> str:
    """Return the page; the same facts give the same bytes."""
    languages = facts["languages"]
    shown = {code: {k: of[k] for k in ("name", "direction")} for code, of in languages.items()}
    methods = _methods(facts)
    found = {
        c for group in facts["sample"] for row in group["rows"] for c in row.get("reasons", [])
    }
    return render_page(
        "pipelines.report",
        "report.html.j2",
        style="report.css",
        script="report.js",
        **facts,
        targets={code: of for code, of in languages.items() if code != SOURCE_LANGUAGE},
        datasets=_datasets(facts),
        non_commercial=_non_commercial(facts),
        splits=sorted({split for of in languages.values() for split in of["splits"]}),
        reasons=_reasons(facts),
        methods=methods,
        answers={
            code: {method: of["methods"].get(method, 0) for method in methods}
            for code, of in languages.items()
        },
        calibrated=list(_calibrated(facts)),
        charts=_charts(facts),
        embedded={
            "languages": shown,
            "meanings": {code: explain_reason(code) for code in sorted(found)},
            "groups": facts["sample"],
        },
        stacked_bar=stacked_bar,
        chart_height=HEIGHT,
        explain=explain_reason,
        percent=percent,
        counted=counted,
        heat=_heat,
    )


def percent(count: int, total: int) -> str:
    """Return a share in percent, exact enough to tell nothing from almost nothing."""
    if not total:
        return "–"
    share = 100 * count / total
    return f"{share:.2f}%" if 0 < share < 1 or 99 < share < 100 else f"{share:.1f}%"


def _datasets(facts: Facts) -> list[str]:
    """Return the names for the title; none when there are too many."""
    names = dict.fromkeys(str(s.get("dataset", "")) for s in facts["config"].get("sources", []))
    known = [name for name in names if name]
    return known if len(known) <= 3 else []


def _non_commercial(facts: Facts) -> list[str]:
    """Return the names of languages whose translator has a non-commercial licence."""
    return [
        facts["languages"][code]["name"]
        for code, entry in facts["translators"].items()
        if any(map(is_non_commercial, _licences(entry))) and code in facts["languages"]
    ]


def _licences(entry: Facts) -> list[str]:
    return [entry["license"], *(fallback["license"] for fallback in entry["fallbacks"])]


def _reasons(facts: Facts) -> list[tuple[str, int]]:
    """Return the reasons with their rows in all languages, the most frequent first."""
    totals: Counter[str] = Counter()
    for code, of in facts["languages"].items():
        totals.update(of["reasons"] if code != SOURCE_LANGUAGE else {})
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))


def _heat(count: int, total: int) -> int:
    """Return how strong the colour of a count is, from 0 to 5."""
    share = count / max(total, 1)
    return sum(share > limit for limit in _HEAT)


def _methods(facts: Facts) -> dict[str, str]:
    """Return the words for every method that found an answer."""
    used = {method for of in facts["languages"].values() for method in of["methods"]}
    known = {method: words for method, words in _METHODS.items() if method in used}
    return known | {method: method for method in sorted(used - set(_METHODS))}


def _calibrated(facts: Facts) -> Iterator[tuple[str, ...]]:
    """Yield what counts as a typical length: code, field and the cells after them."""
    for code, fields in facts["calibration"].items():
        for field, entry in sorted(fields.items(), reverse=True):
            if field in FIELDS:
                origin = _ORIGINS.get(entry["origin"], entry["origin"])
                ratio, spread = f"{math.exp(entry['median']):.2f}", f"{entry['mad']:.3f}"
                yield code, field, origin, ratio, spread, f"{entry['rows']:,}"


def _charts(facts: Facts) -> dict[str, dict[str, list[Chart]]]:
    """Return the charts of lengths, language evidence and scores, each by language."""
    charts: dict[str, dict[str, list[Chart]]] = {"lengths": {}, "evidence": {}, "scores": {}}
    for code, of in facts["languages"].items():
        if code == SOURCE_LANGUAGE:
            continue
        charts["lengths"][code] = [
            _chart(f"{field}s", values, _LENGTH) for field, values in of["length_ratio"].items()
        ]
        charts["evidence"][code] = [
            _chart(f"{field}s", values, _EVIDENCE)
            for field, values in of["language_evidence"].items()
        ]
        scores = [
            _chart(_SCORES[name], values, _SHARE if name == "unknown_share" else _SCORE)
            for name, values in of["measures"].items()
        ]
        if scores:
            charts["scores"][code] = scores
    return charts


def _chart(name: str, distribution: Facts, kind: Kind) -> Chart:
    """Return a chart whose middle and tails are told in words as well."""
    low, middle, high = (kind.show(distribution["percentiles"][p]) for p in ("p5", "p50", "p95"))
    told = f"nearly all {low}" if low == high else f"median {middle}, 90% between {low} and {high}"
    return Chart(name, told, histogram(distribution, kind.guides), kind.ticks)


def _as_factor(value: float) -> str:
    return f"{math.exp(value):.2f}×"


def _as_evidence(value: float) -> str:
    beyond = "over " if value >= LARGEST else ""
    return f"{beyond}{round(value)}".replace("-", "−")


def _as_share(value: float) -> str:
    return f"{value:.0%}"


def _as_score(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


_LENGTH: Final = Kind((math.log(1 / 2), 0.0, math.log(2)), ("⅓", "typical", "3×"), _as_factor)
_EVIDENCE: Final = Kind((0.0,), ("−60", "0", "60"), _as_evidence)
_SCORE: Final = Kind((), ("−3", "−1.5", "0"), _as_score)
_SHARE: Final = Kind((), ("0", "50%", "100%"), _as_share)
