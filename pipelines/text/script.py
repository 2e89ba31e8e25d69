"""The share of a text's letters that are of the script a language is written in."""

from functools import cache, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from pipelines.text.characters import LETTER, codes_of, count, matching
from schemas.language import LANGUAGES, UNICODE_SCRIPTS

# Han characters alone are Chinese; kana or hangul beside them make them Japanese or Korean.
_OTHER_THAN_CHINESE: Final = r"[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+"
_CHINESE: Final = frozenset({"Hans", "Hant"})


@cache
def _letters_of(script: str) -> npt.NDArray[np.bool_]:
    classes = "".join(rf"\p{{Script={name}}}" for name in UNICODE_SCRIPTS[script])
    return matching(rf"[[{classes}\p{{Script=Inherited}}]&&[\p{{L}}\p{{M}}]]+")


@cache
def _other_than_chinese() -> npt.NDArray[np.bool_]:
    return matching(_OTHER_THAN_CHINESE)


@lru_cache(1024)  # several checks ask for the same texts, in every language for the English ones
def letters(text: str) -> int:
    """Return the number of letters and combining marks."""
    return count(text, LETTER)


@lru_cache(16)  # several checks ask for the same text in a row
def script_share(text: str, script: str) -> float:
    """Return the share of letters and marks that are of a script, 0 to 1; 0 without letters.

    Args:
        text: Any text.
        script: ISO 15924 code. For Chinese a tenth of kana or hangul gives 0.
    """
    total = letters(text)
    if not total:
        return 0.0
    codes = codes_of(text)
    if script in _CHINESE and np.count_nonzero(_other_than_chinese()[codes]) * 10 > total:
        return 0.0
    return int(np.count_nonzero(_letters_of(script)[codes])) / total


@cache
def decides_language(script: str) -> bool:
    """Return whether a text in this script can be in one language of the table only.

    The forms of Chinese count as one: no letter tells them apart for certain.
    """
    return script in _CHINESE or (
        sum(language.script == script for language in LANGUAGES.values()) == 1
    )
