import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.apertium_text import count_words, decode, encode, finish, frame, unframe, unmark

RESERVED = "[]{}^$/\\@<>*#~+_"


@given(st.text())
def test_any_text_becomes_readable_and_then_comes_back(text):
    encoded = encode(text)
    assert not set(encoded.text) & set(RESERVED)
    assert not any(ord(char) < 32 for char in encoded.text)
    assert "\uffff" not in encoded.text
    encoded.text.encode()
    plain = decode(encoded.text, encoded.protected)
    again = encode(plain)
    assert decode(again.text, again.protected) == plain


@given(st.text(string.ascii_letters + " .?" + RESERVED + "\U000f0000\U000f0001\U0010ffff😀א\u200f"))
def test_readable_text_comes_back_unchanged(text):
    encoded = encode(text)
    assert decode(encoded.text, encoded.protected) == text


@pytest.mark.parametrize(
    "address",
    ["https://en.wikipedia.org/wiki/Cat_(animal)?a=1&b=2#top", "www.nih.gov", "a.b@c-d.org"],
)
def test_addresses_are_out_of_reach(address):
    encoded = encode(f"See {address}.")
    assert encoded.protected == (address,)
    assert encoded.text[:4] + encoded.text[-1:] == "See ."


def test_a_protected_part_that_a_rule_doubled_is_kept_once():
    encoded = encode("a [b")
    assert decode(encoded.text.replace("a", f"{encoded.text[2]} a"), encoded.protected) == "[ a b"


def test_escapes_and_superblanks_of_the_stream_are_taken_off():
    assert decode(r"km\/h [']x[']", ()) == "km/h 'x'"


@pytest.mark.parametrize("text", ["", "No", "No.", "Mr. X.", "Who?", "...", "a b."])
def test_a_frame_ends_the_sentence_and_comes_off_again(text):
    assert frame(text).endswith("[].")
    assert unframe(frame(text)) == text


def test_marks_are_taken_off_and_untranslated_words_counted():
    text, unknown = unmark(r"~El *barfoo, \@bruise y *Barfoo #casualidad de *T-célula")
    assert text == "~El barfoo, bruise y Barfoo casualidad de T-célula"
    assert unknown == {"barfoo": 2, "bruise": 1, "t": 1}


@pytest.mark.parametrize(
    ("text", "words"), [("", 0), ("don't go", 2), ("p53 (T-cell)", 3), ("x_1 — 5%", 3)]
)
def test_words_are_runs_of_letters_and_digits(text, words):
    assert count_words(text) == words


@pytest.mark.parametrize(
    ("source", "raw", "target", "wanted"),
    [
        ("yes", "Sí", "es", "sí"),
        ("Yes", "Sí", "es", "Sí"),
        ("iPhone", "IPHONE", "es", "IPHONE"),
        ("the book of John", "John libro", "es", "John libro"),
        ("He said so.", "  Dijo  eso.", "es", "Dijo eso."),
        ("Is it?", "Es ?", "ca", "Es?"),
        ("Is it ?", "Es ?", "ca", "Es ?"),
        ("Is it?", "Es?", "es", "¿Es?"),
        ("Is it?", "Es?", "pt", "Es?"),
        ('"Is it?"', '"Es?"', "es", '"¿Es?"'),
        ("Come!", "Ven!", "ast", "¡Ven!"),
        ("Is Dr. Smith in?", "Está el Dr. Smith?", "es", "¿Está el Dr. Smith?"),
        ("It is late. Is it?", "Es tarde. Lo es?", "es", "Es tarde. Lo es?"),
        ("is it?", "Es?", "es", "¿es?"),
        ("?", "?", "es", "?"),
        ("", "", "es", ""),
    ],
)
def test_finish_mends_spaces_first_letters_and_opening_marks(source, raw, target, wanted):
    assert finish(source, raw, target) == wanted
