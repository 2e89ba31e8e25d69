"""A sentence encoder that asks its model only for texts whose embeddings are not kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from translators.kept_vectors import EMBEDDINGS, open_store, vector_key
from translators.sentence_encoder import (
    Embeddings,
    EncoderSettings,
    UnusableEncoder,
    open_encoder,
    unit_length,
)

# The first byte of what is kept: bytes of each number. Those of bfloat16 have no lower half.
_WHOLE: Final = b"\x04"
_UPPER_HALF: Final = b"\x02"


@dataclass(frozen=True, slots=True)
class KeptEncoder:
    """An encoder whose embeddings are kept beside a translation memory.

    Embeddings are kept as the model gave them, so that it makes no difference whether one was. The
    model is loaded only when it is needed.

    Attributes:
        settings: Which model, and how it runs.
        fingerprint: What decides its embeddings.
        memory: Folder of the translation memory; nothing is kept where it is empty or elsewhere.
    """

    settings: EncoderSettings
    fingerprint: str
    memory: str

    def encode(self, texts: Sequence[str]) -> Embeddings:
        """Return the embeddings of texts, in order.

        Raises:
            UnusableEncoder: If the model is another one than was named, or gives NaN or infinite
                numbers.
            OSError: If they cannot be kept.
        """
        store = open_store(self.memory, EMBEDDINGS, self.fingerprint)
        if store is None:
            return unit_length(self._embed(texts))
        keys = [vector_key(text) for text in texts]
        found = store.find(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            vectors = self._embed(list(missing.values()))
            new = dict(zip(missing, map(_pack, vectors), strict=True))
            store.add(new)
            found |= new
        return unit_length(np.stack([_unpack(found[key]) for key in keys])) if keys else _NONE

    def _embed(self, texts: Sequence[str]) -> Embeddings:
        encoder = open_encoder(self.settings)
        if encoder.fingerprint != self.fingerprint:
            raise UnusableEncoder(
                f"model {self.settings.model!r} is another one here than where we started"
            )
        return encoder.embed(texts)


_NONE: Final[Embeddings] = np.zeros((0, 0), np.float32)


def _pack(vector: Embeddings) -> bytes:
    """Return the numbers without what is zero in all of them."""
    bits = np.ascontiguousarray(vector, np.float32).view(np.uint32)
    if (bits & 0xFFFF).any():
        return _WHOLE + bits.astype("<u4").tobytes()
    return _UPPER_HALF + (bits >> 16).astype("<u2").tobytes()


def _unpack(kept: bytes) -> Embeddings:
    if kept[:1] == _WHOLE:
        return np.frombuffer(kept, "<f4", offset=1).astype(np.float32)
    halves = np.frombuffer(kept, "<u2", offset=1).astype(np.uint32)
    return (halves << np.uint32(16)).view(np.float32)
