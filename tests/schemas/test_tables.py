"""Tables: aligned as asked, and no cell breaks out of its column."""

import pytest

from schemas.tables import markdown_table, text_table

HEAD = ("language", "rows", "reasons")
ROWS = [("Galician", "26", "untranslated 12"), ("Thai", "1,226", "")]


def test_a_text_table_is_aligned_and_ends_no_line_with_spaces():
    assert text_table(HEAD, ROWS, "lrl").split("\n") == [
        "language   rows  reasons",
        "Galician     26  untranslated 12",
        "Thai      1,226",
    ]


def test_a_markdown_table_tells_its_alignment():
    head, rule, *body = markdown_table(HEAD, ROWS, "lrl").split("\n")
    assert [cell.strip() for cell in head.strip("|").split("|")] == list(HEAD)
    assert [(c[0], c[-1]) for c in rule.strip("|").split("|")] == [
        (":", "-"),
        ("-", ":"),
        (":", "-"),
    ]
    assert len({len(line) for line in [head, rule, *body]}) == 1


def test_cells_are_shown_as_they_are():
    cells = [("0012", "1e5", "-"), ("nan", "", "inf")]
    assert [line.split() for line in text_table(HEAD, cells, "lrl").split("\n")[1:]] == [
        ["0012", "1e5", "-"],
        ["nan", "inf"],
    ]


@pytest.mark.parametrize("text", ["a|b", "a\n| b", "a\r\nb |"])
def test_no_text_breaks_out_of_a_markdown_cell(text):
    lines = markdown_table(("a", "b"), [(text, "1")], "lr").split("\n")
    assert len(lines) == 3
    assert lines[2].replace("\\|", "").count("|") == 3


def test_a_table_without_rows_has_its_head():
    assert text_table(("a", "b"), [], "lr") == "a  b"
    assert markdown_table(("a", "b"), [], "lr").split("\n")[0].split() == ["|", "a", "|", "b", "|"]


@pytest.mark.parametrize(("columns", "widest"), [("80", 80), ("120", 100)])
def test_a_table_fits_the_terminal(monkeypatch, columns, widest):
    monkeypatch.setenv("COLUMNS", columns)
    reasons = ", ".join(f"some_reason_{n} 1,000" for n in range(20))
    lines = text_table(("language", "kept", "reasons"), [("es", "10", reasons)], "lrl").split("\n")
    assert widest - 25 < max(map(len, lines)) <= widest
    assert " ".join(line[16:].strip() for line in lines[1:]) == reasons


def test_a_word_of_a_narrow_column_is_not_broken(monkeypatch):
    monkeypatch.setenv("COLUMNS", "10")
    assert "incomprehensibilities" in text_table(("a",), [("incomprehensibilities",)], "l")
