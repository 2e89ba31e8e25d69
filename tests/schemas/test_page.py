"""Pages: no value becomes markup, embedded data come back unchanged, nothing is loaded."""

import html
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from schemas import page
from schemas.page import render_page

TEMPLATE = (
    '<meta content="{{ policy }}"><style>{{ style | safe }}</style>'
    '<p title="{{ text }}">{{ text }}</p>'
    '<script type="application/json">{{ {"text": text} | tojson }}</script>'
    "<script>{{ script | safe }}</script>"
)
FILES = {"page.css": "p { margin: 0; }", "own.css": "a { color: red; }", "own.js": "let a = 1;"}


@pytest.fixture(scope="module")
def render():
    def render(text="", **options):
        return render_page("own", "own.html", "own.css", "own.js", text=text, **options)

    known = {**FILES, "own.html": TEMPLATE}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_read", lambda package, name: known[name])
        yield render


class Texts(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.texts: dict[str, str] = {}
        self.titles: list[str | None] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.titles += [value for name, value in attrs if name == "title"]

    def handle_data(self, data):
        self.texts[self.tags[-1]] = self.texts.get(self.tags[-1], "") + data


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")))
def test_no_value_becomes_markup(render, text):
    parser = Texts()
    parser.feed(render(text))
    parser.close()
    assert parser.tags == ["meta", "style", "p", "script", "script"]
    assert (parser.texts.get("p", ""), parser.titles) == (text, [text])


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_embedded_data_hold_no_markup_and_come_back_unchanged(render, text):
    embedded = re.search(r'json">(.*?)</script>', render(text), re.S)[1]
    assert not set(embedded) & set("<>&")
    assert json.loads(embedded) == {"text": text}


def test_the_policy_allows_our_style_and_script_and_nothing_else(render):
    shown = render()
    policy = html.unescape(re.search(r'content="(.*?)"', shown)[1])
    parts = [re.search(rf"<{name}>(.*?)</{name}>", shown, re.S)[1] for name in ("style", "script")]
    assert parts == [FILES["page.css"] + FILES["own.css"], FILES["own.js"]]
    style, script = (b64encode(sha256(part.encode()).digest()).decode() for part in parts)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert "img-src data:;" in html.unescape(render(images=True))


def test_a_name_that_the_template_is_not_given_is_an_error(monkeypatch):
    monkeypatch.setattr(page, "_read", lambda package, name: "{{ forgotten }}")
    with pytest.raises(UndefinedError, match="forgotten"):
        render_page("own", "own.html", "own.css")


def test_the_shared_style_loads_nothing():
    style = (files("schemas") / "page.css").read_text(encoding="utf-8")
    assert "url(" not in style and "@import" not in style


@pytest.mark.parametrize(
    ("package", "template", "style"),
    [
        ("pipelines.report", "report.html.j2", "report.css"),
        ("trainer.study", "page.html.j2", "page.css"),
    ],
)
def test_every_page_is_dark_where_the_reader_wants_it(package, template, style):
    """Colours beside the shared ones must not be lost in the dark: only variables name them."""
    files_of = files(package)
    assert 'content="light dark"' in (files_of / template).read_text()
    shared = (files("schemas") / "page.css").read_text()
    assert "prefers-color-scheme: dark" in shared
    for line in (shared + (files_of / style).read_text()).splitlines():
        assert not re.search(r"[^-]color: *#", line), line
