"""Cut overlong sentences into pieces that a sentence translator can hold."""

import re
import unicodedata
from collections.abc import Callable
from itertools import chain
from math import ceil

# NLLB and Marian models were trained on single sentences; about 200 tokens is where bergamot's
# translator wraps. English has 4 to 5 characters a token, dense medical text 3.
MAX_CHARACTERS = 500
MAX_WORDS = 80

CountParts = Callable[[str, int, int], int]

_CONJUNCTION = re.compile(
    r"(?:and|or|but|nor|so|yet|which|who|that|because|although|while|whereas|where|when|if)\b"
)
# Belong to the character before them though they are not marks: joiners, Thai and Lao am, kana.
_EXTENDERS = "\u200c\u200d\u0e33\u0eb3\uff9e\uff9f"


def wrap(
    text: str, start: int, end: int, count_parts: CountParts | None = None
) -> list[tuple[int, int]]:
    """Return the bounds of pieces of `text[start:end]` of about equal length, each short enough.

    A piece has at most 500 characters and 80 words. Cuts are made at spaces, near a semicolon,
    colon or comma where there is one; in an endless word between two characters that a reader
    sees as separate. Only a sequence of combining characters can remain longer.

    Args:
        text: Text in which whitespace is single spaces.
        start: Offset of the sentence, not a space.
        end: End of the sentence, not after a space.
        count_parts: How many pieces `text[start:end]` must become; by characters and words by
            default.
    """
    parts = (count_parts or _count_parts)(text, start, end)
    if parts == 1:
        return [(start, end)]
    target = start + (end - start) * (parts // 2) // parts
    cut = _best_space(text, start, end, target)
    if cut is not None:
        return wrap(text, start, cut, count_parts) + wrap(text, cut + 1, end, count_parts)
    cut = _nearest_character(text, start, end, target)
    if cut is None:
        return [(start, end)]
    return wrap(text, start, cut, count_parts) + wrap(text, cut, end, count_parts)


def _count_parts(text: str, start: int, end: int) -> int:
    characters, words = end - start, text.count(" ", start, end) + 1
    return max(ceil(characters / MAX_CHARACTERS), ceil(words / MAX_WORDS))


def _best_space(text: str, start: int, end: int, target: int) -> int | None:
    """Return the space to cut at: the nearer to `target` and the stronger its comma the better."""
    reach = (end - start) // 4
    spaces = [m.start() for m in re.compile(" ").finditer(text, start, end)]
    near = [space for space in spaces if abs(space - target) <= reach]
    return min(
        near or spaces,
        key=lambda space: _weakness(text, space) + abs(space - target) / max(reach, 1),
        default=None,
    )


def _weakness(text: str, space: int) -> float:
    """How bad it is to cut at `space`, in the unit of `reach` characters off the target."""
    before = text[space - 1]
    conjunction = _CONJUNCTION.match(text, space + 1)
    word_end = before == "." and text[space - 4 : space - 1].isalpha()  # not "e.g." or initials
    if before in ";:!?" or (word_end and text[space + 1].isupper()):
        return 0.0
    if before == ",":
        return 0.2 if conjunction else 0.4
    if text.startswith(("- ", "– ", "— "), space + 1):
        return 0.4
    if conjunction or before in ")%" or text[space + 1] in "(–—":
        return 0.8
    return 1.5


def _nearest_character(text: str, start: int, end: int, target: int) -> int | None:
    offsets = chain(range(target, start, -1), range(target + 1, end))
    return next((offset for offset in offsets if _is_character_start(text, start, offset)), None)


def _is_character_start(text: str, start: int, offset: int) -> bool:
    """Whether a grapheme cluster begins at `offset`: the rules of Unicode annex 29, simplified."""
    before, here = text[offset - 1], text[offset]
    if unicodedata.category(here) in ("Mn", "Mc", "Me") or here in _EXTENDERS:
        return False
    if before == "\u200d" or unicodedata.combining(before) == 9:  # joiner, virama
        return False
    if "\U0001f3fb" <= here <= "\U0001f3ff" or "\u1160" <= here <= "\u11ff":  # skin tone, jamo
        return False
    if "\U000e0020" <= here <= "\U000e007f" or "\udc00" <= here <= "\udfff":  # tag, surrogate
        return False
    if _is_flag_half(here):
        first = offset
        while first > start and _is_flag_half(text[first - 1]):
            first -= 1
        return (offset - first) % 2 == 0
    return True


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
