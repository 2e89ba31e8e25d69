"""Bergamot: the small models of Firefox Translations, made for CPUs and free for any use."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from schemas.language import LANGUAGES, Language
from schemas.options import BASIC, Options
from schemas.reason import declare_reason
from translators.bergamot_files import (
    MAX_TOKENS,
    TARGETS,
    UNKNOWN,
    BergamotFiles,
    find_model,
    name_of,
)
from translators.decoding import require
from translators.engine import LENGTH_RULE
from translators.family import Family, backend_option
from translators.marian import UNKNOWN_LICENSE, parse_models
from translators.readable import Reader
from translators.segmentation import is_translatable
from translators.translator import Translation, TranslationError, TranslatorInfo
from translators.usage import Usage
from translators.wrapping import wrap

if TYPE_CHECKING:
    from translators.bergamot_model import BergamotModel
    from translators.ssru_transformer import Decoded

ENGINE: Final = "ssru-numpy 1"
"""Raise the number whenever a translation can change."""

UNREADABLE: Final = declare_reason(
    "unreadable_text", "the model's vocabulary lacks the characters of the text"
)

_SHRUNK: Final = 0.4  # of the length of the English text
_LONG: Final = 24  # tokens from which a sentence that lost something is cut and tried again
_NUMBER: Final = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d+)*")


@dataclass(slots=True)
class _Part:
    """A piece of a segment: copied, or cut into what the model reads at a time."""

    text: str
    translated: bool
    chunks: list[str] = field(default_factory=list)
    answers: "list[Decoded]" = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class Bergamot:
    """A `Translator` with one model for each language, in numpy on one core."""

    def __init__(self, model: str | Mapping[str, str] | None = None) -> None:
        """Choose models; nothing is loaded yet.

        Args:
            model: Folder of a model or of several, or one for each language: a mapping, or the
                text `de=DIR,fr=DIR`. `package:NAME/FOLDER` names a folder of an installed Python
                package. None looks where the tools that fetch models put them.
        """
        for name in ("sentencepiece", "threadpoolctl"):
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
            ),
            license=files.license or UNKNOWN_LICENSE,
        )

    def translate(self, texts: Sequence[str], target: str) -> list[Translation]:
        """Return one translation for each text, in order; see `Translator`."""
        model = self._model(target)
        spaced = LANGUAGES[target].spaces
        split = [list(model.parts(text)) for text in texts]
        pending = [part for parts in split for part in parts if part.chunks]
        self._translate_chunks(model, pending)
        again = [part for part in pending if _lost_something(part, model)]
        if again:
            self._try_smaller(model, again)
        return [_join(parts, spaced) for parts in split]

    def count_tokens(self, texts: Sequence[str], target: str) -> int:
        """Return how many tokens the model would read."""
        model = self._model(target)
        return sum(len(model.encode(text)) for text in texts)

    def take_usage(self) -> Usage:
        """Return what was done since the last call; see `Translator`."""
        usage, self._usage = self._usage, Usage()
        return usage

    def close(self) -> None:
        """Free the models."""
        self._models.clear()

    def _translate_chunks(self, model: "_Loaded", parts: Sequence[_Part]) -> None:
        sources = [model.encode(chunk) for part in parts for chunk in part.chunks]
        answers, batches = model.network.translate(sources)
        self._usage.add_batches(batches, [len(source) + 1 for source in sources])
        found = iter(answers)
        for part in parts:
            part.answers = [next(found) for _ in part.chunks]
            part.texts = [model.decode(answer) for answer in part.answers]

    def _try_smaller(self, model: "_Loaded", parts: Sequence[_Part]) -> None:
        """Cut parts that lost numbers or half of their length in two, and keep what is better."""
        halves = [_Part(p.text, True, model.cut(p.text, len(p.chunks) + 1)) for p in parts]
        self._translate_chunks(model, halves)
        for part, smaller in zip(parts, halves, strict=True):
            if _losses(smaller) < _losses(part):
                part.chunks, part.answers, part.texts = (
                    smaller.chunks,
                    smaller.answers,
                    smaller.texts,
                )

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

    def decode(self, decoded: "Decoded") -> str:
        """Return the text of what the search found."""
        text: str = self.network.target.decode(decoded.pieces)
        return text.strip()

    def parts(self, text: str) -> Iterator[_Part]:
        """Yield the parts of a segment, in order."""
        for part, readable in self._reader.split(" ".join(text.split())):
            translated = readable and is_translatable(part)
            yield _Part(part, translated, self.cut(part, 1) if translated else [])

    def cut(self, text: str, least: int) -> list[str]:
        """Return a text in chunks that the model reads without losing content.

        Args:
            text: What is to be translated.
            least: In how many chunks at least.
        """

        def count_parts(whole: str, start: int, end: int) -> int:
            needed = ceil(len(self.encode(whole[start:end])) / MAX_TOKENS)
            return max(needed, least if (start, end) == (0, len(whole)) else 1)

        return [text[start:end] for start, end in wrap(text, 0, len(text), count_parts)]


def _lost_something(part: _Part, model: _Loaded) -> bool:
    return bool(_losses(part)) and len(model.encode(part.text)) >= _LONG


def _losses(part: _Part) -> int:
    """Return how many numbers a translation lacks; one more if it is far too short."""
    text = " ".join(part.texts)
    missing = _numbers(part.text)
    for number in _numbers(text):
        if number in missing:
            missing.remove(number)
    return len(missing) + (len(text) < _SHRUNK * len(part.text))


def _numbers(text: str) -> list[str]:
    """Return the numbers of a text as digits alone: 1,000 and 1.000 are the same."""
    return [re.sub(r"\D", "", number) for number in _NUMBER.findall(text)]


def _join(parts: Sequence[_Part], spaced: bool) -> Translation:
    """Return the translation of a segment from its parts."""
    words = sum(len(part.text.split()) for part in parts)
    copied = sum(
        len(part.text.split())
        for part in parts
        if not part.translated and any(character.isalpha() for character in part.text)
    )
    answers = [answer for part in parts for answer in part.answers]
    if not answers:
        return Translation("", error=UNREADABLE)
    tokens = sum(len(answer.pieces) + 1 for answer in answers)
    score = sum(answer.score * (len(answer.pieces) + 1) for answer in answers) / tokens
    glue = " " if spaced else ""
    text = "".join(glue.join(part.texts) if part.translated else part.text for part in parts)
    return Translation(
        text=text.strip(),
        score=score,
        finished=all(answer.finished for answer in answers),
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
    return f"en-{name_of(language)}" if language.code in TARGETS else ""


FAMILY: Final = Family(
    "bergamot", Bergamot, BergamotOptions, _pair_of, in_process=True, one_core=True
)
