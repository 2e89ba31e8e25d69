"""What a translator may be shown around a segment: the sentences on both sides of it.

A segment with its context goes to the translator, and into the memory's key, as one text: the
segment, a separator that no segment can hold as it is white space, and the context.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from translators.segmentation import Segment

_SEPARATOR: Final = "\x1e"


def add_context(
    segments: Sequence[Segment], passage: Sequence[Segment], reach: int, place: int | None = None
) -> list[Segment]:
    """Return segments that are asked for with the part of the passage they belong to.

    Args:
        segments: Segments of a text.
        passage: Those of its passage.
        reach: Sentences on each side; none are added for 0.
        place: Which sentence of the passage the text belongs to; None if they are the passage.
    """
    if not reach:
        return list(segments)
    shown = []
    for index, segment in enumerate(segments):
        middle = index if place is None else place
        around = passage[max(0, middle - reach) : middle + reach + 1]
        context = " ".join(each.text for each in around)
        shown.append(replace(segment, request=f"{segment.text}{_SEPARATOR}{context}"))
    return shown


def split_context(request: str) -> tuple[str, str]:
    """Return a segment's text and its context, which may be empty."""
    text, _, context = request.partition(_SEPARATOR)
    return text, context
