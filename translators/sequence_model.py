"""Texts in, translations out: a tokenizer and an engine around one model."""

import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from schemas.reason import declare_reason
from translators.decoding import Decoding
from translators.engine import Engine, Hypothesis, plan_batches
from translators.model_files import ModelFiles
from translators.translator import Translation, TranslationError
from translators.usage import Usage

logger = logging.getLogger(__name__)

# Both engines tell these apart by their messages alone.
_OUT_OF_MEMORY: Final = re.compile("out of memory", re.I)
# After such an error every further call fails too: it is no fault of the texts.
_BROKEN_DEVICE: Final = re.compile("cuda|cublas|cudnn|device-side", re.I)

INPUT_TOO_LONG: Final = declare_reason(
    "input_too_long", "a sentence is longer than the translator can read"
)
WRONG_LANGUAGE_TOKEN: Final = declare_reason(
    "wrong_language_token", "the model did not start in the target language"
)


class Tokenizer(Protocol):
    """Turns text into the model's tokens and back."""

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """All tokens and their numbers."""
        ...

    def encode(self, texts: Sequence[str], token: str) -> list[list[str]]:
        """Return the tokens of each text with all that the model wants around them.

        Args:
            texts: English segments.
            token: Token of the target language; empty for models with one target.
        """
        ...

    def decode(self, sequences: Sequence[list[str]]) -> list[str]:
        """Return the text of each sequence of target tokens."""
        ...


class SequenceModel:
    """A loaded model: translates and remembers how much fits into a batch.

    Attributes:
        max_positions: Longest source that it can read, in tokens.
    """

    def __init__(self, files: ModelFiles, tokenizer: Tokenizer, options: Decoding) -> None:
        """Load the model; see the engines for what can go wrong."""
        config = json.loads((files.directory / "config.json").read_text(encoding="utf-8"))
        self._tokenizer = tokenizer
        self.max_positions: int = config["max_position_embeddings"]
        self._batch_tokens = options.resolve_batch_tokens()
        self._usage = Usage()
        self._engine = _open_engine(files, tokenizer.vocabulary, self.max_positions, options)

    def translate(
        self, texts: Sequence[str], source_token: str = "", target_token: str = ""
    ) -> list[Translation]:
        """Return one translation for each text, in order.

        Args:
            texts: English segments.
            source_token: Language token the source begins with; empty for none.
            target_token: Language token the target must begin with; empty for none.

        Raises:
            TranslationError: If the engine failed; a smaller batch may do.
        """
        sources = self._tokenizer.encode(texts, source_token)
        short = [i for i, source in enumerate(sources) if len(source) <= self.max_positions]
        hypotheses = self._generate([sources[i] for i in short], target_token)
        skip = bool(target_token)
        decoded = self._tokenizer.decode([hypothesis.tokens[skip:] for hypothesis in hypotheses])
        answers = [Translation("", error=INPUT_TOO_LONG)] * len(texts)
        for i, hypothesis, text in zip(short, hypotheses, decoded, strict=True):
            if target_token and hypothesis.tokens[:1] != [target_token]:
                answers[i] = Translation("", error=WRONG_LANGUAGE_TOKEN)
            else:
                answers[i] = Translation(text, hypothesis.score, hypothesis.finished)
        return answers

    def take_usage(self) -> Usage:
        """Return what was done since the last call, and count from zero again."""
        usage, self._usage = self._usage, Usage()
        return usage

    def close(self) -> None:
        """Free the model."""
        self._engine.close()

    def _generate(self, sources: Sequence[list[str]], target_token: str) -> list[Hypothesis]:
        """Ask the engine; when memory runs out, again with half the batch, and remember it."""
        while True:
            try:
                hypotheses = self._engine.generate(sources, target_token, self._batch_tokens)
                lengths = list(map(len, sources))
                batches = plan_batches(lengths, self._batch_tokens, self.max_positions)
                self._usage.add_batches(batches, lengths)
                return hypotheses
            except RuntimeError as error:
                self._usage.retries += 1
                message = str(error)
                if not _OUT_OF_MEMORY.search(message):
                    if _BROKEN_DEVICE.search(message):
                        raise
                    raise TranslationError(message) from error
            # Out of the except clause, which would keep the failed batch in memory.
            longest = max(map(len, sources))
            tried = min(self._batch_tokens, longest * len(sources))
            if tried <= longest:
                raise TranslationError(f"one sentence alone does not fit into memory: {message}")
            self._batch_tokens = tried // 2
            logger.warning("out of memory; batches now have %d tokens", self._batch_tokens)


def _open_engine(
    files: ModelFiles, vocabulary: Mapping[str, int], max_positions: int, options: Decoding
) -> Engine:
    options.require_device()
    if options.engine == "ctranslate2":
        from translators.ctranslate2_engine import CTranslate2Engine

        return CTranslate2Engine(files, vocabulary, max_positions, options)
    from translators.transformers_engine import TransformersEngine

    return TransformersEngine(files, vocabulary, max_positions, options)
