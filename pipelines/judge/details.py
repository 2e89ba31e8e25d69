"""What a check saw when it rejected a row, in a sentence that shows the text itself."""

import math
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rapidfuzz.distance import Levenshtein

from pipelines.checks.content import glued_places
from pipelines.checks.structural import added_markup, damaged_characters
from pipelines.text.numerals import lost_numbers
from schemas.check import Check
from schemas.plain_text import one_line
from schemas.wording import counted

_QUOTED: Final = 60  # characters
_LISTED: Final = 3
_COMPARED: Final = 300


class Evidence(NamedTuple):
    """What a rejected field was judged by.

    Attributes:
        check: The check that rejected it.
        source: The English text.
        target: The translation.
        segments: The English and the translated text of each sentence; empty but for a passage.
        answers: The English answers.
        similarities: What a sentence encoder said of each segment, or of the whole text; empty
            if it was not asked now.
        nearest: For a question, the English one about the same passage that it is more similar to.
    """

    check: Check
    source: str
    target: str
    segments: Sequence[tuple[str, str]] = ()
    answers: Sequence[str] = ()
    similarities: Sequence[float] = ()
    nearest: str = ""


def describe_rejection(seen: Evidence) -> str:
    """Return a sentence about what was wrong; for the checks of users, value and threshold."""
    tell = _TELLERS.get(seen.check.name, _measured)
    return f"{seen.check.field}: {tell(seen)}"


def _quote(text: str) -> str:
    shown = one_line(text)
    return f"“{shown}”" if len(shown) <= _QUOTED else f"“{shown[:_QUOTED].rstrip()}…”"


def _list(texts: Sequence[str]) -> str:
    listed = ", ".join(map(_quote, texts[:_LISTED]))
    more = len(texts) - _LISTED
    return f"{listed} and {more:,} more" if more > 0 else listed


def _measured(seen: Evidence) -> str:
    value, threshold = seen.check.value, seen.check.threshold
    if value is None:
        return "nothing could be measured"
    return f"{value:.3f}" + ("" if threshold is None else f", where the limit is {threshold:.3f}")


def _value(seen: Evidence) -> float:
    return seen.check.value or 0.0


def _empty(seen: Evidence) -> str:
    return f"no text in {_quote(seen.target)}" if seen.target.strip() else "nothing in it"


def _unfinished(seen: Evidence) -> str:
    return f"stops at {_quote('…' + one_line(seen.target)[-_QUOTED + 1 :])}"


def _damaged(seen: Evidence) -> str:
    found = damaged_characters(seen.source, seen.target)
    return f"damaged characters: {_list(found)}" if found else "question marks inside of words"


def _translated(seen: Evidence) -> str:
    return f"begins with {_quote(seen.target)}"


def _copied(seen: Evidence) -> str:
    source, target = _nearest_copy(seen)
    return f"{_quote(target)} for {_quote(source)}"


def _nearest_copy(seen: Evidence) -> tuple[str, str]:
    """Return the sentence whose translation is the most like its English text."""
    pairs = seen.segments or [(seen.source, seen.target)]
    return max(
        pairs,
        key=lambda pair: Levenshtein.normalized_similarity(
            pair[0][:_COMPARED], pair[1][:_COMPARED]
        ),
    )


def _markup(seen: Evidence) -> str:
    found = added_markup(seen.source, seen.target)
    return f"{_list(found)}, which the English text does not have" if found else _measured(seen)


def _length(seen: Evidence) -> str:
    return (
        f"{counted(len(seen.target), 'character')} for {len(seen.source):,} of English, "
        f"{math.exp(_value(seen)):.2f} times the usual length"
    )


def _missing_sentences(seen: Evidence) -> str:
    lost = [source for source, target in seen.segments if source.strip() and not target.strip()]
    return f"nothing for {_list(lost)}"


def _short_sentence(seen: Evidence) -> str:
    pairs = [
        (len(target) / len(source), source, target) for source, target in seen.segments if source
    ]
    _, source, target = min(pairs, default=(0.0, seen.source, seen.target))
    return f"{_quote(target)} for {_quote(source)}"


def _numbers(seen: Evidence) -> str:
    lost = sorted(lost_numbers(seen.source, seen.target, 1))
    return f"{_list(lost)} of the English text is missing" if lost else _measured(seen)


def _changed_numbers(seen: Evidence) -> str:
    lost = sorted(lost_numbers(seen.source, seen.target, 3))
    new = sorted(lost_numbers(seen.target, seen.source, 3))
    return f"{_list(new)} for {_list(lost)}" if lost and new else _measured(seen)


def _answer_numbers(seen: Evidence) -> str:
    lost = sorted({n for text in seen.answers for n in lost_numbers(text, seen.target, 2)})
    return f"{_list(lost)} of the answer is missing" if lost else _measured(seen)


def _repeated(seen: Evidence) -> str:
    return f"a phrase comes {counted(round(_value(seen)), 'time')} in a row: {_quote(seen.target)}"


def _glued(seen: Evidence) -> str:
    places = glued_places(seen.source, seen.target)
    return f"words ran into one another: {_list(places)}" if places else _measured(seen)


def _unrelated(seen: Evidence) -> str:
    return (
        f"{_quote(seen.target)} has far fewer words in common with its passage than is usual "
        f"({-_value(seen):.1f} spreads)"
    )


def _duplicated(seen: Evidence) -> str:
    return f"{round(_value(seen)):,} different English texts became {_quote(seen.target)}"


def _unknown(seen: Evidence) -> str:
    return f"the translator does not know {_value(seen):.0%} of the words"


def _other_meaning(seen: Evidence) -> str:
    pairs = seen.segments or [(seen.source, seen.target)]
    for (source, target), similarity in zip(pairs, seen.similarities, strict=False):
        if similarity == seen.check.value:
            return f"{_quote(target)} for {_quote(source)} has a similarity of {_measured(seen)}"
    return f"a similarity of {_measured(seen)}"


def _neighbours_meaning(seen: Evidence) -> str:
    nearest = f", {_quote(seen.nearest)}" if seen.nearest else ""
    return (
        f"{_quote(seen.target)} is more similar to another question about the passage{nearest}, "
        f"than to {_quote(seen.source)}"
    )


_TELLERS: Final[dict[str, Callable[[Evidence], str]]] = {
    "empty": _empty,
    "decode_limit": _unfinished,
    "mojibake": _damaged,
    "wrong_script": _translated,
    "wrong_language": _translated,
    "untranslated": _translated,
    "copy_of_source": _copied,
    "english_sentence": _copied,
    "target_duplicate": _duplicated,
    "repetition": _repeated,
    "markup_added": _markup,
    "length_ratio": _length,
    "sent_count": _missing_sentences,
    "sentence_short": _short_sentence,
    "number_missing": _numbers,
    "answer_number_missing": _answer_numbers,
    "glued_words": _glued,
    "number_changed": _changed_numbers,
    "unrelated": _unrelated,
    "unknown_words": _unknown,
    "other_meaning": _other_meaning,
    "neighbours_meaning": _neighbours_meaning,
}
