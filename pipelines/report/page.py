"""From facts to one HTML page that needs nothing else: style, script and data are inside.

Dataset text is hostile. In the page it is escaped by `markup`; in the sample it is JSON whose
`<`, `>` and `&` are escaped, and the script makes only text of it. Should both fail, the
content security policy runs no script but ours and loads nothing.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import Any, Final

from pipelines.report import losses, overview, quality, verdicts
from pipelines.report.markup import Markup, element, fragment

_SECTIONS: Final = (
    ("overview", "What this is", overview.overview),
    ("alarms", "Alarms", overview.alarms),
    ("funnel", "From items to rows", losses.funnel),
    ("reasons", "Missing rows", losses.reasons),
    ("lengths", "Lengths", quality.lengths),
    ("language", "Language", quality.languages),
    ("scores", "Scores", quality.scores),
    ("answers", "Answers", verdicts.answers),
    ("leaks", "Evaluation data", losses.leaks),
    ("effort", "Effort", overview.effort),
    ("checks", "All checks", verdicts.checks),
    ("rows", "Sample rows", None),
)
_ESCAPES: Final = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def write_page(facts: Mapping[str, Any]) -> str:
    """Return the page; the same facts give the same bytes."""
    style, script = _read("style.css"), _read("browser.js")
    plain = dict(facts)
    title = _title(plain)
    return Template(_read("template.html")).substitute(
        policy=_policy(style, script),
        title=fragment(title),
        style=style,
        subtitle=fragment(_subtitle(plain)),
        navigation=_navigation(),
        sections="\n".join(make(plain) for _, _, make in _SECTIONS if make),
        sample_lead=fragment(
            "Groups and rejected rows, drawn by the hash of their content and shown beside the "
            "English text. Marked words are answers. Reasons and values of all checks stand "
            "under each row."
        ),
        footer=fragment(_footer(plain)),
        sample=_embed(
            {
                "languages": {
                    code: {"name": of["name"], "direction": of["direction"]}
                    for code, of in plain["languages"].items()
                },
                "groups": plain["sample"],
            }
        ),
        script=script,
    )


def _read(name: str) -> str:
    return (files("pipelines.report") / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return a content security policy that allows our own style and script and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(content: str) -> str:
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode()


def _embed(value: object) -> str:
    """Return JSON that can stand in a script element: no markup, no line separators."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def _title(facts: dict[str, Any]) -> str:
    datasets = dict.fromkeys(str(s.get("dataset", "")) for s in facts["config"].get("sources", []))
    names = [name for name in datasets if name]
    if not names or len(names) > 3:
        return "Corpus report"
    return f"Corpus report: {', '.join(names)}"


def _subtitle(facts: dict[str, Any]) -> str:
    corpus = facts["corpus"]
    date = corpus["created"][:10]
    return (
        f"{corpus['groups']:,} English records in {len(facts['languages']):,} languages: "
        f"{corpus['rows']:,} rows. Made on {date}."
    )


def _navigation() -> Markup:
    items = [element("li", element("a", words, href=f"#{name}")) for name, words, _ in _SECTIONS]
    return element("ul", fragment(*items))


def _footer(facts: dict[str, Any]) -> str:
    corpus = facts["corpus"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    return (
        f"Made with tandemqa {corpus['tandemqa_version']} ({versions}) at {corpus['created']}. "
        "The same facts are in report.json, and configuration, files and checksums in "
        "manifest.json."
    )
