"""From a whole batch down to single segments: what fails alone is marked, the rest is kept."""

import logging
from collections.abc import Sequence
from typing import Final

from schemas.reason import declare_reason
from translators.translator import Translation, TranslationError, Translator

logger = logging.getLogger(__name__)

FAILED: Final = declare_reason("failed", "the translator could not translate a sentence")
EMPTY: Final = declare_reason("empty", "no text, or hardly a letter in it")


def translate_all(translator: Translator, texts: Sequence[str], target: str) -> list[Translation]:
    """Return one translation for each text, in order; those that failed carry a reason.

    A batch that fails is tried again in halves, so that one bad segment costs about twice the
    logarithm of the batch's size in calls and no other segment. Reasons are those of the
    translator, `failed` for a segment it cannot even be asked for alone, and `empty` for a
    translation without text.

    Args:
        translator: Who translates.
        texts: English segments.
        target: BCP-47 code of the target language.

    Raises:
        ChildProcessError: If the translator does not work at all; trying again is no use.
    """
    if not texts:
        return []
    try:
        answers = translator.translate(texts, target)
        if len(answers) != len(texts):
            raise TranslationError(f"{len(answers)} translations for {len(texts)} texts")
    except TranslationError as error:
        if len(texts) == 1:
            logger.info("could not translate into %s: %r: %s", target, texts[0][:200], error)
            return [Translation("", error=FAILED)]
        logger.info("a batch of %d failed (%s); trying its halves", len(texts), error)
        middle = len(texts) // 2
        return [
            *translate_all(translator, texts[:middle], target),
            *translate_all(translator, texts[middle:], target),
        ]
    return list(map(_checked, answers))


def _checked(answer: Translation) -> Translation:
    if not answer.error and answer.text.strip():
        return answer
    return Translation(
        "", answer.score, answer.finished, answer.unknown_share, answer.error or EMPTY
    )
