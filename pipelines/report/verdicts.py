"""The sections that count, row by row: places of answers, and verdicts of all checks."""

from typing import Final

from pipelines.report.charts import legend, stacked_bar
from pipelines.report.markup import Markup, element, table
from pipelines.report.sections import (
    Facts,
    language_name,
    percent,
    section,
    target_languages,
)

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


def answers(facts: Facts) -> Markup:
    """Return how answers were found in the translated passages."""
    used = {method for of in facts["languages"].values() for method in of["methods"]}
    names = {m: words for m, words in _METHODS.items() if m in used}
    names |= {method: method for method in sorted(used - set(_METHODS))}
    rows = []
    for code, of in facts["languages"].items():
        total = sum(of["methods"].values())
        found = total - of["methods"].get("none", 0)
        parts = {method: of["methods"].get(method, 0) for method in names}
        rows.append(
            (
                language_name(facts, code),
                stacked_bar(parts, total),
                f"{total:,}",
                f"{found:,}",
                percent(found, total),
            )
        )
    return section(
        "answers",
        "Answers in the passages",
        "How many answers have a place in the passage, and how it was found. A row without one is "
        "still a good pair of question and passage. No language can have more than English has.",
        legend(names),
        table(("language", "", "answers", "with a place", "share"), rows, text=2),
    )


def checks(facts: Facts) -> Markup:
    """Return every check with its verdicts, language by language."""
    parts = []
    for code, of in target_languages(facts).items():
        rows = [
            (
                element("span", check["name"], class_="code"),
                check["field"],
                *(f"{check[verdict]:,}" for verdict in ("pass", "flag", "reject", "skipped")),
            )
            for check in of["checks"]
        ]
        head = ("check", "field", "passed", "flagged", "rejected", "skipped")
        summary = element("summary", language_name(facts, code))
        parts.append(element("details", summary, table(head, rows, text=2)))
    return section(
        "checks",
        "All checks",
        "Every check looks at every row, also when another one has already rejected it; skipped "
        "means that there was nothing to measure.",
        *parts,
    )
