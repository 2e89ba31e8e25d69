"""What lies between two steps of a local run: a little in memory, the rest in a temporary file."""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile, gettempdir
from threading import Lock
from typing import IO, Final, NamedTuple, Protocol

import pyarrow as pa

# Bytes of one collection that stay in memory. Few collections are alive at a time.
KEPT_BYTES: Final = 32 << 20
# Where programs put large files that nobody needs after a restart; `/tmp` is often memory itself.
_LARGE_FILES: Final = "/var/tmp"
_CODEC: Final = pa.Codec("zstd", compression_level=1)


class Block(Protocol):
    """Bytes that were put aside."""

    @property
    def size(self) -> int:
        """Their number."""
        ...

    def read(self) -> bytes:
        """Return them."""
        ...


class InMemory(NamedTuple):
    """A block that is still in memory."""

    content: bytes

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.content)

    def read(self) -> bytes:
        """Return the bytes."""
        return self.content


class OnDisk(NamedTuple):
    """A block in a file, compressed."""

    file: "SpillFile"
    start: int
    length: int
    size: int

    def read(self) -> bytes:
        """Return the bytes."""
        content: bytes = _CODEC.decompress(
            self.file.read(self.start, self.length), self.size, asbytes=True
        )
        return content


class SpillFile:
    """A temporary file without a name: it is gone when nothing refers to it, even after kill -9."""

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile(dir=_folder())  # noqa: SIM115 - closed with us
        self._end = 0
        self._lock = Lock()

    def write(self, content: bytes) -> OnDisk:
        """Put bytes at the end of the file."""
        packed = _CODEC.compress(content, asbytes=True)
        with self._lock, _explain_full_disk():
            start = self._end
            self._file.seek(start)
            self._file.write(packed)
            self._file.flush()
            self._end += len(packed)
        return OnDisk(self, start, len(packed), len(content))

    def read(self, start: int, length: int) -> bytes:
        """Return bytes of the file, without moving in it: forks have the same place."""
        return os.pread(self._file.fileno(), length, start)


class Spill:
    """Bytes in a fixed number of parts; what is more than `KEPT_BYTES` goes to disk."""

    def __init__(self, parts: int) -> None:
        self._pending: list[list[bytes]] = [[] for _ in range(parts)]
        self._blocks: list[list[Block]] = [[] for _ in range(parts)]
        self._kept = 0
        self._file: SpillFile | None = None

    def add(self, part: int, content: bytes) -> None:
        """Put bytes aside."""
        self._pending[part].append(content)
        self._kept += len(content)
        if self._kept > KEPT_BYTES:
            self._flush()

    def take(self, other: "Spill") -> None:
        """Add what another one with as many parts holds."""
        for mine, theirs in zip(self._blocks, other.blocks(), strict=True):
            mine.extend(theirs)

    @property
    def size(self) -> int:
        """The bytes that were put aside."""
        return sum(map(total_size, self.blocks()))

    def blocks(self) -> list[list[Block]]:
        """Return all blocks of each part, in the order in which they came."""
        return [
            [*blocks, *map(InMemory, pending)]
            for blocks, pending in zip(self._blocks, self._pending, strict=True)
        ]

    def _flush(self) -> None:
        self._file = self._file or SpillFile()
        for blocks, pending in zip(self._blocks, self._pending, strict=True):
            if pending:
                blocks.append(self._file.write(b"".join(pending)))
                pending.clear()
        self._kept = 0


def read_all(blocks: Iterable[Block]) -> Iterator[bytes]:
    """Yield the bytes of one block after the other."""
    for block in blocks:
        yield block.read()


def total_size(blocks: Iterable[Block]) -> int:
    """Return the bytes of all blocks together."""
    return sum(block.size for block in blocks)


@contextmanager
def _explain_full_disk() -> Iterator[None]:
    """Name the folder, which is not one that the user has given, and say how to choose another.

    Raises:
        OSError: With the same number.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        folder = _folder() or gettempdir()
        advice = "set TMPDIR to a folder on a larger disk"
        raise OSError(
            error.errno, f"no space left for temporary files in {folder}; {advice}"
        ) from error


def _folder() -> str | None:
    """Return where large files go; None where Python knows better."""
    if "TMPDIR" in os.environ or not os.access(_LARGE_FILES, os.W_OK):
        return None
    return _LARGE_FILES if Path(_LARGE_FILES).is_dir() else None
