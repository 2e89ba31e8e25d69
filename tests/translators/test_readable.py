from hypothesis import given
from hypothesis import strategies as st

from translators.readable import Reader


def ascii_letters(word):
    return word.isascii()


READER = Reader(ascii_letters)


def test_what_cannot_be_read_is_copied_with_the_words_it_stands_in():
    assert READER.split("I ❤ pizza, Dvořák did not") == [
        ("I", True), (" ", False), ("❤ ", False), ("pizza,", True), (" ", False),
        ("Dvořák ", False), ("did not", True),
    ]  # fmt: skip


def test_lookalikes_and_lost_accents_are_read():
    assert READER.split("a “naïve” idea — yes…") == [('a "naive" idea - yes...', True)]


def test_text_in_another_script_is_copied_whole():
    assert READER.split("你好 世界") == [("你好 世界", False)]


@given(st.text(st.sampled_from("ab é❤ \t"), min_size=1))
def test_nothing_is_lost_but_accents(text):
    joined = "".join(part for part, _ in READER.split(text))
    assert "".join(joined.split()).replace("é", "e") == "".join(text.split()).replace("é", "e")
