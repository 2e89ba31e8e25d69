"""Local files: written whole or not at all, JSON, digests, and the folder for what is kept.

A file is written under a temporary name beside its place, `NAME.xxxxxxxx.partial`, and renamed.
Readers see the old content or the new one; a killed process leaves only the temporary name.
"""

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

CACHE_VARIABLE: Final = "TANDEMQA_CACHE"
PARTIAL_SUFFIX: Final = ".partial"

_BLOCK: Final = 1 << 20
# A file that was changed less than this many nanoseconds ago may change again, and still have the
# same times.
_SETTLED: Final = 2_000_000_000


def cache_folder() -> Path:
    """Return where converted models and tables are kept: $TANDEMQA_CACHE or ~/.cache/tandemqa."""
    named = os.environ.get(CACHE_VARIABLE)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(base) / "tandemqa"


def partial_name(name: str) -> str:
    """Return a temporary name for a file or folder that is called `name` when it is complete."""
    return f"{name}.{secrets.token_hex(4)}{PARTIAL_SUFFIX}"


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; it becomes `path` when the block ends without an error.

    Missing folders above it are made. Processes that write the same path do not disturb each
    other: the last one wins. A link at `path` is replaced, not followed.

    Raises:
        OSError: If it cannot be written; the temporary file is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(partial_name(path.name))
    try:
        yield partial
        _flush(partial)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a new temporary folder; it becomes `path` when the block ends without an error.

    Raises:
        OSError: If it cannot be written, or `path` holds something; the temporary folder is
            removed.
    """
    partial = path.with_name(partial_name(path.name))
    partial.mkdir(parents=True)
    try:
        yield partial
        for file in partial.rglob("*"):
            if file.is_file():
                _flush(file)
        partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file, as `atomic_file` does."""
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write a text in UTF-8, as `atomic_file` does."""
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, content: Mapping[str, Any], allow_nan: bool = False) -> None:
    """Write an object as indented JSON, as `atomic_file` does.

    Raises:
        ValueError: If it holds NaN or an infinite number, unless `allow_nan`.
    """
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=allow_nan)
    write_text(path, text + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        OSError: If it cannot be read.
        ValueError: If the file holds anything else; the message names it.
    """
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: not readable as JSON ({error})") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: holds no JSON object")
    return content


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex.

    Raises:
        OSError: If it cannot be read.
    """
    digest = sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def kept_digest(path: Path, kept: Path) -> str:
    """Return the SHA-256 of a file's content, in hex; it is kept until the file is written to.

    Args:
        path: The file.
        kept: Folder where digests are kept.

    Raises:
        OSError: If the file cannot be read, or the folder not written to.
    """
    stat = path.stat()
    if time.time_ns() - stat.st_ctime_ns < _SETTLED:
        return file_digest(path)
    # Unlike the time of change, nobody can set back that of the inode.
    version = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    note = kept / sha256(repr((os.fspath(path.resolve()), version)).encode()).hexdigest()[:32]
    if note.exists():
        return note.read_text(encoding="ascii", errors="replace")
    digest = file_digest(path)
    write_text(note, digest)
    return digest


def _flush(path: Path) -> None:
    """Make sure that the content is on the disk before its name is."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
