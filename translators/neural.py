"""What Marian and NLLB share: find the model for a language, load it once, describe it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.language import LANGUAGES, Language
from translators.decoding import Decoding
from translators.model_files import ModelFiles
from translators.pieces import RULE, translate_in_pieces
from translators.sequence_model import SequenceModel, Tokenizer
from translators.translator import Translation, TranslatorInfo
from translators.usage import Usage

MAX_TOKENS: Final = 128
"""Longest source. Sentences are cut at 500 characters, which dense text fills with 160 tokens."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a language is reached.

    Attributes:
        files: The model.
        tokenizer: Its tokenizer; opened without loading the model.
        source_token: Language token the source begins with, as Marian wants; empty for none.
        target_token: Language token the target begins with, as NLLB wants; empty for none.
        license: Licence of the weights.
    """

    files: ModelFiles
    tokenizer: Tokenizer
    source_token: str
    target_token: str
    license: str


class NeuralTranslator:
    """A `Translator` with sequence-to-sequence models; each is loaded once, when first needed.

    Models start threads: do not fork a process after the first `translate`, spawn it.
    """

    def __init__(
        self, backend: str, find_route: Callable[[Language], Route], options: Decoding
    ) -> None:
        """Load nothing yet.

        Args:
            backend: Name recorded with every translation.
            find_route: Finds the model for a language; raises ValueError if there is none.
            options: Engine, device and search.
        """
        self._backend = backend
        self._find_route = find_route
        self._options = options
        self._routes: dict[str, Route] = {}
        self._models: dict[Path, SequenceModel] = {}

    def info(self, target: str) -> TranslatorInfo:
        """Describe who would translate into `target`; see `Translator`."""
        route = self._route(target)
        token = route.source_token or route.target_token
        parameters = {
            **self._options.parameters(),
            "longest_source": str(MAX_TOKENS),
            "second_try": RULE,
            "target_token": token,
        }
        return TranslatorInfo(
            backend=self._backend,
            model=route.files.name,
            revision=route.files.revision,
            engine=self._options.engine_version(),
            parameters=tuple(sorted(parameters.items())),
            license=route.license,
        )

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order; see `Translator`."""
        route = self._route(target)
        directory = route.files.directory
        if directory not in self._models:
            self._models[directory] = SequenceModel(route.files, route.tokenizer, self._options)
        model = self._models[directory]
        spaced = LANGUAGES[target].spaces
        done = translate_in_pieces(
            texts,
            min(MAX_TOKENS, model.max_positions),
            spaced,
            lambda several: list(map(len, route.tokenizer.encode(several, route.source_token))),
            lambda several: model.translate(several, route.source_token, route.target_token),
        )
        return [pieces.join(spaced) for pieces in done]

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return how many tokens the model would read; no model is loaded."""
        route = self._route(target)
        return sum(map(len, route.tokenizer.encode(texts, route.source_token)))

    def take_usage(self) -> Usage:
        """Return what was done since the last call; see `Translator`."""
        return sum((model.take_usage() for model in self._models.values()), Usage())

    def close(self) -> None:
        """Free the models."""
        for model in self._models.values():
            model.close()
        self._models.clear()

    def _route(self, target: str) -> Route:
        if target not in self._routes:
            if target not in LANGUAGES:
                raise ValueError(
                    f"unknown language code {target!r}; `tandemqa languages` lists all"
                )
            self._routes[target] = self._find_route(LANGUAGES[target])
        return self._routes[target]


def check_model_type(files: ModelFiles, wanted: str) -> None:
    """Refuse a model of another architecture, before its weights are read.

    Args:
        files: The model.
        wanted: `model_type` in its `config.json`.

    Raises:
        ValueError: If it has another type.
    """
    config = json.loads((files.directory / "config.json").read_text(encoding="utf-8"))
    found = config.get("model_type")
    if found != wanted:
        raise ValueError(f"model {files.name}: its model_type is {found!r}, want {wanted!r}")
