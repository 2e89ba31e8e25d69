"""Where sentences begin and end: blocks and list marks by layout, sentences by sentencex.

sentencex finds the sentence ends; `benchmarks/segmentation.py` shows why it and not another
library. It does not look into quotations, overlooks a full stop in front of a closing bracket, and
does not know lists; the rules around it deal with these.
"""

import re
from collections.abc import Iterator

import sentencex  # type: ignore[import-untyped]

from translators.list_lines import LINE_END, find_list_breaks

_GAP = re.compile(r"\s+")
_BULLET = re.compile(r"[-*•·‣⁃▪●○◦–—](?=\s)")
_LIST_MARK = re.compile(rf"(?:{_BULLET.pattern}|\d{{1,3}}[.)]|\(\d{{1,3}}\)|\(?[A-Za-z]\))(?=\s)")
_OPENERS = "\"'“‘«([{`"

# A line that ends without a full stop and is not followed by a lower-case word is a heading or a
# list item if it is short, a hard-wrapped sentence if it is long: text is wrapped at 60 to 80.
_HEADING_LENGTH = 55


def split_blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each paragraph, heading, table cell, list item and list mark.

    Blocks neither begin nor end with whitespace, and there is nothing but whitespace between
    them. A line break alone does not end a block when the sentence goes on behind it.
    """
    items = find_list_breaks(text)
    start = line_start = len(text) - len(text.lstrip())
    mark = _LIST_MARK.match(text, start)
    for gap in _GAP.finditer(text, start):
        if gap.end() == len(text):
            break
        after_mark = mark is not None and mark.end() == gap.start()
        if gap[0] == " " and not after_mark and gap.start() not in items:
            continue
        if after_mark or gap.start() in items or _ends_block(text, line_start, gap):
            yield start, gap.start()
            start = gap.end()
            mark = _LIST_MARK.match(text, start)
        if LINE_END.search(gap[0]):
            line_start = gap.end()
    end = len(text.rstrip())
    if start < end:
        yield start, end


def _ends_block(text: str, line_start: int, gap: re.Match[str]) -> bool:
    lines = len(LINE_END.findall(gap[0]))
    if lines >= 2:
        return True
    if (lines or len(gap[0]) >= 2) and _LIST_MARK.match(text, gap.end()):
        return True
    first = text[gap.end() : gap.end() + 3].lstrip(_OPENERS)[:1]
    if lines:
        heading = gap.start() - line_start < _HEADING_LENGTH and not text[line_start].islower()
        return first.isupper() and (heading or text[gap.start() - 1] in ".!?:;)\"'”’")
    wide = len(gap[0]) >= 3 or "\t" in gap[0]  # columns, and lists that lost their line breaks
    return len(gap[0]) >= 6 or (wide and (first.isupper() or first.isdigit()))


def find_sentence_starts(text: str) -> list[int]:
    """Return the offsets, after 0, at which a new sentence begins.

    Args:
        text: One block of English in which whitespace is single spaces, not at the ends.
    """
    found = sentencex.get_sentence_boundaries("en", _simplify(text))
    starts = set()
    for boundary in found[1:]:
        start = boundary["start_index"]
        start += text[start : start + 1] == " "
        if _is_sentence_start(text, start):
            starts.add(start)
            if mark := _BULLET.match(text, start):  # "... adults. - Next item" within a line
                starts.add(mark.end() + 1)
    return sorted(starts)


_CLOSED = re.compile(r"(?<![.!?])([.!?]+)((?: ?[\"')\]}])+)(?= |$)")
_UNPAIRED = re.compile(r"[\"`<>]|'(?!\w)|(?<!\w)'")
_NOT_ASCII = re.compile(r"[^ -~]")
_LOOKALIKES = dict.fromkeys("“”„‟«»″", '"') | {"‘": "'", "’": "'", "…": "."}
_LOOKALIKES |= (
    dict.fromkeys("。．․", ".") | dict.fromkeys("！‼", "!") | dict.fromkeys("？‽⁇⁈⁉", "?")
)


def _simplify(text: str) -> str:
    """Return ASCII of the same length that sentencex cuts where `text` should be cut.

    It does not cut inside quotations, so quotation marks are replaced; nor after a full stop
    that a bracket or quotation mark follows, so the two change places. ASCII keeps characters
    and bytes the same to it, and lone surrogates, which it refuses, away from it.
    """
    text = _NOT_ASCII.sub(_ascii_lookalike, text)
    text = _CLOSED.sub(lambda m: m[2] + m[1], text)
    return _UNPAIRED.sub("~", text)


def _ascii_lookalike(match: re.Match[str]) -> str:
    character = match[0]
    if known := _LOOKALIKES.get(character):
        return known
    if character.isalpha():
        return "X" if character.isupper() else "x"
    return "0" if character.isdigit() else ","


_CLOSERS = ")]}”’»,;:.!?…"
_PLAIN_END = re.compile(r"\w\.$")
_GLUED_END = re.compile(r"(?:^| )[^\W\d_]*[a-z]{3}\)?[.!?]$")
_GLUED_START = re.compile(r"[A-Z][a-z]{2}")
# Abbreviations that sentencex does not know, or not before words like "Who" and "No".
_ABBREVIATION = re.compile(r"\b(?:dr|mr|mrs|ms|mx|prof|viz|approx|incl|spp)\.$", re.IGNORECASE)
_NUMBERED = re.compile(
    r"\b(?:vols?|ch|eqs?|figs|refs|sects?|tabs?|app|ex|max|est|temp|cor|matt)\.$", re.IGNORECASE
)


def _is_sentence_start(text: str, start: int) -> bool:
    """Whether the sentence start that sentencex found in `_simplify(text)` is one in `text`."""
    before, after = text[max(0, start - 40) : start], text[start : start + 40]
    left, right = before.rstrip(), after.lstrip(_OPENERS + " -–—")
    if not left or not after or after[0] in _CLOSERS:
        return False
    if left == before:  # no space: "early stages.Signs include", but not "Mail.Ru" or "non-U.S."
        return bool(_GLUED_END.search(left) and _GLUED_START.match(after))
    if right[:1].islower() and not _PLAIN_END.search(left):  # "What?" he asked
        return False
    if _ABBREVIATION.search(left):
        return False
    return not (right[:1].isdigit() and _NUMBERED.search(left))
