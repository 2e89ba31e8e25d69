"""When each check rejects; chosen on one half of XQuAD-R's human translations."""

import math
from typing import Any, Final

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
    script_letters: int = _limit(10, "letters of the source below which the script is not judged")
    copy_letters: int = _limit(12, "letters below which a copy of the source may be right")
    copied_sentences: float = _limit(0.34, "share of a passage's sentences that may be copies")
    sentence_script: float = _limit(0.1, "least share of the script in any sentence of a passage")
    language: float = _limit(
        -STRONG,
        "evidence (ln odds) for the language at which a text is refused",
    )
    english_sentence: float = _limit(
        -25.0,
        "evidence against English (ln odds) of any sentence of a passage",
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
    question_shorter_unended: float = _limit(
        -0.25,
        "least relative length of a question that lost its end mark",
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
    passage_spreads_lossy: float = _limit(
        3.0,
        "robust deviations a passage that also lost sentence ends or numbers may be shorter by",
    )
    passage_shorter_lossy: float = _limit(
        -0.16,
        "relative length that such a passage may always have",
    )
    short_text: int = _limit(10, "characters of English below which relative lengths mean nothing")
    short_passage: int = _limit(
        200,
        "characters of English below which a passage is held to a question's band",
    )
    sentence_shorter: float = _limit(-0.8, "least relative length of a sentence")
    sentence_shorter_unended: float = _limit(
        -0.4,
        "least relative length of a sentence that lost an end mark",
    )
    sentence_longer: float = _limit(1.1, "relative length from which a sentence is flagged")
    widening: float = _limit(1.5, "factor on relative lengths while a language's own are not known")
    repeats: int = _limit(3, "times in a row from which a phrase is a loop")
    overlap_spreads: float = _limit(
        2.6,
        "robust deviations a question may share less with its passage",
    )
    overlap_least: float = _limit(
        0.4,
        "share of the English question that must stand in its passage to judge",
    )
    overlap_enough: float = _limit(
        0.25,
        "share of the translated question in its passage that is never refused",
    )
    duplicates: int = _limit(3, "distinct English texts that may have the same translation")
    score_spreads: float = _limit(
        4.0,
        "robust deviations a score may lie under the median before it is flagged",
    )
    unknown_flagged: float = _limit(0.25, "share of unknown words from which a row is flagged")
    unknown_refused: float = _limit(0.5, "share of unknown words from which a row is refused")


DEFAULT_LIMITS: Final = Limits()
