"""HTML entities in texts that were copied from web pages: `the teacher&#39;s book`."""

import html
import re
from collections.abc import Sequence
from html.entities import html5
from typing import Final

_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_SURROGATES: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
# Texts about markup mention entities: "write &amp; for an ampersand".
_ABOUT_MARKUP: Final = re.compile(
    r"(?<![./\w])(?:X?HTML\d?|XML|SGML|ampersands?|escape sequences?)\b"
    r"|\b(?:character|named|numeric) entit(?:y|ies)\b"
    r"|```|`[^`\n]*&[^`\n]*`|<(?:code|pre|script|style)\b|<\w+\s[^<>]*&[#\w]+;[^<>]*>",
    re.IGNORECASE,
)
# Nobody mentions an apostrophe in the middle of a word: there the text itself is escaped.
_ESCAPED_WORD: Final = re.compile(
    r"[A-Za-z]&(?:amp;)*(?:#0*39|#[xX]0*27|apos|rsquo|#8217|#[xX]2019);[A-Za-z]"
)
_TIMES: Final = 3  # texts are escaped again when they are copied again
_Placed = tuple[str, object]


def unescape_record(
    question: str, passage: str, title: str, answers: Sequence[_Placed]
) -> tuple[str, str, str, list[_Placed]] | None:
    """Return the texts without entities and the starts moved along; None if all stay as they are.

    Entities stay where they are mentioned and not used. A no-break space that was written as an
    entity becomes a plain space, as answers are usually written with one.
    """
    texts = (question, passage, title, *(text for text, _ in answers))
    if not any("&" in text and _has_entity(text) for text in texts):
        return None
    times = _TIMES
    if any(map(_ABOUT_MARKUP.search, texts)):
        if not any(map(_ESCAPED_WORD.search, texts)):
            return None
        times = 1
    moved = [(unescape(text, times), _move(passage, text, start, times)) for text, start in answers]
    question, passage, title = (unescape(text, times) for text in (question, passage, title))
    return question, passage, title, moved


def unescape(text: str, times: int = _TIMES) -> str:
    """Return the text with entities replaced; what only resembles one stays."""
    for _ in range(times):
        plain = _ENTITY.sub(_replace, text)
        if plain == text:
            break
        text = _SURROGATES.sub(_join_pair, plain)
    return text


def _has_entity(text: str) -> bool:
    return any(_replace(match) != match[0] for match in _ENTITY.finditer(text))


def _replace(match: re.Match[str]) -> str:
    entity = match[0]
    if entity[1] != "#":
        character = html5.get(entity[1:], entity)
    elif 0xD800 <= (point := _code_point(entity)) <= 0xDFFF:
        character = chr(point)  # half of an emoji, as JavaScript counts it
    else:
        character = html.unescape(entity)
    return " " if character == "\xa0" else character


def _code_point(entity: str) -> int:
    digits = entity[2:-1]
    return int(digits[1:], 16) if digits[0] in "xX" else int(digits)


def _join_pair(match: re.Match[str]) -> str:
    return match[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _move(passage: str, text: str, start: object, times: int) -> object:
    """Return where a start that fits the escaped passage is in the plain one; others stay."""
    if isinstance(start, int) and start > 0 and passage.startswith(text, start):
        return len(unescape(passage[:start], times))
    return start
