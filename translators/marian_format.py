"""Marian's binary files: weights, quantised or not, and lexical shortlists.

Layouts as in Marian's own reader (`src/common/binary.cpp`, `src/data/shortlist.h`); everything is
checked against the file's size, since models come from anywhere.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import yaml

Floats = npt.NDArray[np.floating[Any]]
Numbers = npt.NDArray[np.int64]

_VERSION: Final = 1
_FLOAT32: Final = 0x404
_INTGEMM8: Final = 0x4101
_TEXT: Final = 0x101
_CONFIG: Final = "special:model.yml"
_EMBEDDINGS: Final = ("Wemb", "encoder_Wemb", "decoder_Wemb")
_MOST_TENSORS: Final = 10_000
_SHORTLIST_MAGIC: Final = 0xF11A48D5013417F5
_WORD: Final = 8  # bytes of the integers in headers


class BadModel(ValueError):
    """A model file is damaged or of a kind that is not read; the message names the file."""


def read_weights(path: Path) -> tuple[dict[str, Floats], Mapping[str, Any]]:
    """Return the weights by name, as float32 with inputs in rows, and the configuration.

    Raises:
        BadModel: If the file is no Marian model of version 1, or damaged.
    """
    data = path.read_bytes()
    try:
        return _read_weights(data)
    except (struct.error, ValueError, IndexError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadModel(f"{path}: not a whole Marian model ({error}); fetch it again") from error


def _read_weights(data: bytes) -> tuple[dict[str, Floats], Mapping[str, Any]]:
    version, count = struct.unpack_from("<2Q", data)
    if version != _VERSION or count > _MOST_TENSORS:
        raise ValueError(f"version {version} with {count} tensors")
    at = 2 * _WORD
    headers = [struct.unpack_from("<4Q", data, at + 4 * _WORD * i) for i in range(count)]
    at += 4 * _WORD * count
    names, shapes = [], []
    for name_size, *_ in headers:
        names.append(data[at : at + name_size].rstrip(b"\0").decode())
        at += name_size
    for _, _, rank, _ in headers:
        shapes.append(struct.unpack_from(f"<{rank}i", data, at))
        at += 4 * rank
    (gap,) = struct.unpack_from("<Q", data, at)
    at += _WORD + gap
    weights: dict[str, Floats] = {}
    config: Mapping[str, Any] = {}
    for name, shape, (_, kind, _, size) in zip(names, shapes, headers, strict=True):
        content = data[at : at + size]
        if len(content) != size:
            raise ValueError(f"it ends within {name}")
        at += size
        if name == _CONFIG:
            config = yaml.safe_load(content.rstrip(b"\0").decode())
        elif not name.endswith("_QuantMultA"):  # only integer arithmetic needs these
            weights[name] = _tensor(name, kind, shape, content)
    if not isinstance(config, Mapping) or not config:
        raise ValueError(f"no {_CONFIG}")
    return weights, config


def _tensor(name: str, kind: int, shape: tuple[int, ...], content: bytes) -> Floats:
    count = int(np.prod(shape, dtype=np.int64))
    if min(shape, default=1) < 1:
        raise ValueError(f"{name} has the shape {shape}")
    if kind == _FLOAT32:
        return np.frombuffer(content, np.float32, count).reshape(shape).copy()
    if kind != _INTGEMM8:
        raise ValueError(f"{name} has the number format {kind:#x}")
    multiplier = float(np.frombuffer(content, np.float32, 1, count)[0])
    values = np.frombuffer(content, np.int8, count).astype(np.float32) / multiplier
    if name in _EMBEDDINGS:
        return values.reshape(shape)
    return np.ascontiguousarray(values.reshape(shape[::-1]).T)


@dataclass(frozen=True, slots=True)
class Shortlist:
    """Which target pieces a source piece may become, by the model's training data.

    Attributes:
        frequent: Number of the most frequent target pieces, which are always allowed.
        offsets: Where the entries of each source piece begin, and where the last ones end.
        entries: Numbers of target pieces.
        shared: Whether source and target have one vocabulary: then each piece may stay.
    """

    frequent: int
    offsets: Numbers
    entries: Numbers
    shared: bool

    def candidates(self, source: Numbers, size: int) -> Numbers:
        """Return the numbers of the target pieces a sentence may use, sorted.

        Args:
            source: Its pieces.
            size: Number of pieces in the target vocabulary.
        """
        parts = [self.entries[self.offsets[p] : self.offsets[p + 1]] for p in source]
        if self.shared:
            parts.append(source)
        found = np.unique(np.concatenate([np.arange(min(self.frequent, size)), *parts]))
        return found[found < size]


def read_shortlist(path: Path, shared: bool) -> Shortlist:
    """Return a shortlist.

    Raises:
        BadModel: If the file is no shortlist or damaged.
    """
    data = path.read_bytes()
    try:
        magic, _, frequent, _, offsets, entries = struct.unpack_from("<6Q", data)
        if magic != _SHORTLIST_MAGIC:
            raise ValueError(f"it begins with {magic:#x}")
        starts = np.frombuffer(data, np.uint64, offsets, 6 * _WORD).astype(np.int64)
        found = np.frombuffer(data, np.uint32, entries, (6 + offsets) * _WORD).astype(np.int64)
        if starts[0] != 0 or starts[-1] != entries or np.any(np.diff(starts) < 0):
            raise ValueError("its offsets are not in order")
    except (struct.error, ValueError, OverflowError, IndexError) as error:
        raise BadModel(f"{path}: not a whole shortlist ({error}); fetch it again") from error
    return Shortlist(frequent, starts, found, shared)
