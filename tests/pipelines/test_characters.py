import pytest
import regex

from pipelines.text.characters import LETTER, SPACE, WORD, count, count_in_spans, only_words
from pipelines.text.words import LETTERS, NOT_WORD

TEXTS = [
    "",
    " ",
    "a",
    "..a..b",
    "Na⁺ 3.5 µg/mL",
    "की दूरी 12 कि.मी.",
    "日本語、",
    "x\ud800y",
    "😀 ok",
]


@pytest.mark.parametrize("text", TEXTS)
def test_the_table_counts_what_the_patterns_find(text):
    assert count(text, LETTER) == sum(map(len, LETTERS.findall(text)))
    assert count(text, WORD) == len(NOT_WORD.sub("", text))


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_between_words_becomes_one_blank(text):
    assert only_words(text) == NOT_WORD.sub(" ", text)


def test_white_space_is_what_python_takes_for_it():
    assert all(count(chr(code), SPACE) == chr(code).isspace() for code in range(0x3100))


def test_spans_are_counted_as_slices_are():
    text = "one two"
    assert count_in_spans(text, [(0, 3), (3, 99), (99, 100)], LETTER) == [3, 3, 0]
    assert regex.sub(r"\W", "", text[3:99]) == "two"
