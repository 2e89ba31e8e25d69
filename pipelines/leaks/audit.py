"""Look for evaluation items among translated rows: an alarm, nothing is removed.

What leaks through an English filter (a reworded item, another translation) may meet its human
translation here. Look at the rows behind an alarm, and exclude the English set they come from.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsDict, PCollection

from pipelines.leaks.evaluation_sets import EvaluationSet, EvaluationSetError
from pipelines.leaks.read_evaluation import Key, ReadEvaluationSets
from pipelines.leaks.rules import EvaluationItem
from pipelines.text.overlap import Hashes, Postings, find_words, gram_hashes, make_postings
from schemas.language import LANGUAGES, SOURCE_LANGUAGE
from schemas.record import FailedRecord
from schemas.row import Row

PASSAGE_WORDS: Final = 8
# Where spaces do not divide words, runs of characters; of Thai's 20-character runs some are
# stock phrases (false alarms on 18 % of XQuAD's passages, none from 25 on).
PASSAGE_CHARACTERS: Final = {
    **dict.fromkeys(("Hans", "Hant", "Jpan"), 20),
    **dict.fromkeys(("Thai", "Laoo", "Khmr", "Mymr"), 30),
}
QUESTION_CHARACTERS: Final = 5
QUESTION_SIMILARITY: Final = 0.5


class Alarm(NamedTuple):
    """A row that looks like an item of an evaluation set.

    Attributes:
        lang: BCP-47 code of both.
        set: Name of the set.
        field: `question` or `passage`.
    """

    lang: str
    set: str
    field: str


@dataclass(frozen=True, slots=True)
class AuditIndex:
    """What recognises the items of one evaluation set in one language.

    Attributes:
        questions: Runs of 5 characters of its questions.
        passages: Runs of words, or of characters, of its passages.
    """

    questions: Postings
    passages: Postings


class AuditLeaks(beam.PTransform[PCollection[Row], PCollection[Alarm]]):
    """Return an alarm for each field of a row that looks like one of an evaluation set.

    Only sets in languages other than English are used, on rows of the same language.
    """

    def __init__(self, sets: Sequence[EvaluationSet]) -> None:
        super().__init__()
        self.sets = tuple(s for s in sets if s.lang != SOURCE_LANGUAGE)

    def expand(self, rows: PCollection[Row]) -> PCollection[Alarm]:
        if not self.sets:
            nothing: PCollection[Alarm] = rows.pipeline | "Nothing" >> beam.Create([])
            return nothing
        indexes = (
            rows.pipeline
            | "ReadSets" >> ReadEvaluationSets(self.sets)
            | "GroupSets" >> beam.GroupByKey()
            | "Index" >> beam.MapTuple(_make_index)
        )
        names = tuple(sorted({(s.name, s.lang) for s in self.sets}))
        alarms: PCollection[Alarm] = rows | "Look" >> beam.FlatMap(_look, names, AsDict(indexes))
        return alarms


def make_audit_index(lang: str, items: Iterable[EvaluationItem]) -> AuditIndex:
    """Return the index of one evaluation set in one language."""
    distinct = sorted(set(items))
    return AuditIndex(
        make_postings([_question_grams(item.question) for item in distinct]),
        make_postings(
            [_passage_grams(lang, text) for text in sorted({i.passage for i in distinct})]
        ),
    )


def looks_like_question(question: str, index: AuditIndex) -> bool:
    """Return whether half of the 5-character runs of two questions together are common to both."""
    grams = _question_grams(question)
    owners, shared = index.questions.overlaps(grams)
    either = len(grams) + index.questions.sizes[owners] - shared
    return bool((shared >= QUESTION_SIMILARITY * either).any())


def looks_like_passage(lang: str, passage: str, index: AuditIndex) -> bool:
    """Return whether the passage shares 8 words (or 20 to 30 characters) in a row with another."""
    return bool(index.passages.overlaps(_passage_grams(lang, passage))[0].size)


def _question_grams(question: str) -> Hashes:
    return gram_hashes(" ".join(find_words(question)), QUESTION_CHARACTERS)


def _passage_grams(lang: str, passage: str) -> Hashes:
    words = find_words(passage)
    characters = PASSAGE_CHARACTERS.get(LANGUAGES[lang].script)
    return (
        gram_hashes("".join(words), characters) if characters else gram_hashes(words, PASSAGE_WORDS)
    )


def _make_index(key: Key, items: Iterable[EvaluationItem | FailedRecord]) -> tuple[Key, AuditIndex]:
    known = [item for item in items if isinstance(item, EvaluationItem)]
    if not known:
        raise EvaluationSetError(f"{key[0]}: no item could be read")
    return key, make_audit_index(key[1], known)


def _look(row: Row, keys: Sequence[Key], indexes: Mapping[Key, AuditIndex]) -> Iterator[Alarm]:
    for name, lang in keys:
        if lang == row.lang:
            index = indexes[name, lang]
            if looks_like_question(row.question, index):
                yield Alarm(lang, name, "question")
            if looks_like_passage(lang, row.passage, index):
                yield Alarm(lang, name, "passage")
