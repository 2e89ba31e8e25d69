"""From a segment to Apertium's stream format and back, with nothing lost, added or left over."""

import re
import unicodedata
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass
from typing import Final

# The first private-use code point that stands for a protected part of a text; Apertium takes
# private-use characters for blanks and lets them through. 65,534 of them follow.
_STAND_IN: Final = 0xF0000
_ANY_STAND_IN: Final = re.compile("[\U000f0000-\U000ffffd]")
_PROTECTED: Final = re.compile(
    r"""
    (?:https?://|www\.)\S*[\w/]   # addresses: their parts would be translated like words
    | [\w.+-]+@[\w-]+\.[\w.-]*\w
    | [][{}^$/\\@<>*\#~+_]        # reserved by the stream format, or marks and joints in it
    | [\ufeff\U000f0000-\U0010ffff]
    """,
    re.VERBOSE,
)
# ICU, which Apertium reads with, ends the input at U+FFFF; surrogates cannot be encoded.
_UNREADABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
_WORD: Final = r"[^\W_]+(?:['’][^\W_]+)*"
# `*` before words that the source dictionary lacks, `@` (escaped by the generator) before those
# that the bilingual one lacks, `#` before those that could not be inflected.
_MARK: Final = re.compile(rf"(\*|\\?@|#)({_WORD})?")
_ESCAPE_OR_BRACKET: Final = re.compile(r"\\(.)|[][]", re.DOTALL)  # brackets hold superblanks
_ACRONYM: Final = re.compile(r"(?<![^\W_])[A-Z]{2,6}(?![^\W_])")
_LONGEST_LOOK_ALIKE: Final = 3  # letters of an acronym that may be a word as well: "Los"
_LONE_WORD: Final = re.compile(r"^([^\W_]+)\.$")
_SPACES: Final = re.compile(" {2,}")
_CLOSING: Final = ".,;:?!)"
_INVERTED: Final = {"?": "¿", "!": "¡"}
_INVERTING: Final = frozenset({"ast", "es"})  # languages that open questions and exclamations
_INNER_END: Final = re.compile(r"[^\W\d_]{4,}[.?!…]\s")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text in the stream format.

    Attributes:
        text: The text; a private-use character stands for each protected part.
        protected: What these characters stand for, in order.
    """

    text: str
    protected: tuple[str, ...]


def encode(text: str) -> Encoded:
    """Return a text as Apertium may read it; control characters become spaces.

    Args:
        text: At most 65,534 characters.
    """
    protected: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        protected.append(match.group())
        return chr(_STAND_IN + len(protected) - 1)

    readable = unicodedata.normalize("NFC", _UNREADABLE.sub(" ", text))
    return Encoded(_PROTECTED.sub(stand_in, readable), tuple(protected))


def decode(text: str, protected: tuple[str, ...]) -> str:
    """Return the plain text of an answer; a part that a rule doubled is kept once."""
    left = dict(enumerate(protected))
    plain = _ESCAPE_OR_BRACKET.sub(r"\1", text)
    return _ANY_STAND_IN.sub(lambda match: left.pop(ord(match.group()) - _STAND_IN, ""), plain)


def frame(text: str) -> str:
    """Return an encoded text with a full stop after it, beyond which no tagger looks.

    The superblank before the full stop keeps it from making the last word an abbreviation, and so
    does the one in the answer "No.", which would become "number".
    """
    return _LONE_WORD.sub(r"\1[].", text) + "[]."


def unframe(text: str) -> str:
    """Return an answer without its frame; rules may have moved the superblank."""
    return text.replace("[]", "").rstrip(" ").removesuffix(".")


def unmark(text: str) -> tuple[str, Counter[str]]:
    """Return a generated text without Apertium's marks, and the untranslated words it marked.

    Words that are only not inflected (`#`) are not counted.
    """
    unknown = Counter(
        match.group(2).casefold()
        for match in _MARK.finditer(text)
        if match.group(2) and match.group(1) != "#"
    )
    return _MARK.sub(lambda match: match.group(2) or "", text), unknown


def count_words(text: str) -> int:
    """Return the number of runs of letters and digits."""
    return len(re.findall(_WORD, text))


def restore_acronyms(source: str, text: str, unknown: Container[str]) -> str:
    """Return a translation in which the acronyms of its source have their capitals again.

    Rules for the first word of a sentence make "Lcmv", and those for sounds "iII".

    Args:
        source: The English segment.
        text: Its translation.
        unknown: The words that no dictionary has, in small letters.
    """
    acronyms: dict[str, str] = {word.casefold(): word for word in _ACRONYM.findall(source)}

    def restore(match: re.Match[str]) -> str:
        word, folded = match.group(), match.group().casefold()
        may_be_a_word = word.islower() or (word.istitle() and len(word) <= _LONGEST_LOOK_ALIKE)
        if folded not in acronyms or (may_be_a_word and folded not in unknown):
            return word
        return acronyms[folded]

    return re.sub(_WORD, restore, text) if acronyms else text


def finish(source: str, text: str, target: str) -> str:
    """Return a translation with the spaces, first letter and opening marks it should have.

    Apertium leaves gaps where it drops a word, begins every segment with a capital, and writes no
    `¿` or `¡`.

    Args:
        source: The English segment.
        text: What Apertium made of it.
        target: BCP-47 code of the target language.
    """
    text = _SPACES.sub(" ", text).strip()
    for mark in _CLOSING:
        if f" {mark}" not in source:
            text = text.replace(f" {mark}", mark)
    first = re.match(_WORD, text)
    if source[:1].islower() and first and first.group().istitle() and first.group() not in source:
        text = text[0].lower() + text[1:]
    end = re.search(r"([?!])\W*$", text)
    opening = _INVERTED[end.group(1)] if end and target in _INVERTING else ""
    if opening and opening not in text and not _INNER_END.search(text):
        text = re.sub(r"[^\W_]", rf"{opening}\g<0>", text, count=1)
    return text
