"""Letters and words in any script: vowel signs and accents belong to their letters."""

from typing import Final

import regex

LETTERS: Final = regex.compile(r"[\p{L}\p{M}]+")
NOT_LETTERS: Final = regex.compile(r"[^\p{L}\p{M}]+")

# What a word is made of: letters and digits.
WORD_CHARACTER: Final = regex.compile(r"[\p{L}\p{M}\p{N}]")
WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}]+")
NOT_WORD: Final = regex.compile(r"[^\p{L}\p{M}\p{N}]+")
