"""The page: self-contained, the same every time, and safe with hostile texts in a real browser."""

import html
import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from markupsafe import escape

from pipelines.commands import report as command
from pipelines.report.facts import gather_facts
from pipelines.report.view import write_page
from pipelines.report.write import write_report
from schemas.manifest import SourceCounts
from tests.pipelines.report_corpus import HOSTILE, ReportCorpus, make_corpus, make_row


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_report(str(folder), make_corpus(folder))
    return folder


@pytest.fixture(scope="module")
def page(folder) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_the_page_loads_nothing_and_runs_only_its_own_script(page):
    before, _, rest = page.partition('<script type="application/json"')
    script = re.search(r"<script>(.*?)</script>", rest, re.S)[1]
    style = re.search(r"<style>(.*?)</style>", before, re.S)[1]
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]*)"', page)[1])
    hashes = [b64encode(sha256(part.encode()).digest()).decode() for part in (style, script)]
    assert f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'" in policy
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert not re.search(r"\b(src|srcset|style|on\w+)=", re.sub(r">[^<]*<", "><", before))
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)', before))
    assert "url(" not in style and "@import" not in style and "http" not in style + script


def test_a_name_with_markup_is_text(page):
    assert HOSTILE not in page
    assert f"line 3: {escape(HOSTILE)}" in page


def test_the_same_corpus_gives_the_same_bytes(folder, tmp_path):
    before = [(folder / name).read_bytes() for name in ("report.html", "report.json")]
    write_report(str(tmp_path), make_corpus(tmp_path))
    assert [(tmp_path / name).read_bytes() for name in ("report.html", "report.json")] == before


def test_json_and_page_tell_the_same_facts(folder, page):
    facts = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert write_page(facts) == page


def test_non_commercial_languages_are_told_first(page):
    assert page.index("Not for commercial use:") < page.index('class="numbers"')


def test_an_empty_corpus_has_a_page(tmp_path):
    corpus = ReportCorpus(tmp_path)
    corpus.put_rows([make_row(1, "en")])
    empty = {"translators": {}, "segments": {}, "calibration": {}, "config": {}}
    source = SourceCounts(read=1, groups=1)
    facts = gather_facts(str(tmp_path), corpus.manifest(languages=["en"], source=source, **empty))
    page = write_page(facts)
    assert "No row is missing" in page and "Nothing stands out" in page
    assert "Not for commercial use" not in page


