"""The sections that tell what a corpus is, who made it, and what to look at first."""

from collections.abc import Iterable

from pipelines.corpus.card_header import is_non_commercial
from pipelines.report.markup import Content, Markup, element, fragment, table
from pipelines.report.sections import Facts, language_name, percent, section


def overview(facts: Facts) -> Markup:
    """Return the key numbers, and who translated what from which sources."""
    corpus = facts["corpus"]
    numbers = {
        "rows": f"{corpus['rows']:,}",
        "groups of parallel rows": f"{corpus['groups']:,}",
        "languages": f"{len(facts['languages']):,}",
        "groups in all languages": percent(corpus["complete_groups"], corpus["groups"]),
        "megabytes": f"{corpus['bytes'] / 1e6:,.1f}",
    }
    figures = [
        element("div", element("dd", value), element("dt", name)) for name, value in numbers.items()
    ]
    return section(
        "overview",
        "What this is",
        "English questions with the passages that answer them, and their machine translations. "
        "The rows of a group say the same thing, each in its own language.",
        _non_commercial(facts),
        element("dl", *figures, class_="numbers"),
        _languages_table(facts),
        element("h3", "Sources"),
        table(("dataset", "licence", "read from"), _sources(facts), text=3),
    )


def _non_commercial(facts: Facts) -> Markup:
    names = [
        facts["languages"][code]["name"]
        for code, entry in facts["translators"].items()
        if is_non_commercial(entry["license"]) and code in facts["languages"]
    ]
    if not names:
        return Markup()
    return element(
        "p",
        element("strong", "Not for commercial use: "),
        f"{', '.join(names)}. The model that translated into "
        f"{'these languages' if len(names) > 1 else 'this language'} "
        "has a non-commercial licence.",
        class_="notice",
    )


def _languages_table(facts: Facts) -> Markup:
    splits = sorted({split for of in facts["languages"].values() for split in of["splits"]})
    rows = []
    for code, of in facts["languages"].items():
        entry = facts["translators"].get(code)
        who: list[Content] = ["source", "", ""]
        if entry:
            pivots = f" through {', '.join(entry['pivots'])}" if entry["pivots"] else ""
            engine = f"{entry['revision']}; {entry['engine']}"
            who = [
                fragment(
                    f"{entry['backend']}: {entry['model']}{pivots}",
                    element("span", engine, class_="detail"),
                ),
                entry["license"] or "unknown",
            ]
        cells = [f"{of['splits'].get(split, 0):,}" for split in splits]
        rows.append([language_name(facts, code), *who[:2], *cells])
    return table(("language", "translated by", "licence of the model", *splits), rows, text=3)


def _sources(facts: Facts) -> Iterable[tuple[str, str, str]]:
    for source in facts["config"].get("sources", []):
        licence = str(source.get("license") or "unknown")
        yield str(source.get("dataset", "")), licence, str(source.get("path", ""))


def alarms(facts: Facts) -> Markup:
    """Return what a person should look at before using the corpus."""
    found = facts["alarms"]
    items = [
        element(
            "li",
            *([language_name(facts, alarm["lang"]), ": "] if alarm["lang"] else []),
            alarm["text"],
        )
        for alarm in found
    ]
    lead = "Look at these before you use the corpus." if found else "Nothing stands out."
    return section(
        "alarms", "Alarms", lead, *([element("ul", *items, class_="alarms")] if items else [])
    )


def effort(facts: Facts) -> Markup:
    """Return what translating took, language by language."""
    rows = []
    for code, of in facts["segments"].items():
        speed = f"{of['translated'] / of['seconds']:,.0f}" if of["seconds"] else "–"
        rows.append(
            (
                language_name(facts, code),
                f"{of['distinct']:,}",
                f"{of['remembered']:,}",
                percent(of["remembered"], of["distinct"]),
                f"{of['translated']:,}",
                f"{of['failed']:,}",
                f"{of['seconds']:,.1f}",
                speed,
            )
        )
    head = (
        "language", "distinct segments", "from memory", "share", "translated", "failed",
        "seconds", "segments a second",
    )  # fmt: skip
    return section(
        "effort",
        "Translation effort",
        "A segment is a sentence, a question or an answer; each is translated once, and never "
        f"again while the memory has it. The whole build took "
        f"{facts['corpus']['seconds']:,.0f} seconds.",
        table(head, rows),
    )
