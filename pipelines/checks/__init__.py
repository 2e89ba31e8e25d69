"""The checks: each a pure function on one field of a row; all are computed, then one decides."""

from collections.abc import Callable, Iterator
from typing import Final

from pipelines.checks import content, language, length, meaning, repetition, structural, translator
from pipelines.checks.field_pair import FieldPair
from pipelines.checks.limits import Limits
from schemas.check import Check

__all__ = ["FieldPair", "Limits", "run_checks"]

Rule = Callable[[FieldPair], Iterator[Check]]

# The most telling first: the first to reject names the reason.
_TEXT: Final[tuple[Rule, ...]] = (
    structural.empty,
    translator.decode_limit,
    structural.mojibake,
    language.wrong_script,
    language.copy_of_source,
    language.wrong_language,
    translator.target_duplicate,
    repetition.repetition,
    structural.markup_added,
)
_TRANSLATOR: Final[tuple[Rule, ...]] = (translator.unknown_words, translator.low_score)
_RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "question": (
        *_TEXT,
        length.length_ratio,
        content.number_missing_from_short_text,
        content.glued_words,
        content.unrelated,
        content.question_answered,
        content.question_form,
        meaning.other_meaning,
        meaning.neighbours_meaning,
        structural.brackets,
        *_TRANSLATOR,
    ),
    "passage": (
        *_TEXT,
        language.english_sentence,
        length.length_ratio,
        length.sentence_length,
        content.answer_number_missing,
        content.number_missing_from_passage,
        content.glued_words,
        meaning.other_meaning,
        structural.brackets,
        *_TRANSLATOR,
    ),
    # Short, often names or numbers: neither language nor length can be judged.
    "answer": (
        structural.empty,
        structural.mojibake,
        repetition.repetition,
        structural.markup_added,
        content.number_missing_from_short_text,
        meaning.other_meaning,
    ),
}


def run_checks(pair: FieldPair) -> list[Check]:
    """Return the outcome of every check of a field, the most telling first.

    Names are reason codes. Exactly one outcome of a question or passage with letters in the right
    script says how far its language is verified: `wrong_language` (passed: verified, or
    rejected), `untranslated` (rejected), `similar_language`, `unverified_short`, `script_only`
    (all skipped), or `language_disputed` (flagged).
    """
    return [check for rule in _RULES[pair.field] for check in rule(pair)]
