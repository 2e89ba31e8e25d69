"""What the checks said of the rows of one language, as plain JSON values."""

from collections import Counter
from typing import Any, Final

from pipelines.report.distribution import (
    EVIDENCE_SCALE,
    LENGTH_SCALE,
    SCORE_SCALE,
    SHARE_SCALE,
    Scale,
    describe,
)
from pipelines.report.scan import Outcome, Scan
from pipelines.text.script import decides_language
from schemas.check import FLAG, PASS, REJECT, SKIPPED
from schemas.language import LANGUAGES

LANGUAGE_VERDICTS: Final = (
    "verified", "similar", "short", "script_only", "disputed", "refused", "wrong_script",
)  # fmt: skip

_VERDICTS: Final = (PASS, FLAG, REJECT, SKIPPED)
_UNVERIFIED: Final = {
    "similar_language": "similar",
    "unverified_short": "short",
    "script_only": "script_only",
    "language_disputed": "disputed",
}
_EVIDENCE: Final = ("wrong_language", "untranslated", "unverified_short", "language_disputed")
_MEASURES: Final[dict[str, Scale]] = {
    "score_min": SCORE_SCALE,
    "score_mean": SCORE_SCALE,
    "unknown_share": SHARE_SCALE,
}

Facts = dict[str, Any]

FIELDS: Final = ("question", "passage")


def describe_checks(lang: str, scan: Scan, verdicts: Facts) -> Facts:
    """Return counts and distributions of the checks of one language."""
    return {
        "checks": _checks(scan),
        "language_verdicts": verdicts,
        "length_ratio": _distributions(scan, ("length_ratio",), LENGTH_SCALE),
        "language_evidence": _language_evidence(lang, scan),
        "measures": _measures(scan),
    }


def _checks(scan: Scan) -> list[Facts]:
    """Return how often each check said what."""
    counts: dict[tuple[str, str], Counter[str]] = {}
    for outcome, count in scan.checks.items():
        counts.setdefault((outcome.field, outcome.name), Counter())[outcome.verdict] += count
    return [
        {"name": name, "field": field, **{v: counts[field, name][v] for v in _VERDICTS}}
        for field, name in sorted(counts, key=lambda key: (_field_order(key[0]), key[1]))
    ]


def language_verdicts(scan: Scan) -> Facts:
    """Return what the language check found in each field."""
    mixes: dict[str, Counter[str]] = {}
    for outcome, count in scan.checks.items():
        if found := _language_verdict(outcome):
            mixes.setdefault(outcome.field, Counter())[found] += count
    return {
        field: {name: mixes[field][name] for name in LANGUAGE_VERDICTS}
        for field in sorted(mixes, key=_field_order)
    }


def _language_verdict(outcome: Outcome) -> str:
    """Return what an outcome says of the language; empty when it says nothing."""
    if outcome.name == "wrong_script":
        return "wrong_script" if outcome.verdict == REJECT else ""
    if outcome.name in {"wrong_language", "untranslated"}:
        return {PASS: "verified", REJECT: "refused"}.get(outcome.verdict, "short")
    return _UNVERIFIED.get(outcome.name, "")


def _language_evidence(lang: str, scan: Scan) -> Facts:
    """Return how much texts look like their language; nothing where no detector measures it."""
    language = LANGUAGES[lang]
    if not language.langdetect or decides_language(language.script):
        return {}
    return _distributions(scan, _EVIDENCE, EVIDENCE_SCALE)


def _distributions(scan: Scan, names: tuple[str, ...], scale: Scale) -> Facts:
    """Return the distribution of a check's values for each field, by verdict."""
    counts: dict[str, Counter[tuple[str, int]]] = {}
    for outcome, count in scan.checks.items():
        name, field, verdict, step = outcome
        if name in names and step is not None:
            counts.setdefault(field, Counter())[verdict, step] += count
    return {field: describe(counts[field], scale) for field in sorted(counts, key=_field_order)}


def _measures(scan: Scan) -> Facts:
    """Return the distribution of what the translator said of its rows, kept or not."""
    facts = {}
    for measure, scale in _MEASURES.items():
        counts = {
            ("kept" if kept else "quarantined", step): count
            for (name, kept, step), count in scan.measures.items()
            if name == measure
        }
        if counts:
            facts[measure] = describe(counts, scale)
    return facts


def _field_order(field: str) -> tuple[int, str]:
    return (FIELDS.index(field) if field in FIELDS else len(FIELDS), field)
