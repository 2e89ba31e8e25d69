"""What all sections of the page are made of."""

from typing import Any, Final

from pipelines.report.markup import Content, Markup, element, fragment
from schemas.language import SOURCE_LANGUAGE

Facts = dict[str, Any]

FIELDS: Final = ("question", "passage")


def section(name: str, title: str, lead: str, *content: Content) -> Markup:
    """Return a section with one sentence under its title that says what to see."""
    return element(
        "section",
        element("h2", title, id=f"{name}-title"),
        element("p", lead, class_="lead"),
        *content,
        id=name,
        aria_labelledby=f"{name}-title",
    )


def target_languages(facts: Facts) -> dict[str, Facts]:
    """Return the languages of a corpus without the source language."""
    return {code: of for code, of in facts["languages"].items() if code != SOURCE_LANGUAGE}


def language_name(facts: Facts, code: str) -> Markup:
    """Return the name of a language with its code."""
    name = facts["languages"].get(code, {}).get("name", code)
    return fragment(name, " ", element("span", code, class_="code"))


def percent(count: int, total: int) -> str:
    """Return a share in percent, exact enough to tell nothing from almost nothing."""
    if not total:
        return "–"
    share = 100 * count / total
    return f"{share:.2f}%" if 0 < share < 1 or 99 < share < 100 else f"{share:.1f}%"
