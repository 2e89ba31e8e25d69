"""When a record is in an evaluation set: the rules of decontamination, on English texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import regex

from pipelines.text.overlap import (
    Hashes,
    Postings,
    find_words,
    gram_hashes,
    make_postings,
    text_key,
)
from schemas.reason import Reason, declare_reason
from schemas.record import Record

PASSAGE: Final = declare_reason("contaminated_passage", "the passage is in an evaluation set")
QUESTION: Final = declare_reason("contaminated_question", "the question is in an evaluation set")
ID: Final = declare_reason("contaminated_id", "a record of an evaluation set has the same id")

# Two passages are the same when they share this many 8-grams, and this share of the shorter one's:
# 96 % of XQuAD's are found with every tenth word replaced (99 % by one common 13-gram), and when
# a twentieth of MedQuAD, full of stock sentences, is the evaluation set, 9 % of the rest are
# removed (37 % by one common 13-gram); see benchmarks/QUALITY.md.
GRAM_WORDS: Final = 8
SHARED_GRAMS: Final = 3
SHARED_SHARE: Final = 0.2
BOILERPLATE_OWNERS: Final = 10  # an n-gram of more passages than this says nothing about one

# Shorter passages, such as "Yes." or a name, are the same by chance.
PASSAGE_WORDS: Final = 8

# "What is it?" is asked everywhere. A question this short that the input asks of more passages
# than this is no leak by itself.
SHORT_QUESTION_WORDS: Final = 5
GENERIC_PASSAGES: Final = 8

# Hashes, UUIDs and 64-bit numbers name one item in the world; 17, `q3` or `dev.jsonl:4` do not.
_UNIQUE_ID: Final = regex.compile(
    r"-?(?!000)[0-9a-f]{16,64}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", regex.IGNORECASE
)


class EvaluationItem(NamedTuple):
    """One item of an evaluation set; what it does not have is empty."""

    record_id: str
    question: str
    passage: str


class Leak(NamedTuple):
    """What ties a record to an evaluation set; the least of several is told first.

    Attributes:
        order: Position of the set among those the user named.
        set: Name of the set.
        reason: `contaminated_passage`, `contaminated_id` or `contaminated_question`, whichever
            comes first.
    """

    order: int
    set: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class EvaluationIndex:
    """What recognises the items of one evaluation set.

    Attributes:
        items: Number of distinct items.
        keys: Keys of their ids, questions and passages.
        passages: 8-grams of their distinct passages.
    """

    items: int
    keys: frozenset[bytes]
    passages: Postings


def make_index(items: Iterable[EvaluationItem]) -> EvaluationIndex:
    """Return the index of one evaluation set; the order of the items plays no part."""
    distinct = sorted(set(items))
    keys: set[bytes] = set()
    passages: dict[bytes, list[str]] = {}
    for item in distinct:
        keys.update(_id_keys(item.record_id))
        if question := find_words(item.question):
            keys.add(text_key(QUESTION, question))
        words = find_words(item.passage)
        if len(words) >= PASSAGE_WORDS:
            passages.setdefault(text_key(PASSAGE, words), words)
    grams = [gram_hashes(words, GRAM_WORDS) for _, words in sorted(passages.items())]
    return EvaluationIndex(
        len(distinct), frozenset(keys | passages.keys()), make_postings(grams, BOILERPLATE_OWNERS)
    )


def find_leaks(record: Record, indexes: Sequence[tuple[str, EvaluationIndex]]) -> list[Leak]:
    """Return what ties a record to each named evaluation set: one leak for a set at most."""
    ids = _id_keys(record.record_id)
    question = question_key(record.question)
    words = find_words(record.passage)
    passage = text_key(PASSAGE, words)
    grams = gram_hashes(words, GRAM_WORDS)
    leaks = []
    for order, (name, index) in enumerate(indexes):
        if passage in index.keys or _share_passage(grams, index.passages):
            leaks.append(Leak(order, name, PASSAGE))
        elif index.keys.intersection(ids):
            leaks.append(Leak(order, name, ID))
        elif question in index.keys:
            leaks.append(Leak(order, name, QUESTION))
    return leaks


def question_key(question: str) -> bytes:
    """Return the key that evaluation sets know a question by."""
    return text_key(QUESTION, find_words(question))


def is_short(question: str) -> bool:
    """Return whether a question is so short that it may be asked of anything."""
    return len(find_words(question)) <= SHORT_QUESTION_WORDS


def _id_keys(record_id: str) -> list[bytes]:
    if not _UNIQUE_ID.fullmatch(record_id):
        return []
    return [text_key(ID, [record_id.casefold()])]


def _share_passage(grams: Hashes, passages: Postings) -> bool:
    owners, shared = passages.overlaps(grams)
    shorter = np.minimum(len(grams), passages.sizes[owners])
    return bool(((shared >= SHARED_GRAMS) & (shared >= SHARED_SHARE * shorter)).any())
