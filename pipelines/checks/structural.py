"""Checks of what any text can have wrong: nothing in it, damaged characters, markup, brackets."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import regex

from pipelines.checks.field_pair import FieldPair
from pipelines.text.words import WORD
from schemas.check import Check
from schemas.reason import declare_reason
from translators.ladder import EMPTY

# What bytes 0x80 to 0xBF of UTF-8 become when they are read as Latin-1 or Windows-1252.
_TAIL: Final = "[\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_DAMAGE: Final = regex.compile(
    rf"[ÃÄÅ][\x80-\xbf€‚ƒ„†‡ˆ‰Š‹ŒŽ‘•˜™š›œžŸ]|Â[\xa0-\xbf]"  # accented letters, marks
    rf"|[ÐÑØÙÎÏ]{_TAIL}(?=\W*[ÐÑØÙÎÏ]{_TAIL})"  # Cyrillic, Arabic, Greek
    rf"|á[¸¹º»]{_TAIL}|[àãäåæçèéêëìí]{_TAIL}{{2}}(?=[àãäåæçèéêëìí]{_TAIL}{{2}})"  # three bytes
    r"|â€.|ï¿½|\ufffd"  # quotation marks; the replacement character
    r"|[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]"
    r"|\\[xu][0-9a-fA-F]{2,}"  # escapes shown as text
    r"|(?<=\p{L})\?+(?=\p{L})|(?<=\s)\?+(?=\p{L})"  # letters lost to question marks
)
# The same at the end of a word; where a translator writes on in small letters, that is as well
# a question mark of the source, unless those stand elsewhere.
_LOST_END: Final = regex.compile(r"(?<=\p{L})\?+(?=\s+\p{Ll})")
_QUESTION: Final = regex.compile(r"\?+(?!\s*\p{Ll}|\p{L})")
# Every damage holds one of these.
_SUSPECT: Final = regex.compile(
    r"[\x00-\x08\x0e-\x1f\x7f-\xbfÂ-ï€‚ƒ„†‡ˆ‰Š‹ŒŽ‘•˜™š›œžŸ\ufffd\ud800-\udfff\\]|\p{L}\?|\?\p{L}"
)
_NOT_ASCII: Final = regex.compile(r"[^\x00-\x7f]+")
_MARKUP: Final = regex.compile(
    r"</?[\p{L}\p{N}]+[^<>]{0,80}>|&(?:[a-z]{2,8}|#\d+|#x[\da-f]+);|\{\{|\}\}|\[\[|\]\]"
    r"|>>\w+<<|__|%[sd]\b|[a-z]{3}_(?-i:[A-Z][a-z]{3})|⁇|@@(?:\s|$)|▁|<unk>|\\n|\*\*"
    r"|https?://|```",
    regex.IGNORECASE,
)
_MARKUP_CHARACTER: Final = regex.compile(r"[<>&{}\[\]_%⁇@▁\\*`]|https?:")
_PAIRS: Final = ("()", "[]", "{}")


def empty(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation with fewer than a tenth letters and digits, such as rows of dots.

    A source without letters (a formula, an emoji) may have such a translation.
    """
    share, least = _share_of_text(pair.target), pair.limits.letters
    refused = share < least and not (pair.target.strip() and share >= _share_of_text(pair.source))
    yield pair.refuse(EMPTY, share, least, refused)


_MOJIBAKE: Final = declare_reason("mojibake", "characters that were decoded wrongly")


def mojibake(pair: FieldPair) -> Iterator[Check]:
    """Refuse a translation that was decoded wrongly; flag one with single damaged characters.

    The value is the share of damaged characters among all that are not ASCII.
    """
    damaged = 0
    if _SUSPECT.search(pair.target):
        found = Counter(_DAMAGE.findall(pair.target)) - Counter(_DAMAGE.findall(pair.source))
        damaged = sum(map(len, found.elements()))
        questions = pair.source.count("?") - len(_QUESTION.findall(pair.target))
        ends = sum(map(len, _LOST_END.findall(pair.target)))
        damaged += max(0, ends - max(0, questions))
    most = pair.limits.damaged
    if not damaged:
        yield pair.refuse(_MOJIBAKE, 0.0, most, False)
        return
    share = damaged / max(damaged, sum(map(len, _NOT_ASCII.findall(pair.target))))
    if share > most:
        yield pair.refuse(_MOJIBAKE, share, most, True)
    else:
        yield pair.flag(_MOJIBAKE, share, most, True)


_MARKUP_ADDED: Final = declare_reason("markup_added", "markup that the English text does not have")


def markup_added(pair: FieldPair) -> Iterator[Check]:
    """Refuse tags, entities, template and model tokens that are not in the source."""
    added: Counter[str] = Counter()
    if _MARKUP_CHARACTER.search(pair.target):
        added = Counter(_MARKUP.findall(pair.target)) - Counter(_MARKUP.findall(pair.source))
    yield pair.refuse(_MARKUP_ADDED, added.total(), 1, bool(added))


_BRACKETS: Final = declare_reason(
    "brackets", "brackets that pair up in English do not in the translation"
)


def brackets(pair: FieldPair) -> Iterator[Check]:
    """Flag brackets that are paired in the source and not in the translation."""
    lost = sum(
        abs(pair.target.count(a) - pair.target.count(b))
        for a, b in _PAIRS
        if pair.source.count(a) == pair.source.count(b)
    )
    yield pair.flag(_BRACKETS, lost, 1, lost > 0)


def _share_of_text(text: str) -> float:
    visible = len("".join(text.split()))
    return sum(map(len, WORD.findall(text))) / visible if visible else 0.0
