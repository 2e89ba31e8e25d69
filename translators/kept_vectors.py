"""What models said of texts, kept beside the translation memory: embeddings and scores.

Layout: `<memory>/<kind>/<fingerprint>/<digest>.vectors`. A file is written once and never changed,
under a temporary name first; runs may share a folder, also at the same time. It holds a head, the
keys, and for each key its vector with a digest of both, so that single vectors can be read from
files that are far larger than the memory of a machine. What is damaged is not used and is made
again. Only local memories have such folders.
"""

import logging
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from schemas.files import write_bytes
from schemas.regular_file import open_regular

logger = logging.getLogger(__name__)

EMBEDDINGS: Final = "embeddings"
SCORES: Final = "scores"
KINDS: Final = (EMBEDDINGS, SCORES)
"""Folders of a memory that hold vectors, not packets."""
VECTORS_SUFFIX: Final = ".vectors"

_HEAD: Final = struct.Struct("<16sIQ16s")  # what it is; bytes of a vector; vectors; hash of keys
_MAGIC: Final = b"tandemqa vectors"
_KEY: Final = 16
_CHECK: Final = 8

_Numbers = npt.NDArray[np.uint64]


def vector_key(*texts: str) -> bytes:
    """Return the key of a text, or of several that belong together."""
    digest = blake2b(digest_size=_KEY)
    for text in texts:
        encoded = text.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.digest()


class VectorStore:
    """The vectors of one model, by key; `add` writes a file that later runs find."""

    def __init__(self, memory: str, kind: str, fingerprint: str) -> None:
        """Look at what is there.

        Args:
            memory: Folder of the translation memory.
            kind: One of `KINDS`.
            fingerprint: What decides the vectors, as a name of a folder.
        """
        self._memory = memory
        self._below = f"{kind}/{fingerprint}"
        self._names: list[str] = []
        self._starts, self._places = self._index()

    def find(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Return the vectors that are there and as they were written."""
        by_file: dict[int, list[tuple[int, bytes]]] = {}
        for key in set(keys):
            for file, row in self._rows_of(key):
                by_file.setdefault(file, []).append((row, key))
        found: dict[bytes, bytes] = {}
        for file, rows in sorted(by_file.items()):
            found.update(self._read(self._names[file], sorted(rows)))
        return found

    def add(self, vectors: Mapping[bytes, bytes]) -> None:
        """Keep vectors, all of the same length.

        Raises:
            OSError: If they cannot be written.
        """
        if not vectors:
            return
        keys = b"".join(vectors)
        width = len(next(iter(vectors.values())))
        rows = (vector + _digest(key + vector, _CHECK) for key, vector in vectors.items())
        head = _HEAD.pack(_MAGIC, width, len(vectors), _digest(keys, _KEY))
        content = b"".join([head, keys, *rows])
        name = f"{_digest(content, _KEY).hex()}{VECTORS_SUFFIX}"
        write_bytes(Path(self._memory, self._below, name), content)

    def _index(self) -> tuple[_Numbers, npt.NDArray[np.int64]]:
        """Return the first bytes of all keys, sorted, and the file and row of each."""
        starts: list[_Numbers] = [np.zeros(0, np.uint64)]
        places: list[npt.NDArray[np.int64]] = [np.zeros((0, 2), np.int64)]
        for name in _list(Path(self._memory, self._below)):
            try:
                with open_regular(self._memory, f"{self._below}/{name}") as file:
                    keys = _read_keys(file)
            except (OSError, ValueError) as error:
                logger.warning(
                    "%s/%s/%s: not readable (%s). It is left out, and what it held is made again. "
                    "Delete it if this is told again.",
                    *(self._memory, self._below, name, error),
                )
                continue
            starts.append(keys.view(np.uint64).reshape(-1, 2)[:, 0])
            rows = np.arange(len(starts[-1]))
            places.append(np.stack([np.full_like(rows, len(self._names)), rows], axis=1))
            self._names.append(name)
        joined = np.concatenate(starts)
        order = np.argsort(joined, kind="stable")
        return joined[order], np.concatenate(places)[order]

    def _rows_of(self, key: bytes) -> Iterator[tuple[int, int]]:
        """Yield where a key may stand: file and row. Another key may have the same first bytes."""
        start = np.frombuffer(key[:8], np.uint64)[0]
        first = int(np.searchsorted(self._starts, start))
        while first < len(self._starts) and self._starts[first] == start:
            yield int(self._places[first, 0]), int(self._places[first, 1])
            first += 1

    def _read(self, name: str, rows: Sequence[tuple[int, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        """Yield keys with their vectors, of those that are as they were written."""
        try:
            with open_regular(self._memory, f"{self._below}/{name}") as file:
                _, width, count, _ = _HEAD.unpack(file.read(_HEAD.size))
                for row, key in rows:
                    file.seek(_HEAD.size + count * _KEY + row * (width + _CHECK))
                    record = file.read(width + _CHECK)
                    vector, check = record[:width], record[width:]
                    if check == _digest(key + vector, _CHECK):
                        yield key, vector
        except (OSError, struct.error) as error:  # somebody took it away
            logger.warning("%s: not readable any more (%s)", name, error)


@lru_cache(16)
def open_store(memory: str, kind: str, fingerprint: str) -> VectorStore | None:
    """Return the store as it was when this process first asked; None where none can be."""
    is_local = memory and "://" not in memory
    return VectorStore(memory, kind, fingerprint) if is_local else None


def _read_keys(file: BinaryIO) -> npt.NDArray[np.uint8]:
    """Return the keys of a file, one after the other.

    Raises:
        ValueError: If it is not as it was written.
    """
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise ValueError("it is too short")
    magic, width, count, wanted = _HEAD.unpack(head)
    size = _HEAD.size + count * (_KEY + width + _CHECK)
    if magic != _MAGIC or os.fstat(file.fileno()).st_size != size:
        raise ValueError("it holds something else, or was cut")
    keys = file.read(count * _KEY)
    if _digest(keys, _KEY) != wanted:
        raise ValueError("it has changed since it was written")
    return np.frombuffer(keys, np.uint8)


def _list(folder: Path) -> list[str]:
    try:
        return sorted(path.name for path in folder.iterdir() if path.suffix == VECTORS_SUFFIX)
    except OSError:  # there is none yet
        return []


def _digest(content: bytes, size: int) -> bytes:
    return blake2b(content, digest_size=size).digest()
