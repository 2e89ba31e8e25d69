"""The one contract between the pipeline and whoever translates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from schemas.reason import NO_REASON, Reason, declare_reason
from translators.usage import Usage

CRASHED: Final = declare_reason(
    "translator_crashed", "the translator's program crashed on a sentence"
)
TIMEOUT: Final = declare_reason(
    "translator_timeout", "the translator's program did not finish a sentence in time"
)


class TranslationError(Exception):
    """These texts could not be translated together; trying fewer of them may help."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What a translator made of one segment.

    Attributes:
        text: The translation; empty when `error` is set.
        score: Mean log-probability per target token (natural log); None where the backend
            has none.
        finished: Whether the model ended the sentence itself, before its length limit.
        unknown_share: Share of source words the backend has no translation for, 0 to 1; None
            where it cannot tell.
        error: Why the segment failed; empty on success.
        fallback: Place among the translators of the language of who made it; 0 is the first.
    """

    text: str
    score: float | None = None
    finished: bool = True
    unknown_share: float | None = None
    error: Reason = NO_REASON
    fallback: int = 0


@dataclass(frozen=True, slots=True)
class TranslatorInfo:
    """Who translated into one language; recorded in each row and hashed into the memory key.

    Attributes:
        backend: Name of the family.
        model: Model or language-pair name, a pivot route joined with `>`.
        revision: Version of the weights or data: hub commit, hash of local files, or package
            versions.
        engine: `ctranslate2`, `transformers` or `apertium`, with version.
        parameters: All that changes the output: beam size, compute type, target token, limits;
            values are strings, keys sorted.
        license: Licence of the model's weights or data.
        pivots: BCP-47 codes of the languages between source and target.
    """

    backend: str
    model: str
    revision: str
    engine: str
    parameters: tuple[tuple[str, str], ...]
    license: str
    pivots: tuple[str, ...] = ()


class Translator(Protocol):
    """Translates English segments. Cheap to build; loads models on the first `translate`.

    One instance serves one process; it is closed when the worker goes down.
    """

    def info(self, target: str) -> TranslatorInfo:
        """Describe who would translate into `target` (BCP-47) without loading a model.

        Raises:
            ValueError: If `target` is not supported or the model cannot be found; the message
                says what to do.
        """
        ...

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order.

        Args:
            texts: English segments: single sentences, questions or answers, no line breaks.
            target: BCP-47 code of the target language.

        Raises:
            TranslationError: If the batch as a whole failed; the caller tries smaller ones.
            ChildProcessError: If programs behind it do not work, whatever the texts.
        """
        ...

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return how many tokens the texts are: pieces of the model, words for Apertium."""
        ...

    def take_usage(self) -> Usage:
        """Return what was done since the last call, and count from zero again."""
        ...

    def close(self) -> None:
        """Free processes, memory and devices; a closed translator is not used again."""
        ...
