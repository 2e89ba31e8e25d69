"""Open files of a folder that somebody else made: regular files only, and never through a link."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_OPEN: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
# A link is refused by the first where a file was wanted, by the second where a folder was.
_LINK: Final = (errno.ELOOP, errno.ENOTDIR)


class UnsafeFileError(OSError):
    """A file is not read: it is a link, a pipe or a device, or larger than it may be."""


def open_regular(folder: str | Path, relative: str) -> BinaryIO:
    """Open a regular file below a folder, for reading.

    Neither the file nor a folder on the way to it may be a link; `folder` itself may be one. A
    named pipe is refused without waiting for a writer.

    Args:
        folder: A folder that the user named.
        relative: Path of the file below it, with forward slashes.

    Raises:
        FileNotFoundError: If there is no such file.
        UnsafeFileError: If it is no regular file, or a link leads to it.
        OSError: If it cannot be opened.
    """
    path = f"{folder}/{relative}"
    parts = relative.split("/")
    if {"", ".", ".."} & set(parts) or "\0" in relative:
        raise UnsafeFileError(f"{path}: not a path below the folder")
    try:
        file = _descend(folder, parts)
    except OSError as error:
        if error.errno in _LINK and Path(folder).is_dir():
            raise UnsafeFileError(f"{path}: a link, or below one; links are not followed") from None
        raise type(error)(error.errno, error.strerror, path) from None
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise UnsafeFileError(f"{path}: not a regular file")
    return os.fdopen(file, "rb")


def _descend(folder: str | Path, parts: list[str]) -> int:
    """Return a descriptor of the file, opened part by part so that no link is followed."""
    *folders, name = parts
    here = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        for part in folders:
            inner = os.open(part, _OPEN | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = inner
        return os.open(name, _OPEN | os.O_NONBLOCK, dir_fd=here)
    finally:
        os.close(here)


def read_regular(folder: str | Path, relative: str, limit: int) -> bytes:
    """Return the content of a regular file below a folder.

    Args:
        folder: As for `open_regular`, and so is `relative`.
        relative: Path of the file.
        limit: The most bytes it may have; a larger one is not read.

    Raises:
        OSError: As `open_regular`, and UnsafeFileError for a larger file.
    """
    with open_regular(folder, relative) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise UnsafeFileError(
                f"{folder}/{relative}: {size:,} bytes, more than the {limit:,} it may have"
            )
        return file.read(limit + 1)[:limit]
