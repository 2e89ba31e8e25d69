"""Marian: one small OPUS-MT model for each language, or for a family of them."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.language import Language
from translators.decoding import Decoding, NeuralOptions, require
from translators.family import Family
from translators.model_files import ModelFiles, find_model, hub_command
from translators.neural import NeuralTranslator, Route, check_model_type

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

UNKNOWN_LICENSE: Final = "unknown, see model card"

_PAIRS: Final = re.compile(r"\s*[A-Za-z][\w-]*=[^,]+(,\s*[A-Za-z][\w-]*=[^,]+)*")
_SHOWN_TOKENS: Final = 20
_PIECES: Final = ("source.spm", "target.spm")
_SPECIAL: Final = frozenset({"<unk>", "</s>", "<pad>"})


class Marian(NeuralTranslator):
    """Translates with OPUS-MT models."""

    def __init__(self, model: str | Mapping[str, str] | None = None, **options: str | int) -> None:
        """Choose models; nothing is loaded yet.

        Args:
            model: Directory or hub name of the model for all languages, or one for each
                language: a mapping, or the text `es=DIR,ca=NAME`. None takes those of the
                language table.
            options: Those of `Decoding`.

        Raises:
            ValueError: If an option has no such value.
        """
        require("sentencepiece")
        decoding = Decoding(**options)  # type: ignore[arg-type]  # it checks them
        models = parse_models(model) if isinstance(model, str) else model

        def find_route(language: Language) -> Route:
            files = find_model(_model_name(models, language), decoding.cache_folder)
            check_model_type(files, "marian")
            tokenizer = MarianTokens(files.directory)
            token = _language_token(files, language, tokenizer.vocabulary)
            return Route(files, tokenizer, token, "", files.license or UNKNOWN_LICENSE)

        super().__init__("marian", find_route, decoding)


class MarianTokens:
    """The tokens of a Marian model: sentencepiece on both sides, one vocabulary.

    The same tokens as those of `transformers.MarianTokenizer`, without importing it, except that
    `>>spa<<` or `</s>` in a text stay text.
    """

    def __init__(self, directory: Path) -> None:
        """Read the vocabulary.

        Raises:
            ValueError: If files are missing, or source and target have different vocabularies.
        """
        missing = [n for n in ("vocab.json", *_PIECES) if not (directory / n).is_file()]
        if missing:
            raise ValueError(f"model {directory}: {', '.join(missing)} missing; copy it whole")
        settings = directory / "tokenizer_config.json"
        if settings.is_file() and json.loads(settings.read_bytes()).get("separate_vocabs"):
            raise ValueError(
                f"model {directory}: source and target have different vocabularies, which is not "
                "supported; choose a model with one vocabulary"
            )
        self._directory = directory
        self.vocabulary: Mapping[str, int] = json.loads((directory / "vocab.json").read_bytes())

    def encode(self, texts: Sequence[str], token: str) -> list[list[str]]:
        """Return the tokens of each text: language token, pieces, end of sentence."""
        start = [token] if token else []
        return [[*start, *pieces, "</s>"] for pieces in self._source.encode(texts, out_type=str)]

    def decode(self, sequences: Sequence[list[str]]) -> list[str]:
        """Return the text of each sequence of target tokens; unknown ones are left out."""
        return [
            self._target.decode_pieces([t for t in tokens if t not in _SPECIAL])
            .replace("▁", " ")
            .strip()
            for tokens in sequences
        ]

    @cached_property
    def _source(self) -> "SentencePieceProcessor":
        return _open_pieces(self._directory / _PIECES[0])

    @cached_property
    def _target(self) -> "SentencePieceProcessor":
        return _open_pieces(self._directory / _PIECES[1])


def _open_pieces(path: Path) -> "SentencePieceProcessor":
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(path))


def parse_models(text: str) -> str | dict[str, str]:
    """Return the models by language if the text names them so, else the one model it is."""
    if not _PAIRS.fullmatch(text):
        return text
    pairs = (pair.partition("=") for pair in text.split(","))
    return {code.strip(): name.strip() for code, _, name in pairs}


def _model_name(models: str | Mapping[str, str] | None, language: Language) -> str:
    if isinstance(models, str):
        return models
    if models is not None:
        if language.code in models:
            return models[language.code]
        raise ValueError(
            f"marian: no model given for {language.name} ({language.code}), only for: "
            f"{', '.join(models)}. Add {language.code}=DIR to the option model."
        )
    if language.opus_mt:
        return language.opus_mt
    raise ValueError(
        f"marian: OPUS-MT has no model from English to {language.name} ({language.code}) worth "
        "using. Take another translator, or name a model with the option model."
    )


def _language_token(files: ModelFiles, language: Language, vocabulary: Mapping[str, int]) -> str:
    """Return the token that selects the language; empty for models with one target."""
    known = [t for t in vocabulary if t.startswith(">>") and t.endswith("<<")]
    if files.name == language.opus_mt:
        candidates = [language.opus_mt_token]
    else:
        codes = (language.nllb[:3], language.code.replace("-", "_"))
        candidates = [language.opus_mt_token, *(f">>{code}<<" for code in codes if code)]
        candidates = [""] if not known else list(filter(None, candidates))
    for token in candidates:
        if not token or token in vocabulary:
            return token
    raise ValueError(
        f"model {files.name}: no token for {language.name} ({language.code}) in its vocabulary; "
        f"looked for {', '.join(candidates)}, found {', '.join(sorted(known)[:_SHOWN_TOKENS])}. "
        "Choose a model that translates into this language."
    )


def _model_of(language: Language) -> str:
    return language.opus_mt


def _fetch(language: Language) -> str:
    return hub_command(language.opus_mt)


FAMILY: Final = Family(
    "marian",
    Marian,
    NeuralOptions,
    _model_of,
    modules=("ctranslate2", "sentencepiece"),
    fetch=_fetch,
    in_process=True,
)
