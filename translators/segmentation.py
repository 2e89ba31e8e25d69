"""Cut English texts into segments for translation and put the translations together again."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from typing import Final

from translators.sentences import find_sentence_starts, split_blocks
from translators.wrapping import wrap

_RULES_VERSION = 2  # raise it whenever the segments of any text change
SPLITTER_VERSION: Final = f"sentencex {version('sentencex')}, rules {_RULES_VERSION}"

_LONGEST_SHORT_TEXT = 250  # characters; longer questions and answers are split like passages


@dataclass(frozen=True, slots=True)
class Segment:
    """The smallest text handed to a translator, and where it stands.

    Attributes:
        text: Each whitespace run, line breaks too, is one space; none at the ends; never empty.
        start: Offset of its first character in the original text, in code points.
        end: Offset behind its last character.
        request: What the translator gets where that is not the text alone (`translators.context`).
    """

    text: str
    start: int
    end: int
    request: str = ""

    @property
    def asked(self) -> str:
        """What the translator gets; the memory's key is made of it."""
        return self.request or self.text


def split_passage(text: str) -> list[Segment]:
    """Return the sentences, headings, list marks and list items of `text`, in order.

    There is only whitespace, or nothing, before, between and behind them. Overlong sentences
    come in pieces (`translators.wrapping`).
    """
    segments = []
    for start, end in split_blocks(text):
        block, origin = _collapse_whitespace(text, start, end)
        for first, last in pairwise([0, *find_sentence_starts(block), len(block)]):
            for a, b in wrap(block, first, first + len(block[first:last].rstrip())):
                segments.append(Segment(block[a:b], origin[a], origin[b - 1] + 1))
    return segments


def split_short(text: str) -> list[Segment]:
    """Return a question or answer as one segment, or as its sentences if it is long.

    The limit is 250 characters; whitespace alone gives no segment.
    """
    block = " ".join(text.split())
    if len(block) > _LONGEST_SHORT_TEXT:
        return split_passage(text)
    start = len(text) - len(text.lstrip())
    return [Segment(block, start, len(text.rstrip()))] if block else []


_UNEVEN = re.compile(r"[^\S ]|  ")


def _collapse_whitespace(text: str, start: int, end: int) -> tuple[str, Sequence[int]]:
    """Return `text[start:end]` with single spaces, and where each character stood in `text`."""
    if not _UNEVEN.search(text, start, end):
        return text[start:end], range(start, end + 1)
    words = []
    origin: list[int] = []
    for word in re.compile(r"\S+").finditer(text, start, end):
        words.append(word[0])
        origin.extend(range(word.start(), word.end() + 1))  # one for the space behind it
    return " ".join(words), origin


_DOMAIN = r"(?:[\w-]+\.)+(?:com|org|net|gov|edu|int|info|io|uk|eu|ca|au|de|fr|es)"
_ADDRESS = re.compile(
    rf"(?:[a-z][a-z+.-]*://\S+|www\.\S+|(?:mailto:)?[\w.+-]+@[\w.-]+|{_DOMAIN}(?:[/:?#]\S*)?)",
    re.IGNORECASE,
)


# A word that is surely not copied; nearly all segments have one.
_PLAIN_WORD = re.compile(r"(?<!\S)[A-Za-z]{2,}[,.;:!?]?(?!\S)")


def is_translatable(segment: str) -> bool:
    """Whether a translator has anything to do; otherwise the segment is copied.

    Copied are numbers, dates in digits, punctuation, emoji, list marks, web and e-mail addresses
    and codes of capitals and digits such as `COL1A1` or `H1N1`.
    """
    if _PLAIN_WORD.search(segment):
        return True
    if sum(character.isalpha() for character in segment) < 2:
        return False
    return not all(_is_copied(word) for word in segment.split())


def _is_copied(word: str) -> bool:
    if not any(character.isalpha() for character in word):
        return True
    if any(character.isdigit() for character in word) and word == word.upper():
        return True
    return _ADDRESS.fullmatch(word.strip("()[]<>{}\"'“”‘’.,;:!?")) is not None


def join_translations(
    passage: str, segments: Sequence[Segment], translations: Sequence[str], spaced: bool
) -> tuple[str, list[tuple[int, int, int, int]]]:
    """Put the translation of each segment where the segment stood.

    Whitespace between segments is kept as it is, but where the target language writes no spaces
    a single space behind a translated segment is dropped; the one behind a list mark stays.

    Args:
        passage: The text that was split.
        segments: Its segments, in order.
        translations: One for each segment.
        spaced: Whether the target language puts spaces between sentences (not Chinese, Japanese).

    Returns:
        The target passage, and for each segment `(src_start, src_end, tgt_start, tgt_end)` in
        code points.

    Raises:
        ValueError: If the numbers of segments and translations differ.
    """
    if len(segments) != len(translations):
        raise ValueError(
            f"passage {passage[:60]!r}: {len(translations)} translations for {len(segments)} "
            "segments; give exactly one translation for each segment"
        )
    parts: list[str] = []
    sentence_map = []
    source_end = target_end = 0
    copied = True
    for segment, translation in zip(segments, translations, strict=True):
        gap = passage[source_end : segment.start]
        if gap == " " and not spaced and not copied:
            gap = ""
        parts += gap, translation
        target_start = target_end + len(gap)
        target_end = target_start + len(translation)
        sentence_map.append((segment.start, segment.end, target_start, target_end))
        source_end = segment.end
        copied = not is_translatable(segment.text)
    parts.append(passage[source_end:])
    return "".join(parts), sentence_map
