"""Bergamot: the small models of Firefox Translations, made for CPUs and free for any use."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.language import LANGUAGES, Language
from schemas.options import BASIC, Options
from schemas.reason import declare_reason
from translators.bergamot_files import (
    MAX_TOKENS,
    UNKNOWN,
    BergamotFiles,
    fetch_command,
    find_model,
)
from translators.decoding import require
from translators.engine import LENGTH_RULE
from translators.family import Family, backend_option
from translators.marian import UNKNOWN_LICENSE, parse_models
from translators.pieces import RULE, Pieces, mean_score, translate_in_pieces
from translators.readable import Reader
from translators.segmentation import is_translatable
from translators.translator import Translation, TranslationError, TranslatorInfo
from translators.usage import Usage

if TYPE_CHECKING:
    from translators.bergamot_model import BergamotModel
    from translators.ssru_transformer import Decoded

ENGINE: Final = "ssru-numpy 2"
"""Raise the number whenever a translation can change."""

# Clauses of a longer sentence, which begin so too, end with punctuation or have a comma.
_LOWER_QUESTION: Final = re.compile(r"(?:who|whom|whose|what|which|when|where|why|how) [^,;:.]*$")

MODULES: Final = ("sentencepiece", "threadpoolctl")

UNREADABLE: Final = declare_reason(
    "unreadable_text", "the model's vocabulary lacks the characters of the text"
)


@dataclass(slots=True)
class _Part:
    """A part of a segment: copied, or translated in pieces."""

    text: str
    translated: bool
    pieces: Pieces | None = None


class Bergamot:
    """A `Translator` with one model for each language, in numpy on one core."""

    def __init__(self, model: str | Mapping[str, str] | None = None) -> None:
        """Choose models; nothing is loaded yet.

        Args:
            model: Folder of a model or of several, or one for each language: a mapping, or the
                text `de=DIR,fr=DIR`. `package:NAME/FOLDER` names a folder of an installed Python
                package. None looks where the tools that fetch models put them.
        """
        for name in MODULES:
            require(name)
        self._folders = parse_models(model) if isinstance(model, str) else model
        self._models: dict[Path, _Loaded] = {}
        self._usage = Usage()

    def info(self, target: str) -> TranslatorInfo:
        """Describe who would translate into `target`; see `Translator`."""
        files = self._files(target)
        return TranslatorInfo(
            backend="bergamot",
            model=files.folder.name,
            revision=files.revision(),
            engine=ENGINE,
            parameters=(
                ("length_limit", LENGTH_RULE),
                ("longest_source", str(MAX_TOKENS)),
                ("second_try", RULE),
            ),
            license=files.license or UNKNOWN_LICENSE,
        )

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order; see `Translator`."""
        model = self._model(target)
        spaced = LANGUAGES[target].spaces
        split = [list(model.parts(_capitalise(text))) for text in texts]
        pending = [part for parts in split for part in parts if part.translated]
        done = translate_in_pieces(
            [part.text for part in pending],
            MAX_TOKENS,
            spaced,
            model.count_tokens,
            lambda chunks: self._translate_chunks(model, chunks),
        )
        for part, pieces in zip(pending, done, strict=True):
            part.pieces = pieces
        answers = [_join(parts, spaced) for parts in split]
        return [_same_case(text, answer) for text, answer in zip(texts, answers, strict=True)]

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return how many tokens the model would read."""
        model = self._model(target)
        return sum(model.count_tokens(texts))

    def take_usage(self) -> Usage:
        """Return what was done since the last call; see `Translator`."""
        usage, self._usage = self._usage, Usage()
        return usage

    def close(self) -> None:
        """Free the models."""
        self._models.clear()

    def _translate_chunks(self, model: "_Loaded", chunks: Sequence[str]) -> list[Translation]:
        sources = [model.encode(chunk) for chunk in chunks]
        answers, batches = model.network.translate(sources)
        self._usage.add_batches(batches, [len(source) + 1 for source in sources])
        return [Translation(model.decode(a), a.score, a.finished) for a in answers]

    def _files(self, target: str) -> BergamotFiles:
        if target not in LANGUAGES:
            raise ValueError(f"unknown language code {target!r}; `tandemqa languages` lists all")
        return find_model(self._folders, LANGUAGES[target])

    def _model(self, target: str) -> "_Loaded":
        files = self._files(target)
        if files.folder not in self._models:
            self._models[files.folder] = _Loaded(files)
        return self._models[files.folder]


class _Loaded:
    """A model and how texts are cut for it."""

    def __init__(self, files: BergamotFiles) -> None:
        self._files = files
        self._reader = Reader(lambda word: UNKNOWN not in self.encode(word))

    @cached_property
    def network(self) -> "BergamotModel":
        """The model itself, loaded when first needed."""
        from translators.bergamot_model import BergamotModel

        try:
            return BergamotModel(self._files)
        except (OSError, MemoryError) as error:
            raise TranslationError(f"model {self._files.folder}: {error}") from error

    def encode(self, text: str) -> list[int]:
        """Return the numbers of the pieces of a text."""
        numbers: list[int] = self.network.source.encode(text)
        return numbers

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many pieces each text has."""
        return [len(self.encode(text)) for text in texts]

    def decode(self, decoded: "Decoded") -> str:
        """Return the text of what the search found."""
        text: str = self.network.target.decode(decoded.pieces)
        return text.strip()

    def parts(self, text: str) -> Iterator[_Part]:
        """Yield the parts of a segment, in order."""
        for part, readable in self._reader.split(" ".join(text.split())):
            yield _Part(part, readable and is_translatable(part))


def _capitalise(text: str) -> str:
    """Return a question in lower case with a capital: without, "who" is taken for a relative."""
    return text[0].upper() + text[1:] if _LOWER_QUESTION.match(text) else text


def _same_case(text: str, answer: Translation) -> Translation:
    if not _LOWER_QUESTION.match(text):
        return answer
    return replace(answer, text=answer.text[:1].lower() + answer.text[1:])


def _join(parts: Sequence[_Part], spaced: bool) -> Translation:
    """Return the translation of a segment from its parts."""
    words = sum(len(part.text.split()) for part in parts)
    copied = sum(
        len(part.text.split())
        for part in parts
        if not part.translated and any(character.isalpha() for character in part.text)
    )
    translated = [part.pieces for part in parts if part.pieces]
    if not translated:
        return Translation("", error=UNREADABLE)
    texts = [part.pieces.join(spaced).text if part.pieces else part.text for part in parts]
    return Translation(
        text="".join(texts).strip(),
        score=mean_score(translated),
        finished=all(answer.finished for pieces in translated for answer in pieces.answers),
        unknown_share=copied / words,
    )


class BergamotOptions(Options):
    """What Bergamot can be told."""

    model: str | None = backend_option(
        "folder of the models, or one for each language: de=DIR,fr=DIR", "DIR", BASIC
    )
    processes: int | None = backend_option(
        "processes per language pair; one for each core by default", "N", ge=1
    )
    timeout: float | None = backend_option(
        "time for a hundred segments; 300 by default", "SECONDS", gt=0
    )


def _pair_of(language: Language) -> str:
    return f"en-{language.bergamot}" if language.bergamot else ""


def _fetch(language: Language) -> str:
    try:
        find_model(None, language)
    except ValueError:
        return fetch_command(language)
    return ""


def _note(language: Language) -> str:
    return language.bergamot_note


FAMILY: Final = Family(
    "bergamot",
    Bergamot,
    BergamotOptions,
    _pair_of,
    modules=MODULES,
    fetch=_fetch,
    note=_note,
    in_process=True,
    one_core=True,
)
