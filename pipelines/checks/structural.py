"""Checks of what any text can have wrong: nothing in it, damaged characters, markup, brackets."""

import html
from collections import Counter
from collections.abc import Iterator
from typing import Final

import regex

from pipelines.checks.field_pair import FieldPair
from pipelines.text.characters import SPACE, SUSPECT, UTF8_HEAD, UTF8_TAIL, WORD, count, kinds_of
from schemas.check import Check
from schemas.language import LANGUAGES
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
_NOT_ASCII: Final = regex.compile(r"[^\x00-\x7f]+")
# A tag has a name, and what follows it are attributes: the text between two inequalities
# (`<0.40 reached an RVEF>`, `a <b and c> d`) is no tag.
_TAG: Final = regex.compile(
    r"""</?(?P<name>[a-z][a-z0-9:_-]{0,30}|0x[\da-f]{2}|\|\w+\|)"""
    r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)){0,9}\s*/?>""",
    regex.IGNORECASE,
)
_ENTITY: Final = regex.compile(r"&(?:#\d+|#x[\da-fA-F]+|\w{2,31});")
_SCRIPTS: Final = "|".join(sorted({item.nllb[4:] for item in LANGUAGES.values() if item.nllb}))
_PLAIN_MARK: Final = regex.compile(
    r"\{\{+|\}\}+|\[\[+|\]\]+|>>\w+<<|(?<!\d\s?)%[sd]\b|⁇"
    r"|@@(?=\s|$)|▁|\\n|\*\*+|(?i:https?://)|```"
)
# To look for language codes takes ten times as long.
_MARK: Final = regex.compile(rf"{_PLAIN_MARK.pattern}|__+|[a-z]{{3}}_(?:{_SCRIPTS})")
_KNOWN_TAGS: Final = frozenset(
    {"a", "b", "big", "blockquote", "br", "code", "div", "em", "font", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "small", "span", "strong"}
    | {"sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"}
    | {"bos", "eos", "mask", "pad", "unk"}
)
_REPEATED: Final = regex.compile(r"(\W|_)\1+")
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
    if _may_be_damaged(pair.target):
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


def damaged_characters(source: str, target: str) -> list[str]:
    """Return what was decoded wrongly in a translation and is not so in its English text."""
    return list(Counter(_DAMAGE.findall(target)) - Counter(_DAMAGE.findall(source)))


_MARKUP_ADDED: Final = declare_reason("markup_added", "markup that the English text does not have")


def markup_added(pair: FieldPair) -> Iterator[Check]:
    """Refuse tags, entities, template and model tokens that are not in the source."""
    added = 0
    if _MARKUP_CHARACTER.search(pair.target):
        marks = _marks(pair.target)
        new = marks - _marks(pair.source) if marks else marks
        added = _added_tags(pair) + new.total()
    yield pair.refuse(_MARKUP_ADDED, added, 1, added > 0)


def added_markup(source: str, target: str) -> list[str]:
    """Return the tags, entities and tokens of a translation that its English text lacks."""
    before = set(_tags(source))
    tags = [tag[0] for tag in _TAG.finditer(target) if tag["name"].casefold() not in before]
    return list(dict.fromkeys([*tags, *(_marks(target) - _marks(source))]))


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


def _may_be_damaged(text: str) -> bool:
    """Return whether a text has anything of what damaged characters leave."""
    kinds = kinds_of(text)
    heads, tails = kinds & UTF8_HEAD != 0, kinds & UTF8_TAIL != 0
    return (
        bool((kinds & SUSPECT).any())
        or bool((heads[:-1] & tails[1:]).any())
        or "?" in text.rstrip("?")
    )


def _added_tags(pair: FieldPair) -> int:
    """Return how many tags were added.

    Tags count by name, whatever a translator made of their attributes. Names that are neither
    HTML's nor a model's are those of placeholders, which may be translated.
    """
    before, after = _tags(pair.source), _tags(pair.target)
    known = Counter(name for name in after if name in _KNOWN_TAGS)
    return max((known - Counter(before)).total(), len(after) - len(before))


def _tags(text: str) -> list[str]:
    return [tag["name"].casefold() for tag in _TAG.finditer(text)]


def _marks(text: str) -> Counter[str]:
    """Return how often each entity and each mark comes.

    Runs count as one, however long: `____` and `______` are both a gap to fill in.
    """
    entities = [name for name in _ENTITY.findall(text) if html.unescape(name) != name]
    mark = _MARK if "_" in text else _PLAIN_MARK
    marks = [_REPEATED.sub(r"\1", found.casefold()) for found in mark.findall(text)]
    return Counter(entities + marks)


def _share_of_text(text: str) -> float:
    visible = len(text) - count(text, SPACE)
    return count(text, WORD) / visible if visible else 0.0
