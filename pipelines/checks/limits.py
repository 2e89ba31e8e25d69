"""When each check rejects; chosen on one half of XQuAD-R's human translations."""

import math
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from pipelines.text.language_id import STRONG


def _limit(default: float, text: str) -> Any:  # noqa: ANN401 - a field of any type
    return Field(default, description=text)


class Limits(BaseModel):
    """The thresholds of all checks.

    Lengths are compared as ln(target characters / source characters) minus the median of correct
    translations, so -0.69 is half of the usual length.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    letters: float = _limit(0.1, "least share of letters and digits among visible characters")
    damaged: float = _limit(0.5, "share of characters beyond ASCII that may be damaged")
    script: float = _limit(
        0.5,
        "least share of the expected script among letters, for languages in Latin script",
    )
    script_not_latin: float = _limit(
        0.3,
        "least share of the expected script among letters, for languages in other scripts, in "
        "which names may stay Latin",
    )
    copied_sentences: float = _limit(0.34, "share of a passage's sentences that may be copies")
    language: float = _limit(
        -STRONG,
        "evidence (ln odds) for the language at which a text is rejected",
    )
    english_sentence: float = _limit(
        -25.0,
        "evidence (ln odds) for the language below which a sentence is English",
    )
    spoiled_sentences: float = _limit(
        0.03,
        "share of a passage's letters in sentences that are short or English from which it is "
        "rejected, not flagged",
    )
    near_copy: float = _limit(
        0.8,
        "similarity to the source, 0 to 1, of a text in a language nobody detects",
    )
    look_alike: float = _limit(
        -40.0,
        "evidence (ln odds) from which being a similar language is flagged",
    )
    question_shorter: float = _limit(-0.5, "least relative length of a question")
    question_spreads_shorter: float = _limit(
        3.25,
        "robust deviations a question may be shorter by, if that is less",
    )
    question_longer: float = _limit(math.log(2), "greatest relative length of a question")
    question_spreads_longer: float = _limit(
        4.5,
        "robust deviations a question may be longer by, if that is more",
    )
    passage_spreads: float = _limit(4.0, "robust deviations a passage may differ by")
    passage_shorter: float = _limit(
        -math.log(1.25),
        "relative length that a passage may always have",
    )
    passage_longer: float = _limit(
        math.log(1.35),
        "relative length that a longer passage may always have",
    )
    sentence_shorter: float = _limit(-0.8, "least relative length of a sentence")
    sentence_longer: float = _limit(1.1, "relative length from which a sentence is flagged")
    repeats: int = _limit(3, "times in a row from which a phrase is a loop")
    overlap_spreads: float = _limit(
        2.6,
        "robust deviations a question may share less with its passage",
    )
    duplicates: int = _limit(3, "distinct English texts that may have the same translation")
    score_spreads: float = _limit(
        4.0,
        "robust deviations a score may lie under the median before it is flagged",
    )
    meaning_share: float = _limit(
        0.002,
        "share of correct texts that `--meaning` may reject as saying something else",
    )
    meaning_spreads: float = _limit(
        1.0,
        "robust deviations a question may be more similar to another one about its passage",
    )
    unknown_flagged: float = _limit(0.25, "share of unknown words from which a row is flagged")
    unknown_refused: float = _limit(0.5, "share of unknown words from which a row is rejected")

    # Details of the rules, measured together with them, which nobody has to set.
    # Letters of the source below which the script is not judged, or a copy may be right.
    script_letters: ClassVar[int] = 10
    copy_letters: ClassVar[int] = 12
    # Letters of English below which its meaning is not compared.
    meaning_letters: ClassVar[int] = 12
    # Deviations by which similarity and shared words of a question may lie below what is usual,
    # together, and what a deviation of shared words counts for.
    meaning_unrelated: ClassVar[float] = 4.0
    meaning_overlap: ClassVar[float] = 1 / 1.5
    # The same for similarity alone: where an English question has few words of its passage, shared
    # words tell nothing.
    meaning_alone: ClassVar[float] = 2.75
    # Share of correct texts that are less similar than one whose length is no fault.
    meaning_sure: ClassVar[float] = 0.05
    # Least share of the script in any sentence of a passage.
    sentence_script: ClassVar[float] = 0.1
    # Least relative length of a question, or sentence, that lost its end mark.
    question_shorter_unended: ClassVar[float] = -0.25
    # The same where it ends in a letter or digit, and the share of questions of a language that
    # may have lost their marks: above it the translator leaves them out, and they tell nothing.
    question_shorter_cut: ClassVar[float] = -0.1
    unmarked_usual: ClassVar[float] = 0.05
    sentence_shorter_unended: ClassVar[float] = -0.4
    # For passages that also lost sentence ends or numbers: robust deviations they may be shorter
    # by, and the relative length they may always have.
    passage_spreads_lossy: ClassVar[float] = 3.0
    passage_shorter_lossy: ClassVar[float] = -0.16
    # Characters of English below which relative lengths mean nothing, and below which a passage
    # is held to a question's band.
    short_text: ClassVar[int] = 10
    short_passage: ClassVar[int] = 200
    # Factor on relative lengths while a language's own are not known.
    widening: ClassVar[float] = 1.5
    # Share of the English question that must be in its passage to judge, and share of the
    # translated question that is never rejected.
    overlap_least: ClassVar[float] = 0.4
    overlap_enough: ClassVar[float] = 0.25


DEFAULT_LIMITS: Final = Limits()
