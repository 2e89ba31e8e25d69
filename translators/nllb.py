"""NLLB-200: one model for some two hundred languages. Its licence forbids commercial use."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.language import Language
from translators.decoding import Decoding, NeuralOptions, require
from translators.family import Family
from translators.model_files import ModelFiles, find_model, hub_command
from translators.neural import NeuralTranslator, Route, check_model_type

if TYPE_CHECKING:
    from tokenizers import Tokenizer

logger = logging.getLogger(__name__)

DEFAULT_MODEL: Final = "facebook/nllb-200-distilled-600M"
LICENSE: Final = "CC-BY-NC-4.0"
SOURCE_LANGUAGE: Final = "eng_Latn"

_TOKENIZER_FILE: Final = "tokenizer.json"


class NLLB(NeuralTranslator):
    """Translates with an NLLB-200 model of any size."""

    def __init__(self, model: str = DEFAULT_MODEL, **options: str | int) -> None:
        """Choose the model; nothing is loaded yet.

        Args:
            model: Directory or hub name.
            options: Those of `Decoding`.

        Raises:
            ValueError: If an option has no such value.
        """
        require("tokenizers")
        decoding = Decoding(**options)  # type: ignore[arg-type]  # it checks them

        @cache
        def open_model() -> tuple[ModelFiles, NLLBTokens]:
            files = find_model(model, decoding.cache_folder)
            check_model_type(files, "m2m_100")
            tokenizer = NLLBTokens(files.directory)
            _warn_license()
            return files, tokenizer

        def find_route(language: Language) -> Route:
            if not language.nllb:
                raise ValueError(
                    f"nllb: NLLB-200 has no code for {language.name} ({language.code}); "
                    "take another translator or a nearby language"
                )
            files, tokenizer = open_model()
            for code in (SOURCE_LANGUAGE, language.nllb):
                if code not in tokenizer.vocabulary:
                    raise ValueError(
                        f"model {files.name}: no token {code} in its vocabulary, so it is not an "
                        f"NLLB-200 model for {language.name} ({language.code})"
                    )
            return Route(files, tokenizer, "", language.nllb, LICENSE)

        super().__init__("nllb", find_route, decoding)


class NLLBTokens:
    """The tokens of an NLLB model, from its `tokenizer.json`.

    Sources are `eng_Latn`, the pieces, `</s>`, as the model was trained; `</s>` or `spa_Latn` in a
    text stay text.
    """

    def __init__(self, directory: Path) -> None:
        """Remember where the tokenizer is; it is read when first needed.

        Raises:
            ValueError: If the model has no `tokenizer.json`.
        """
        self._file = directory / _TOKENIZER_FILE
        if not self._file.is_file():
            raise ValueError(
                f"model {directory}: no {_TOKENIZER_FILE}. Make it once where transformers is: "
                f"AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)"
            )

    @cached_property
    def vocabulary(self) -> Mapping[str, int]:
        """All tokens and their numbers, language codes included."""
        vocabulary: dict[str, int] = self._tokenizer.get_vocab(with_added_tokens=True)
        return vocabulary

    def encode(self, texts: Sequence[str], token: str) -> list[list[str]]:
        """Return the tokens of each text; NLLB takes the target language on the other side."""
        start = token or SOURCE_LANGUAGE
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [[start, *encoding.tokens, "</s>"] for encoding in encodings]

    def decode(self, sequences: Sequence[list[str]]) -> list[str]:
        """Return the text of each sequence of target tokens; unknown ones are left out."""
        numbers = [[self.vocabulary[token] for token in tokens] for tokens in sequences]
        decoded: list[str] = self._tokenizer.decode_batch(numbers, skip_special_tokens=True)
        return [text.strip() for text in decoded]

    @cached_property
    def _tokenizer(self) -> "Tokenizer":
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._file))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        tokenizer.encode_special_tokens = True
        return tokenizer


@cache
def _warn_license() -> None:
    logger.warning(
        "NLLB models are licensed %s: what they translate must not be used commercially", LICENSE
    )


def _code_of(language: Language) -> str:
    return language.nllb


def _fetch(language: Language) -> str:
    return hub_command(DEFAULT_MODEL)


FAMILY: Final = Family(
    "nllb",
    NLLB,
    NeuralOptions,
    _code_of,
    modules=("ctranslate2", "tokenizers"),
    fetch=_fetch,
    in_process=True,
)
