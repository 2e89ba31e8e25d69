"""Embeddings of sentences that depend on the text alone, not on what is encoded with it.

A matrix product may round a row otherwise when the matrix has another shape. So every batch has
`_BATCH` texts, padded to one of a few lengths, and filled with empty texts where there are fewer:
on one machine, a text has the same embedding bit for bit, whatever stands beside it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from schemas.errors import NotInstalledError
from schemas.model_prompts import Precision, known_prompts
from schemas.model_safety import refuse_unsafe_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Embeddings = npt.NDArray[np.float32]
"""One row for each text."""

_BATCH: Final = 32
_SHORTEST: Final = 1e-12  # length of a vector that is divided by it
_LENGTHS: Final = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)  # tokens
INSTALL: Final = "pip install 'tandemqa[train]'"
"""What to type to have what an encoder needs."""

# Prompts for texts of the same kind, by the names that models give them.
_SYMMETRIC: Final = ("STS", "sts", "sentence-similarity", "query")


class UnusableEncoder(ValueError):
    """A model cannot be loaded, or gives no embeddings; the message says why."""


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """Which model, and how it runs.

    Attributes:
        model: Name on the Hugging Face hub, or a folder.
        device: Torch device; empty for the best there is.
        precision: Number format of the weights; `auto` is bfloat16 where the device computes with
            it, else float32.
    """

    model: str
    device: str = ""
    precision: Precision = "auto"


class SentenceEncoder:
    """A sentence-transformers model with the prompt that it wants."""

    def __init__(self, model: "SentenceTransformer", prompt: str) -> None:
        self.model = model
        self.prompt = prompt
        # Others have no padding: each of their texts is embedded by itself.
        self._pads = hasattr(model[0], "processing_kwargs")
        self._lock = Lock()

    @property
    def precision(self) -> str:
        """The number format of its weights."""
        return str(next(self.model.parameters()).dtype).removeprefix("torch.")

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that decides the embeddings: weights, modules, tokenizer, prompt."""
        import torch

        described = (self.prompt, self.model.max_seq_length, str(self.model), _BATCH, _LENGTHS)
        digest = hashlib.sha256(repr(described).encode())
        digest.update(repr(sorted(self.model.tokenizer.get_vocab().items())).encode())
        for name, weights in self.model.state_dict().items():
            digest.update(f"{name}{weights.dtype}{tuple(weights.shape)}".encode())
            digest.update(weights.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        return digest.hexdigest()[:32]

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Return the embeddings of texts, of length one and in order; one thread at a time.

        Raises:
            UnusableEncoder: If the model gives NaN or infinite numbers.
        """
        return unit_length(self.embed(texts))

    def embed(self, texts: Sequence[str]) -> Embeddings:
        """Return the embeddings of texts as the model gives them, of any length.

        Raises:
            UnusableEncoder: If it gives NaN or infinite numbers.
        """
        with self._lock:
            found: list[Any] = [None] * len(texts)
            for length, indices in self._batches(texts):
                filled = [texts[i] for i in indices] + [""] * (_BATCH - len(indices))
                for i, vector in zip(indices, self._encode(filled, length), strict=False):
                    found[i] = vector
        vectors = np.stack(found) if found else np.zeros((0, 0), np.float32)
        if not np.isfinite(vectors).all():
            raise UnusableEncoder("the model gives NaN or infinite numbers; try float32")
        return vectors

    def _encode(self, texts: list[str], length: int) -> Embeddings:
        shape = {"padding": "max_length", "max_length": length, "truncation": True}
        options: dict[str, Any] = {"processing_kwargs": {"text": shape}} if self._pads else {}
        vectors = self.model.encode(
            texts,
            prompt=self.prompt,
            batch_size=_BATCH,
            show_progress_bar=False,
            convert_to_tensor=True,
            **options,
        )
        embeddings: Embeddings = vectors.float().cpu().numpy()
        return embeddings

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[int, list[int]]]:
        """Yield batches of texts of about the same length: padded length, and which they are."""
        by_length: dict[int, list[int]] = {}
        for i, length in enumerate(self._padded_lengths(texts)):
            by_length.setdefault(length, []).append(i)
        for length, indices in sorted(by_length.items()):
            for start in range(0, len(indices), _BATCH):
                yield length, indices[start : start + _BATCH]

    def _padded_lengths(self, texts: Sequence[str]) -> list[int]:
        if not self._pads or not texts:
            return [0] * len(texts)
        longest = min(self.model.max_seq_length or _LENGTHS[-1], _LENGTHS[-1])
        tokens = self.model.tokenizer(
            [self.prompt + text for text in texts], truncation=True, max_length=longest
        )["input_ids"]
        lengths = [*(length for length in _LENGTHS if length < longest), longest]
        return [next(length for length in lengths if length >= len(own)) for own in tokens]


def unit_length(vectors: Embeddings) -> Embeddings:
    """Return vectors of length one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    embeddings: Embeddings = vectors / np.maximum(lengths, _SHORTEST)
    return embeddings


_encoders: dict[EncoderSettings, SentenceEncoder] = {}
_opening: Final = Lock()


def open_encoder(settings: EncoderSettings) -> SentenceEncoder:
    """Return the encoder; it is loaded once in a process and shared by its threads.

    Only weights in safetensors are read, and no code that comes with a model is run.

    Raises:
        UsageError: If it is a folder that would run code or leads out of itself.
        UnusableEncoder: If it cannot be loaded as it is.
        NotInstalledError: If sentence-transformers is missing.
    """
    with _opening:
        if settings not in _encoders:
            _encoders[settings] = _load(settings)
        return _encoders[settings]


def _load(settings: EncoderSettings) -> SentenceEncoder:
    if not find_spec("sentence_transformers"):
        raise NotInstalledError(f"model {settings.model} needs sentence-transformers", INSTALL)
    from sentence_transformers import SentenceTransformer

    import_module(
        "transformers.utils.logging"
    ).disable_progress_bar()  # of reading the weights: ours shows the work
    if Path(settings.model).is_dir():
        refuse_unsafe_model(Path(settings.model))
    device = settings.device or None
    try:
        model = SentenceTransformer(
            settings.model,
            device=device,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True, "dtype": resolve_precision(settings).precision},
        )
    except Exception as error:  # the libraries raise anything for a folder that is damaged
        first = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise UnusableEncoder(
            f"model {settings.model!r} cannot be loaded: {first.rstrip('.')}"
        ) from error
    return SentenceEncoder(model.eval(), _prompt(model, settings.model))


def resolve_precision(settings: EncoderSettings) -> EncoderSettings:
    """Return the settings with a number format instead of `auto`.

    That is bfloat16, several times as fast, where the device computes with it.

    Raises:
        NotInstalledError: If torch is missing.
    """
    if settings.precision != "auto":
        return settings
    if not find_spec("torch"):
        raise NotInstalledError(f"model {settings.model} needs sentence-transformers", INSTALL)
    import torch

    if settings.device.startswith("cuda") or (not settings.device and torch.cuda.is_available()):
        is_fast = torch.cuda.is_bf16_supported()
    else:
        is_fast = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    return replace(settings, precision="bfloat16" if is_fast else "float32")


def _prompt(model: "SentenceTransformer", name: str) -> str:
    """Return what the model wants before both of two texts that may say the same."""
    for kind in _SYMMETRIC:
        if model.prompts.get(kind):
            return str(model.prompts[kind])
    return known_prompts(name).question
