"""Text of others as it is printed and put into Markdown."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.plain_text import markdown_code, markdown_text, one_line, printable


@given(st.text(st.characters(codec=None), max_size=50))
def test_printable_text_can_be_written_and_holds_no_control_character(text):
    shown = printable(text)
    shown.encode()
    assert all(c in "\n\t" or (ord(c) >= 0x20 and not 0x7F <= ord(c) < 0xA0) for c in shown)
    assert printable(shown) == shown


def test_letters_of_all_scripts_stay_as_they_are():
    for text in ("añb", "日本語", "शक्‍ति", "\U0001f600", "a\tb\nc"):
        assert printable(text) == text


def test_escapes_show_what_was_there():
    assert printable("\x1b[31m\x9b\u202e\ud800\r") == r"\x1b[31m\x9b\u202e\ud800\x0d"
    assert one_line("a\n b\x07") == r"a b\x07"


def test_markdown_reads_text_as_text():
    assert markdown_text("_a_ snake_case `b` <c> &amp; R&D") == (
        r"\_a\_ snake_case \`b\` &lt;c> &amp;amp; R&D"
    )
    assert markdown_code("a`b\n") == "`a'b`"
