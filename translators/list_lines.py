"""Line breaks that separate list items: short lines in a row, whatever letter they begin with.

A line break inside a sentence was put there where the next word no longer fitted, and the line
often ends with a word that no item ends with. Lines of a list end where the item ends.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

_Line = tuple[int, int]  # start and end, without white space at the ends

_BREAKS: Final = r"\n\r\v\f\x1c-\x1e\x85\u2028\u2029"
_LINE: Final = re.compile(rf"[^{_BREAKS}]+")
LINE_END: Final = re.compile(rf"\r\n|[{_BREAKS}]")
_NARROW: Final = 40  # characters; text is wrapped at more
_PAIR_WORDS: Final = 3  # two lines alone are a list only if each is as short as this
_GOES_ON: Final = re.compile(
    r"\b(?:an?|the|of|to|in|on|at|by|for|with|from|into|and|or|but|nor|is|are|was|were|be"
    r"|been|has|have|had|that|which|who|as|than|not|no|its|his|her|their|our|your|my|this|these"
    r"|those|will|would|can|could|may|must|should|if|when|while|because|between|over|under"
    r"|about|after|before|during|through|very|more|most|such)$",
    re.IGNORECASE,
)


def find_list_breaks(text: str) -> frozenset[int]:
    """Return the ends of lines, without their white space, behind which a new list item begins."""
    ends: set[int] = set()
    for lines in _runs(text):
        if len(lines) > 1 and _is_list(text, lines):
            ends.update(end for _, end in lines[:-1])
    return frozenset(ends)


def _runs(text: str) -> Iterator[list[_Line]]:
    """Yield the lines that follow each other without a blank line."""
    run: list[_Line] = []
    for line in _LINE.finditer(text):
        content = line[0].strip()
        if not content:
            continue
        start = line.start() + len(line[0]) - len(line[0].lstrip())
        if run and len(LINE_END.findall(text, run[-1][1], start)) > 1:
            yield run
            run = []
        run.append((start, start + len(content)))
    yield run


def _is_list(text: str, lines: list[_Line]) -> bool:
    if any(_GOES_ON.search(text[max(start, end - 12) : end]) for start, end in lines[:-1]):
        return False
    if len(lines) == 2:
        return all(len(text[start:end].split()) <= _PAIR_WORDS for start, end in lines)
    width = max(end - start for start, end in lines)
    if width < _NARROW:
        return True
    wrapped = sum(
        first[1] - first[0] + 1 + _first_word(text, *second) > width
        for first, second in pairwise(lines)
    )
    return wrapped * 2 < len(lines) - 1


def _first_word(text: str, start: int, end: int) -> int:
    """Return the length of the first word of a line."""
    return len(text[start:end].split(maxsplit=1)[0])
