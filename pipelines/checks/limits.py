"""When each check refuses; chosen on one half of XQuAD-R's human translations."""

import math
from dataclasses import dataclass
from typing import Final

from pipelines.text.language_id import STRONG


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds of all checks.

    Lengths are compared as ln(target characters / source characters) minus the median of correct
    translations, so -0.69 is half of the usual length.

    Attributes:
        letters: Least share of letters and digits among visible characters.
        damaged: Share of characters beyond ASCII that may be damaged.
        script: Least share of the expected script among letters, for languages in Latin script.
        script_not_latin: The same for other scripts, in which names may stay Latin.
        script_letters: Letters of the source below which the script is not judged.
        copy_letters: Letters below which a copy of the source may be right.
        copied_sentences: Share of a passage's sentences that may be copies.
        sentence_script: Least share of the script in any sentence of a passage.
        language: Evidence (ln odds) for the language at which a text is refused.
        english_sentence: Evidence against English (ln odds) of any sentence of a passage.
        near_copy: Similarity to the source, 0 to 1, of a text in a language nobody detects.
        look_alike: Evidence (ln odds) from which being a similar language is flagged.
        question_shorter: Least relative length of a question.
        question_spreads_shorter: Robust deviations a question may be shorter by, if that is less.
        question_longer: Greatest relative length of a question.
        question_spreads_longer: Robust deviations a question may be longer by, if that is more.
        question_shorter_unended: Least relative length of a question that lost its end mark.
        passage_spreads: Robust deviations a passage may differ by.
        passage_shorter: Relative length that a passage may always have.
        passage_longer: The same for a longer one.
        passage_spreads_lossy: Robust deviations a passage that also lost sentence ends or
            numbers may be shorter by.
        passage_shorter_lossy: Relative length that such a passage may always have.
        short_text: Characters of English below which relative lengths mean nothing.
        short_passage: Characters of English below which a passage is held to a question's band.
        sentence_shorter: Least relative length of a sentence.
        sentence_shorter_unended: Least relative length of a sentence that lost an end mark.
        sentence_longer: Relative length from which a sentence is flagged.
        widening: Factor on relative lengths while a language's own are not known.
        repeats: Times in a row from which a phrase is a loop.
        overlap_spreads: Robust deviations a question may share less with its passage.
        overlap_least: Share of the English question that must stand in its passage to judge.
        overlap_enough: Share of the translated question in its passage that is never refused.
        duplicates: Distinct English texts that may have the same translation.
        score_spreads: Robust deviations a score may lie under the median before it is flagged.
        unknown_flagged: Share of unknown words from which a row is flagged.
        unknown_refused: Share of unknown words from which a row is refused.
    """

    letters: float = 0.1
    damaged: float = 0.5
    script: float = 0.5
    script_not_latin: float = 0.3
    script_letters: int = 10
    copy_letters: int = 12
    copied_sentences: float = 0.34
    sentence_script: float = 0.1
    language: float = -STRONG
    english_sentence: float = -25.0
    near_copy: float = 0.8
    look_alike: float = -40.0
    question_shorter: float = -0.5
    question_spreads_shorter: float = 3.25
    question_longer: float = math.log(2)
    question_spreads_longer: float = 4.5
    question_shorter_unended: float = -0.25
    passage_spreads: float = 4.0
    passage_shorter: float = -math.log(1.25)
    passage_longer: float = math.log(1.35)
    passage_spreads_lossy: float = 3.0
    passage_shorter_lossy: float = -0.16
    short_text: int = 10
    short_passage: int = 200
    sentence_shorter: float = -0.8
    sentence_shorter_unended: float = -0.4
    sentence_longer: float = 1.1
    widening: float = 1.5
    repeats: int = 3
    overlap_spreads: float = 2.6
    overlap_least: float = 0.4
    overlap_enough: float = 0.25
    duplicates: int = 3
    score_spreads: float = 4.0
    unknown_flagged: float = 0.25
    unknown_refused: float = 0.5


DEFAULT_LIMITS: Final = Limits()
