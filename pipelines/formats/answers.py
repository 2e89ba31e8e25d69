"""The answers of an item: their layouts, where they stand, and marks that there is none."""

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, Final

from pipelines.formats.fields import fold, is_missing
from pipelines.formats.literals import unprinted
from pipelines.text.normalise import nearest, whole_words

Pair = tuple[object, object]  # an answer and its start, as the source gives them

_TEXT_KEYS: Final = ("text", "texts", "string", "span", "value", "answer", "input_text")
_START_KEYS: Final = ("answer_start", "answer_starts", "start", "starts", "span_start")
_MISCOUNTED: Final = 2  # how far a start may be off where the answer is a part of a word
_UNANSWERABLE: Final = {"is_impossible", "impossible", "unanswerable", "is_unanswerable"}
_ANSWERABLE: Final = {"answerable", "is_answerable", "has_answer"}
_PLAUSIBLE: Final = "plausible_answers"
MARK_COLUMNS: Final = frozenset((*_UNANSWERABLE, *_ANSWERABLE, _PLAUSIBLE))
_TRUE: Final = {"true", "1", "1.0", "yes"}
_FALSE: Final = {"false", "0", "0.0", "no"}
_NO_ANSWER: Final = {
    *("noanswer", "noanswerpresent", "noanswerfound", "noanswerpossible", "cannotanswer"),
    *("cantanswer", "unanswerable", "notanswerable", "notanswered", "impossible"),
}
_NOT_LETTERS: Final = re.compile(r"[\W_]+")


def answer_pairs(value: object, start: object = None) -> list[Pair]:
    """Return answers with their starts from the layouts in use.

    They are: one text; a list of texts, with `start` a list as long; `{"text": ..., "answer_start":
    ...}` with one value or a list each; lists of any of these; and the text that Python, NumPy or
    JSON makes of one. A text may also be called `string` or `span`, a start `start`. True and false
    are the answers yes and no.

    Raises:
        ValueError: If a text can be nothing but a printed list or object, and cannot be read.
    """
    value = unprinted(value, numbers=True) if isinstance(value, str) else value
    start = unprinted(start, numbers=True) if isinstance(start, str) else start
    if value == "":  # an empty cell of a table
        value = None
    return [] if is_missing(value) and is_missing(start) else _pairs(value, start)


def _pairs(value: object, start: object) -> list[Pair]:
    if is_missing(value):
        return [(None, start)]
    if isinstance(value, dict):
        key = next((key for key in _TEXT_KEYS if key in value), None)
        if key is None or isinstance(value[key], dict):
            return [(value, None)]  # not a text: whoever builds the record says so
        starts = (value[key] for key in _START_KEYS if key in value)
        return _pairs(value[key], next(starts, None))
    if isinstance(value, list):
        aligned = start if isinstance(start, list) and len(start) == len(value) else repeat(None)
        nested = (_pairs(inner, at) for inner, at in zip(value, aligned, strict=False))
        return [pair for pairs in nested for pair in pairs]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return [(value, start[0] if isinstance(start, list) and start else start)]


def unanswerable(columns: Mapping[str, Any], answers: object, pairs: Sequence[Pair]) -> bool:
    """Return whether an item says that its passage does not answer its question.

    An empty list of answers does not say so: the answer may be the whole passage.

    Args:
        columns: The whole item: `is_impossible` and the like, and plausible answers.
        answers: The value of its answers, before it was taken apart.
        pairs: The answers in it.
    """
    for column, name in _marks(tuple(columns)):
        value = columns[column]
        if name in _UNANSWERABLE and str(value).casefold() in _TRUE:
            return True
        if name in _ANSWERABLE and str(value).casefold() in _FALSE:
            return True
        if name == _PLAUSIBLE and value and not _texts(pairs):
            return True
    texts = _texts(pairs)
    if texts:
        unknown = {"unknown"} if all(_is_nowhere(start) for _, start in pairs) else set()
        return all(_mark(text) in _NO_ANSWER | unknown for text in texts)
    if pairs:
        return any(text == "" or _is_nowhere(start) for text, start in pairs)
    if isinstance(answers, str):
        return answers.lstrip().startswith("{")  # printed
    return isinstance(answers, dict)


@lru_cache(maxsize=256)
def _marks(columns: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the columns that say whether there is an answer, by their own and usual names."""
    return [(column, fold(column)) for column in columns if fold(column) in MARK_COLUMNS]


def says_no_answer(text: object) -> bool:
    """Return whether a text only says that there is no answer."""
    return isinstance(text, str) and len(text) < 30 and _mark(text) in _NO_ANSWER


def find_start(passage: str, text: str, given: int) -> int:
    """Return where an answer stands that is said to start at `given`; -1 if that is unknown.

    A start that does not fit is a hint. It may count bytes or UTF-16 units, or be 0 for want of a
    better one; so whole words go before parts of words, and then the nearest is taken.
    """
    if given < 0 or text not in passage:
        return -1
    whole = None if given else whole_words(passage, text)
    if passage.startswith(text, given) and (given or not whole or 0 in whole):
        return given
    if not passage.isascii():
        for start in _recounted(passage, given):
            if passage.startswith(text, start):
                return start
    whole = whole_words(passage, text) if whole is None else whole
    if whole:
        return min(whole, key=lambda start: abs(start - given))
    start = nearest(passage, text, given)
    return start if given and abs(start - given) <= _MISCOUNTED else -1


def as_start(value: object) -> int:
    """Return a start as a number; -1 where it is none."""
    if value is None:
        return -1
    try:
        return int(float(value)) if isinstance(value, str) else int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return -1


def answer_text(value: object, passage: str) -> object:
    """Return an answer; a whole number that became a float, as in pandas, without its `.0`."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return str(value) if str(value) in passage else str(int(value))
    return value


def _texts(pairs: Sequence[Pair]) -> list[object]:
    return [text for text, _ in pairs if not is_missing(text) and str(text).strip()]


def _is_nowhere(start: object) -> bool:
    return not is_missing(start) and as_start(start) == -1


def _mark(text: object) -> str:
    return _NOT_LETTERS.sub("", str(text)).casefold()


def _recounted(passage: str, given: int) -> tuple[int, int]:
    """Return the start in code points if `given` counts bytes of UTF-8, or UTF-16 units."""
    octets = passage.encode("utf-8", "surrogatepass")[:given]
    units = passage.encode("utf-16-le", "surrogatepass")[: 2 * given]
    return len(octets.decode("utf-8", "ignore")), len(units.decode("utf-16-le", "ignore"))