def test_the_command_writes_both_files_and_says_where(tmp_path, capsys):
    make_corpus(tmp_path)
    assert command.COMMAND.execute([str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/report.html\n"
    assert (tmp_path / "report.html").exists() and (tmp_path / "report.json").exists()


def test_the_report_opens_in_a_browser_when_asked(tmp_path, capsys, monkeypatch):
    make_corpus(tmp_path)
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)  # returns None: there is no browser
    assert command.COMMAND.execute([str(tmp_path), "--open"]) == 0
    assert opened == [(tmp_path / "report.html").as_uri()]
    assert "no browser was found here" in capsys.readouterr().err


def test_the_script_shows_rows_and_hostile_texts_do_not_run(browse, page):
    shown = browse(page)
    assert "<title>Corpus report: rivers</title>" in shown
    assert "pwned'&lt;/script&gt;" in shown
    assert "160 rows in 40 groups" in shown
    assert shown.count('<article class="group"') == 10
    assert re.search(r'<p class="question" dir="rtl" lang="ar">كم', shown)
    assert re.search(r'<p class="question" dir="ltr" lang="zh-Hans">第', shown)
    assert "<mark>865</mark>" in shown


def test_the_browser_does_run_hostile_texts_where_nothing_stops_them(browse):
    assert "<title>pwned</title>" in browse(f"<!DOCTYPE html><title>safe</title>{HOSTILE}")


def with_script(page: str, script: str) -> str:
    """Return the page without its policy and with one more script at its end."""
    open_page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    return open_page.replace("</body>", f"<script>{script}</script></body>")


def test_even_without_the_policy_hostile_texts_do_not_run(browse, page):
    everything = "for (let n = 0; n < 9; n++) document.getElementById('more').click();"
    shown = browse(with_script(page, everything))
    assert "<title>Corpus report: rivers</title>" in shown
    assert shown.count('<article class="group"') == 40
    assert "document.title='pwned'&lt;/script&gt;&lt;img src=x" in shown


def test_rows_are_filtered_by_language_status_reason_and_text(browse, page):
    expected = [
        ({"lang": "es"}, "40 rows in 40 groups"),
        ({"lang": "es", "status": "rejected"}, "2 rows in 2 groups"),
        ({"reason": "wrong_script"}, "1 row in 1 group"),
        ({"text": "ÚSANO"}, "40 rows in 40 groups"),
        ({"text": "how long is river 857"}, "4 rows in 1 group"),
        ({"lang": "ar", "text": "no such words"}, "0 rows in 0 groups"),
        ({}, "160 rows in 40 groups"),
    ]
    script = f"const wanted = {json.dumps([filters for filters, _ in expected])};"
    script += """
        const found = [];
        for (const filters of wanted) {
          for (const name of ["lang", "status", "reason", "text"]) {
            document.getElementById(`filter-${name}`).value = filters[name] || "";
          }
          document.getElementById("filters").dispatchEvent(new Event("input"));
          found.push(document.getElementById("found").textContent);
        }
        document.title = found.join("; ");
    """
    shown = browse(with_script(page, script))
    assert f"<title>{'; '.join(told for _, told in expected)}</title>" in shown


def test_a_long_passage_opens_and_checks_unfold(browse, page):
    script = (
        "document.getElementById('filter-text').value = 'xxxxxx';"
        "document.getElementById('filters').dispatchEvent(new Event('input'));"
        "document.querySelector('.toggle').click();"
        "document.querySelector('.targets details').open = true;"
    )
    shown = browse(with_script(page, script))
    assert 'aria-expanded="true">Less</button>' in shown
    assert "x" * 1_900 in shown
    assert "characters in all" in shown
    assert '<th class="text code">length_ratio</th>' in shown


def test_the_page_fits_a_phone(browse, page, tmp_path):
    """Tables may scroll for themselves; the page as a whole must not, nor cut its text."""
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    measure = """
        const report = document.querySelector("iframe").contentDocument.documentElement;
        document.title = `${report.clientWidth} ${report.scrollWidth}`;
    """
    frame = '<iframe src="report.html" style="width: 390px; height: 800px; border: 0"></iframe>'
    shown = browse(f"<!DOCTYPE html>{frame}<script>onload = () => {{ {measure} }}</script>")
    width, needed = map(int, re.search(r"<title>(\d+) (\d+)</title>", shown).groups())
    assert needed == width > 300


def test_what_was_rejected_and_failed_is_seen_on_a_phone(browse, page, tmp_path):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    measure = """
        const report = document.querySelector("iframe").contentDocument;
        const table = [...report.querySelectorAll("#funnel table")].at(-1);
        const edges = [...table.querySelectorAll("th, td")].map(
            (cell) => cell.getBoundingClientRect().right);
        document.title = Math.ceil(Math.max(...edges));
    """
    frame = '<iframe src="report.html" style="width: 390px; height: 800px; border: 0"></iframe>'
    shown = browse(f"<!DOCTYPE html>{frame}<script>onload = () => {{ {measure} }}</script>")
    assert 300 < int(re.search(r"<title>(\d+)</title>", shown)[1]) <= 390


def test_on_paper_sections_are_whole_and_the_sample_is_left_out(browse, page):
    script = """
        const rules = [...document.styleSheets[0].cssRules].filter((rule) => rule.media);
        const print = rules.filter((rule) => rule.media.mediaText === "print");
        document.title = print.map((rule) => rule.cssText).join(" ");
    """
    title = re.search(r"<title>(.*?)</title>", browse(with_script(page, script)), re.S)[1]
    assert "#rows" in title and "display: none" in title
