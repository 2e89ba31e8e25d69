"""Assemble the rows of a record from the translations of its segments."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Final

import numpy as np

from pipelines.answers.markers import read_marked
from pipelines.answers.spans import project_answer, source_answer
from pipelines.translation.segment import SegmentedRecord, translatable_segments
from schemas.identity import content_id
from schemas.language import LANGUAGES, SOURCE_LANGUAGE
from schemas.reason import NO_REASON, Reason, declare_reason
from schemas.record import Record
from schemas.row import Row, RowAnswer, RowTranslator
from translators.memory import segment_key
from translators.segmentation import Segment, is_translatable, join_translations
from translators.translator import Translation

_NOT_TRANSLATED: Final = declare_reason("not_translated", "a sentence was never translated")

Dictionary = Mapping[bytes, Translation]


@dataclass(frozen=True, slots=True)
class Meaning:
    """How similar the texts of a row are to the English ones: cosines, -1 to 1.

    Attributes:
        question: Of the question.
        sentences: Of each segment in the sentence map.
        answers: Of each answer.
        margin: Similarity of the question less that of its translation and the nearest other
            question about the passage; None where there is none.
        nearest: That other question, in English; empty where there is none.
    """

    question: float
    sentences: tuple[float, ...]
    answers: tuple[float, ...]
    margin: float | None
    nearest: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A row in a target language that has not been judged yet.

    Attributes:
        row: The row; texts that could not be made are empty.
        failure: Why a segment could not be translated; empty when all were.
        unfinished: Fields with a segment the model did not end itself.
        meaning: What a sentence encoder says of it; None when none was asked.
    """

    row: Row
    failure: Reason
    unfinished: tuple[str, ...]
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A record with its row in the source language and its drafts in all others."""

    record: Record
    source: Row
    drafts: tuple[Draft, ...]


@dataclass(frozen=True, slots=True)
class _Text:
    """A translated text and what its segments say of it."""

    text: str
    sentence_map: tuple[tuple[int, int, int, int], ...]
    used: tuple[Translation, ...]
    failure: Reason


def assemble_group(
    group_id: str,
    segmented: SegmentedRecord,
    dictionaries: Mapping[str, Dictionary],
    translators: Mapping[str, Sequence[RowTranslator]],
) -> Group:
    """Return the rows of a record in all languages.

    Args:
        group_id: The record's group.
        segmented: The normalised English record and its segments.
        dictionaries: Translations by segment key, for each target language.
        translators: Who translated, for each target language: the first and its fallbacks.
    """
    drafts = [
        _assemble_draft(group_id, segmented, lang, dictionaries.get(lang, {}), by)
        for lang, by in translators.items()
    ]
    return Group(segmented.record, _source_row(group_id, segmented), tuple(drafts))


def _source_row(group_id: str, segmented: SegmentedRecord) -> Row:
    record = segmented.record
    return Row(
        group_id=group_id,
        record_id=record.record_id,
        dataset=record.dataset,
        split=record.split,
        lang=SOURCE_LANGUAGE,
        is_source=True,
        question=record.question,
        passage=record.passage,
        title=record.title,
        passage_id=content_id(record.passage),
        answers=tuple(source_answer(answer, record.passage) for answer in record.answers),
        sentence_map=tuple((s.start, s.end, s.start, s.end) for s in segmented.passage),
        languages=(),
        mono=True,
        cross=False,
        checks=(),
        score_min=None,
        score_mean=None,
        unknown_share=None,
        translator=None,
        license=record.license,
    )


def _assemble_draft(
    group_id: str,
    segmented: SegmentedRecord,
    lang: str,
    dictionary: Dictionary,
    translators: Sequence[RowTranslator],
) -> Draft:
    record = segmented.record
    spaced = LANGUAGES[lang].spaces
    question = _translate_text(record.question, segmented.question, dictionary, spaced)
    passage = _translate_text(record.passage, segmented.passage, dictionary, spaced)
    title = _translate_text(record.title, segmented.title, dictionary, spaced)
    used = question.used + passage.used
    scores = [t.score for t in used if t.score is not None]
    unknown = [t.unknown_share for t in used if t.unknown_share is not None]
    row = Row(
        group_id=group_id,
        record_id=record.record_id,
        dataset=record.dataset,
        split=record.split,
        lang=lang,
        is_source=False,
        question=question.text,
        passage=passage.text,
        title=title.text,
        passage_id=content_id(record.passage),
        answers=_project_answers(segmented, passage, dictionary, lang),
        sentence_map=passage.sentence_map,
        languages=(),
        mono=False,
        cross=False,
        checks=(),
        score_min=min(scores, default=None),
        # As it is written: judged again, a row has the same outcomes.
        score_mean=float(np.float32(sum(scores) / len(scores))) if scores else None,
        unknown_share=sum(unknown) / len(unknown) if unknown else None,
        translator=_who(segmented, dictionary, translators),
        license=record.license,
    )
    unfinished = tuple(
        name
        for name, text in (("question", question), ("passage", passage))
        if not all(t.finished for t in text.used)
    )
    return Draft(row, question.failure or passage.failure, unfinished)


def _who(
    segmented: SegmentedRecord, dictionary: Dictionary, translators: Sequence[RowTranslator]
) -> RowTranslator:
    """Return who translated a row; where several did, their names are joined."""
    if len(translators) == 1:
        return translators[0]
    used = {
        dictionary[key].fallback
        for key in translatable_segments(segmented)
        if key in dictionary and not dictionary[key].error
    }
    who = [translators[place] for place in sorted(used or {0})]
    return RowTranslator(*(" + ".join(values) for values in zip(*map(astuple, who), strict=True)))


def _project_answers(
    segmented: SegmentedRecord, passage: _Text, dictionary: Dictionary, lang: str
) -> tuple[RowAnswer, ...]:
    record, language = segmented.record, LANGUAGES[lang]
    return tuple(
        project_answer(
            answer,
            _translate_text(answer.text, segments, dictionary, language.spaces).text,
            record.passage,
            passage.text,
            passage.sentence_map,
            language.word_spaces,
            _marked_answer(marked, dictionary, language.spaces),
        )
        for answer, segments, marked in zip(
            record.answers, segmented.answers, segmented.marked, strict=True
        )
    )


def _marked_answer(marked: Sequence[Segment], dictionary: Dictionary, spaced: bool) -> str:
    """Return what the answer became in its marked sentence; empty when that is not known."""
    text = "".join(segment.text for segment in marked)
    return read_marked(_translate_text(text, marked, dictionary, spaced).text)


def _translate_text(
    text: str, segments: Sequence[Segment], dictionary: Dictionary, spaced: bool
) -> _Text:
    """Return the translation of a whole text; empty with a failure when a segment has none."""
    pieces: list[str] = []
    used: list[Translation] = []
    for segment in segments:
        if not is_translatable(segment.text):
            pieces.append(text[segment.start : segment.end])
            continue
        translation = dictionary.get(segment_key(segment.asked))
        if translation is None or translation.error:
            return _Text("", (), (), translation.error if translation else _NOT_TRANSLATED)
        pieces.append(translation.text)
        used.append(translation)
    joined, sentence_map = join_translations(text, segments, pieces, spaced)
    return _Text(joined, tuple(sentence_map), tuple(used), NO_REASON)
