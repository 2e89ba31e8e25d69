"""The sections that tell why rows are missing: from source items to rows, and by reason."""

from typing import Final

from pipelines.corpus.reasons import explain_reason
from pipelines.report.charts import legend, stacked_bar
from pipelines.report.markup import Markup, element, fragment, table
from pipelines.report.sections import (
    Facts,
    language_name,
    percent,
    section,
    target_languages,
)

_FATES: Final = {"kept": "kept", "rejected": "rejected by a check", "failed": "failed to translate"}


def funnel(facts: Facts) -> Markup:
    """Return how source items became groups, and groups became rows of each language."""
    source, groups = facts["source"], facts["corpus"]["groups"]
    steps = [
        ("source items read", source["read"], "source"),
        *((f"set aside: {name}", n, "rejected") for name, n in sorted(source["failed"].items())),
        ("set aside: duplicate", source["duplicates"], "rejected"),
        *((f"removed: in {name}", n, "leaked") for name, n in sorted(source["leaked"].items())),
        ("groups", groups, "kept"),
    ]
    first = [
        (
            name,
            stacked_bar({colour: count}, source["read"]),
            f"{count:,}",
            percent(count, source["read"]),
        )
        for name, count, colour in steps
    ]
    second = [
        (
            language_name(facts, code),
            stacked_bar({fate: of[fate] for fate in _FATES}, groups),
            f"{of['kept']:,}",
            percent(of["kept"], groups),
            f"{of['rejected']:,}",
            f"{of['failed']:,}",
        )
        for code, of in target_languages(facts).items()
    ]
    return section(
        "funnel",
        "From source items to rows",
        "Every item that was read is in exactly one line: it was set aside before translation, or "
        "it became a group. In each language a group is then kept, rejected or failed.",
        table(("before translation", "", "items", "share"), first, text=2),
        _source_examples(facts),
        element("h3", "In each language"),
        legend(_FATES),
        table(("language", "", "kept", "share", "rejected", "failed"), second, text=2),
    )


def _source_examples(facts: Facts) -> Markup:
    rows = [
        (_reason(reason), item["source"], f"{item['line'] or ''}", item["record_id"],
         item["detail"][:300])
        for reason, items in sorted(facts["source_examples"].items())
        for item in items
    ]  # fmt: skip
    if not rows:
        return Markup()
    return element(
        "details",
        element("summary", "Examples of items that were set aside"),
        table(("reason", "source", "line", "record", "what was wrong"), rows, text=5),
    )


def _reason(reason: str) -> Markup:
    meaning = explain_reason(reason)
    return fragment(
        element("span", reason, class_="code"),
        element("span", meaning, class_="detail") if meaning else "",
    )


def reasons(facts: Facts) -> Markup:
    """Return how many rows each reason cost in each language."""
    targets = target_languages(facts)
    totals: dict[str, int] = {}
    for of in targets.values():
        for reason, count in of["reasons"].items():
            totals[reason] = totals.get(reason, 0) + count
    rows = [
        [_reason(reason), f"{totals[reason]:,}"]
        + [
            _heat(of["reasons"].get(reason, 0), facts["corpus"]["groups"])
            for of in targets.values()
        ]
        for reason in sorted(totals, key=lambda reason: (-totals[reason], reason))
    ]
    head = ["reason", "all", *(language_name(facts, code) for code in targets)]
    lead = (
        "Rows by their first and most telling reason; a stronger colour is a larger share of all "
        "groups. The rows themselves stand in quarantine/, and some below."
    )
    if not rows:
        return section("reasons", "Why rows are missing", "No row is missing in any language.")
    return section("reasons", "Why rows are missing", lead, table(head, rows))


def _heat(count: int, total: int) -> Markup:
    share = count / max(total, 1)
    level = sum(share > limit for limit in (0, 0.001, 0.01, 0.05, 0.2))
    return element("span", f"{count:,}", class_=f"heat heat-{level}")


def leaks(facts: Facts) -> Markup:
    """Return how many records each evaluation set removed."""
    leaked, looked_for = facts["source"]["leaked"], facts["source"]["looked_for"]
    if not leaked:
        return section(
            "leaks",
            "Evaluation data",
            "The manifest names no evaluation set that records were held against.",
        )
    rows = [
        (name, f"{looked_for.get(name, 0):,}", f"{count:,}")
        for name, count in sorted(leaked.items())
    ]
    return section(
        "leaks",
        "Evaluation data",
        "Records that are in these evaluation sets were removed in English, before translation, "
        "so that a model trained on the corpus has not seen them.",
        table(("evaluation set", "items looked for", "records removed"), rows),
    )
