"""Files on any file system that Beam knows; writes appear whole or not at all."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from errno import ENOENT
from pathlib import Path

from apache_beam.io.filesystem import CompressionTypes

from pipelines.io.remote import file_systems, os_errors, upload
from schemas import files, ownership
from schemas.files import PARTIAL_SUFFIX
from schemas.ownership import Entry
from schemas.regular_file import UnsafeFileError, read_regular


def is_local(path: str) -> bool:
    """Return whether the path is on this machine's own file system."""
    return "://" not in path


def join(base: str, *parts: str) -> str:
    """Return `base` and `parts` as one path, with forward slashes."""
    return "/".join([base.rstrip("/"), *parts])


def parent(path: str) -> str:
    """Return the folder of `path`; `.` for a bare local name."""
    if is_local(path):
        return Path(path).parent.as_posix()
    return path.rstrip("/").rpartition("/")[0]


def exists(path: str) -> bool:
    """Return whether there is a file at `path`; folders exist on local disks only."""
    if is_local(path):
        return Path(path).exists()
    with os_errors(path):
        return bool(file_systems().exists(path))


def read_bytes(path: str) -> bytes:
    """Return the content of a file.

    Raises:
        OSError: If it cannot be read; the message names the path.
    """
    if is_local(path):
        return Path(path).read_bytes()
    plain = CompressionTypes.UNCOMPRESSED
    with os_errors(path), file_systems().open(path, compression_type=plain) as file:
        return bytes(file.read())


def read_below(folder: str, relative: str, limit: int) -> bytes:
    """Return the content of a file of a folder that somebody else may have made.

    Args:
        folder: The folder.
        relative: Path of the file below it, with forward slashes.
        limit: The most bytes it may have; a larger one is not read.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If it cannot be read or is too large; on a local disk also where it is no
            regular file, or a link leads to it.
    """
    if is_local(folder):
        return read_regular(folder, relative, limit)
    path = join(folder, relative)
    with os_errors(path):
        if not file_systems().exists(path):
            raise FileNotFoundError(ENOENT, os.strerror(ENOENT), path)
        (match,) = file_systems().match([path])
    size = sum(metadata.size_in_bytes for metadata in match.metadata_list)
    if size > limit:
        raise UnsafeFileError(f"{path}: {size:,} bytes, more than the {limit:,} it may have")
    return read_bytes(path)


def write_bytes(path: str, content: bytes) -> None:
    """Write a file so that readers see the old content, the new, or none, never a part.

    On a local disk this is a temporary name and a rename. Object stores have no rename, but show
    an upload only when it is complete. Writing the same content again is harmless. An empty
    remote file is an absent one: Beam cannot upload it to S3.

    Raises:
        OSError: If it cannot be written; a partial local file is removed.
    """
    if is_local(path):
        files.write_bytes(Path(path), content)
    else:
        _write_remote(path, content)


def _write_remote(path: str, content: bytes) -> None:
    if not content:
        delete(path)
        return
    # In a thread of its own, where no interrupt is delivered: closing an upload completes it, so
    # one that Ctrl-C left half-way would be published, cut.
    with ThreadPoolExecutor(1) as uploads:
        uploads.submit(upload, path, content).result()


def checksum(path: str) -> str:
    """Return what a remote file system knows of a file's content, without reading it.

    Raises:
        OSError: If it cannot say.
    """
    with os_errors(path):
        return str(file_systems().checksum(path))


def list_files(folder: str) -> Iterator[tuple[str, int]]:
    """Yield path and size in bytes of every file below `folder`, sorted; none if it is absent.

    Partial files of writers that were killed are left out, and so are links, pipes and devices,
    and the empty objects that some tools put into object stores as folders.
    """
    if is_local(folder):
        paths = [Path(folder, entry.path) for entry in list_entries(folder) if entry.regular]
        found = [(path.as_posix(), path.stat().st_size) for path in paths]
    else:
        with os_errors(folder):
            (match,) = file_systems().match([join(folder, "**")])
        found = [(metadata.path, metadata.size_in_bytes) for metadata in match.metadata_list]
    yield from sorted(item for item in found if not item[0].endswith((PARTIAL_SUFFIX, "/")))


def list_entries(folder: str) -> Iterator[Entry]:
    """Yield everything below `folder` that is no folder, sorted.

    Links, pipes and devices are among them; links to folders are not followed.

    Raises:
        OSError: If a folder cannot be read.
    """
    if is_local(folder):
        yield from ownership.list_entries(Path(folder))
    else:
        start = len(folder.rstrip("/")) + 1
        yield from (Entry(path[start:]) for path, _ in list_files(folder))


def delete(path: str) -> None:
    """Delete a file; no error when it is already gone."""
    if is_local(path):
        Path(path).unlink(missing_ok=True)
    elif exists(path):
        with os_errors(path):
            file_systems().delete([path])
