"""The share of a text's letters that are of the script a language is written in."""

from functools import cache, lru_cache
from typing import Final

import regex

from pipelines.text.words import LETTERS
from schemas.language import LANGUAGES, UNICODE_SCRIPTS

# Han characters alone are Chinese; kana or hangul beside them make them Japanese or Korean.
_FORBIDDEN: Final = {
    "Hans": regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]"),
    "Hant": regex.compile(r"[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]"),
}


@cache
def _letters_of(script: str) -> "regex.Pattern[str]":
    classes = "".join(rf"\p{{Script={name}}}" for name in UNICODE_SCRIPTS[script])
    return regex.compile(rf"[[{classes}\p{{Script=Inherited}}]&&[\p{{L}}\p{{M}}]]+", regex.VERSION1)


@lru_cache(16)  # several checks ask for the same text in a row
def letters(text: str) -> int:
    """Return the number of letters and combining marks."""
    return sum(map(len, LETTERS.findall(text)))


@lru_cache(16)
def script_share(text: str, script: str) -> float:
    """Return the share of letters and marks that are of a script, 0 to 1; 0 without letters.

    Args:
        text: Any text.
        script: ISO 15924 code. For Chinese a tenth of kana or hangul gives 0.
    """
    total = letters(text)
    if not total:
        return 0.0
    forbidden = _FORBIDDEN.get(script)
    if forbidden and len(forbidden.findall(text)) * 10 > total:
        return 0.0
    return sum(map(len, _letters_of(script).findall(text))) / total


@cache
def decides_language(script: str) -> bool:
    """Return whether a text in this script can be in one language of the table only.

    The forms of Chinese count as one: no letter tells them apart for certain.
    """
    return script in {"Hans", "Hant"} or (
        sum(language.script == script for language in LANGUAGES.values()) == 1
    )
