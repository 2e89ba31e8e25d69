"""Answers marked in their sentence: a translator that keeps the marks shows where they went.

The marked sentence is translated beside the plain one, which stays what the corpus holds, for
marks make translations worse (EasyProject, https://arxiv.org/abs/2211.15613).
"""

from collections.abc import Sequence
from typing import Final

import regex

from schemas.record import Answer
from translators.segmentation import Segment

_OPEN, _CLOSE = "[", "]"  # of all marks the ones that translators lose least often
_MARKED: Final = regex.compile(r"\[([^\[\]]+)\]")


def mark_answer(answer: Answer, passage: str, segments: Sequence[Segment]) -> list[Segment]:
    """Return the sentence an answer stands in, with marks around the answer, as a text of its own.

    There is none for answers without a place, of more than one sentence or of a whole one, and
    in sentences that have such marks of their own.
    """
    start, end = answer.start, answer.start + len(answer.text)
    if not answer.text.strip() or start < 0 or not passage.startswith(answer.text, start):
        return []
    for segment in segments:
        if segment.start <= start and end <= segment.end:
            before, after = passage[segment.start : start], passage[end : segment.end]
            marked = f"{before}{_OPEN}{answer.text}{_CLOSE}{after}"
            if not (before + after).strip() or marked.count(_OPEN) + marked.count(_CLOSE) > 2:
                return []
            text = " ".join(marked.split())
            return [Segment(text, 0, len(text))]
    return []


def read_marked(translated: str) -> str:
    """Return what stands between the marks of a translated sentence; empty when they are lost."""
    found = [text for marked in _MARKED.findall(translated) if (text := marked.strip())]
    return found[0] if len(found) == 1 else ""
