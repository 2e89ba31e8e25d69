"""Make texts comparable: Unicode NFC, no control characters, no outer white space."""

import unicodedata
from dataclasses import replace
from itertools import chain, groupby
from typing import Final

import regex

from schemas.reason import declare_reason
from schemas.record import Answer, FailedRecord, Record

EMPTY_TEXT: Final = {
    "question": declare_reason("empty_question", "an empty question"),
    "passage": declare_reason("empty_passage", "an empty passage"),
}

# Controls except tab and newline, zero-width spaces, byte order marks, bidirectional controls
# (they can make a text read differently than it is stored), lone surrogates. The joiners
# U+200C and U+200D stay: emoji and several scripts need them.
_REMOVED: Final = regex.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060"
    r"\u2066-\u2069\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_LINE_BREAKS: Final = regex.compile(r"\r\n?|[\x85\u2028\u2029]")
# Python puts marks into Unicode's order by insertion, which takes quadratic time.
_MANY_MARKS: Final = regex.compile(r"\p{M}{30,}")
_IN_WORD: Final = regex.compile(r"[\p{L}\p{N}]")
_AFTER_WORD: Final = regex.compile(r"[^\p{L}\p{N}]")
_COMPARED: Final = 100_000_000  # characters; a text that repeats itself may be found everywhere


def normalise_text(text: str) -> str:
    """Return the text in NFC, with plain line breaks and without control characters.

    Outer white space stays; characters are removed, never replaced, but for line breaks.
    """
    cleaned = _REMOVED.sub("", _LINE_BREAKS.sub("\n", text))
    if not cleaned.isascii():
        cleaned = _MANY_MARKS.sub(_sort_marks, cleaned)
    return unicodedata.normalize("NFC", cleaned)


def normalise_record(record: Record) -> Record:
    """Return the record with normalised, stripped texts and answer offsets that fit them."""
    raw = normalise_text(record.passage)
    passage = raw.strip()
    answers = tuple(
        _move(answer, record.passage, passage, len(raw) - len(raw.lstrip()))
        for answer in record.answers
        if normalise_text(answer.text).strip()
    )
    return replace(
        record,
        question=normalise_text(record.question).strip(),
        passage=passage,
        title=normalise_text(record.title).strip(),
        answers=answers,
    )


def _sort_marks(run: "regex.Match[str]") -> str:
    """Return combining marks, which may be composed, in the order that NFC has them."""
    marks = "".join(unicodedata.normalize("NFD", mark) for mark in run[0])
    parts = groupby(marks, key=lambda mark: unicodedata.combining(mark) > 0)
    sorted_parts = (
        sorted(part, key=unicodedata.combining) if move else part for move, part in parts
    )
    return "".join(chain.from_iterable(sorted_parts))


def missing_text(record: Record) -> FailedRecord | None:
    """Return why a normalised record cannot be used, or None when it can."""
    for field in ("question", "passage"):
        if not getattr(record, field):
            return FailedRecord(
                source=record.dataset,
                line=0,
                record_id=record.record_id,
                reason=EMPTY_TEXT[field],
                detail=f"the {field} holds nothing but white space and control characters",
                raw=record.question[:1000],
            )
    return None


def _move(answer: Answer, old: str, new: str, stripped: int) -> Answer:
    """Return the answer with its offset in the normalised passage; -1 when it is gone."""
    text = normalise_text(answer.text).strip()
    if answer.start < 0:
        return Answer(text, only(new, text))
    lead = len(answer.text) - len(answer.text.lstrip())
    expected = len(normalise_text(old[: answer.start + lead])) - stripped
    return Answer(text, nearest(new, text, expected))


def only(passage: str, text: str) -> int:
    """Return where `text` stands in `passage` as whole words, if it is there just once; or -1."""
    found = whole_words(passage, text)
    return found[0] if len(found) == 1 else -1


def whole_words(passage: str, text: str) -> list[int]:
    """Return where `text` stands in `passage` without being a part of longer words."""
    found: list[int] = []
    at = passage.find(text) if text else -1
    for _ in range(_COMPARED // max(len(text), 1)):
        if at < 0:
            return found
        end = at + len(text)
        if (at and _IN_WORD.match(passage, at - 1)) or _IN_WORD.match(passage, end):
            next_start = _AFTER_WORD.search(passage, at)
        else:
            found.append(at)
            at = passage.find(text, end)
            continue
        at = passage.find(text, next_start.end()) if next_start else -1
    return []  # the same few words over and over: every place is as good as another


def nearest(passage: str, text: str, expected: int) -> int:
    """Return the occurrence of `text` in `passage` nearest to an offset; -1 without any."""
    before = passage.rfind(text, 0, max(expected, 0) + len(text))
    after = passage.find(text, max(expected, 0))
    found = [start for start in (before, after) if start >= 0]
    return min(found, key=lambda start: abs(start - expected), default=-1)
