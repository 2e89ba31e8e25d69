"""The numbers in a text, written the same way in every language."""

import unicodedata
from functools import lru_cache
from typing import Final

import regex

_LAST_DIGIT: Final = 0x1FBF9  # of Unicode 15
_DIGITS: Final = {
    code: str(unicodedata.digit(chr(code)))
    for code in range(0x660, _LAST_DIGIT + 1)
    if unicodedata.category(chr(code)) == "Nd"
}
_FOREIGN_DIGIT: Final = regex.compile(r"[^\P{Nd}0-9]")
_RUN: Final = regex.compile(r"\d+")
# A point, comma, space or apostrophe groups thousands or divides decimals. The digit before it is
# a part of the match: to look behind at every character takes several times as long.
_SEPARATOR: Final = regex.compile(r"(\d)(?:[.,٬٫·'’\u00a0\u202f ](?=\d{3}(?!\d))|[.,٫](?=\d))")
_BETWEEN_DIGITS: Final = regex.compile(r"(\d)[^\p{L}\p{N}\n]{1,2}(?=\d)")

# Characters gone through to find numbers inside of longer ones.
_COMPARED: Final = 200_000_000


def has_digits(text: str) -> bool:
    """Return whether any digit of any script is in the text."""
    return _RUN.search(text) is not None


@lru_cache(64)
def numbers(text: str, least: int = 1) -> frozenset[str]:
    """Return the runs of at least `least` digits, in ASCII digits, without separators."""
    runs = _RUN.findall(_SEPARATOR.sub(r"\1", in_ascii_digits(text)))
    return frozenset(run for run in runs if len(run) >= least)


@lru_cache(64)  # the English passage serves all languages
def dense_digits(text: str) -> str:
    """Return the text in ASCII digits without marks between digits, to look numbers up in."""
    return str(_BETWEEN_DIGITS.sub(r"\1", in_ascii_digits(text)))


def lost_numbers(source: str, target: str, least: int) -> frozenset[str]:
    """Return the numbers of the source whose digits stand nowhere in the target."""
    if not has_digits(source):
        return frozenset()
    return without_numbers(numbers(source, least), dense_digits(target))


def without_numbers(wanted: frozenset[str], dense: str) -> frozenset[str]:
    """Return the numbers whose digits stand nowhere in a text from `dense_digits`."""
    runs = set(_RUN.findall(dense))
    left = sorted(wanted - runs)
    looked_for = left[: _COMPARED // max(len(dense), 1)]
    lost = [number for number in looked_for if number not in dense]
    return frozenset(lost + left[len(looked_for) :])


def in_ascii_digits(text: str) -> str:
    """Return the text with the digits of all scripts as ASCII ones."""
    return text.translate(_DIGITS) if _FOREIGN_DIGIT.search(text) else text
