"""Whose a folder is: what tandemqa may replace or remove in it, and what is a user's.

Before a command writes into a folder, it leaves a marker there. A folder that has neither that
marker nor a finished work of ours, and is not empty, belongs to somebody else.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from stat import S_ISREG
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import UsageError
from schemas.files import partial_name, write_text
from schemas.regular_file import read_regular

MARKER_NAME: Final = ".tandemqa.json"
MOST_BYTES: Final = 1 << 20

_NAMED: Final = 3  # files that a message names


class Entry(NamedTuple):
    """Something below a folder that is no folder itself.

    Attributes:
        path: Path relative to the folder, with forward slashes.
        regular: Whether it is a regular file: no link, pipe or device.
    """

    path: str
    regular: bool = True


class Marker(BaseModel):
    """What a folder of ours is.

    Attributes:
        kind: `corpus`, `model` or `study`.
        version: Version of tandemqa that began to write there.
        files: SHA-256 by path of files that people might edit, as they were written.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    version: str = ""
    files: Mapping[str, str] = {}

    def with_files(self, contents: Mapping[str, bytes]) -> "Marker":
        """Return the marker with the digests of more files."""
        digests = {name: sha256(content).hexdigest() for name, content in contents.items()}
        return self.model_copy(update={"files": {**self.files, **digests}})

    def encode(self) -> bytes:
        """Return the marker as it is written."""
        return self.model_dump_json(indent=2).encode() + b"\n"


def new_marker(kind: str) -> Marker:
    """Return the marker of a folder that is written now."""
    return Marker(kind=kind, version=version("tandemqa"))


def parse_marker(content: bytes, kind: str) -> Marker | None:
    """Return the marker, if it is one of this kind."""
    try:
        marker = Marker.model_validate_json(content)
    except ValidationError:
        return None
    return marker if marker.kind == kind else None


def read_marker(folder: Path, kind: str) -> Marker | None:
    """Return the marker of a local folder, if it has one of this kind."""
    try:
        return parse_marker(read_regular(folder, MARKER_NAME, MOST_BYTES), kind)
    except OSError:
        return None


def mark(folder: Path, kind: str) -> None:
    """Say that a local folder is ours; it is made if it is not there.

    Raises:
        UsageError: If nothing can be written there.
    """
    try:
        write_text(folder / MARKER_NAME, new_marker(kind).encode().decode())
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror or error}") from error


def check_is_folder(folder: Path, option: str) -> None:
    """Refuse what cannot be a folder to write to: a file, or a link to nothing.

    Raises:
        UsageError: Naming the option.
    """
    if folder.is_symlink() and not folder.exists():
        raise UsageError(f"{option} {folder} is a link to nothing; name a new or empty folder")
    for place in (folder, *folder.parents):
        if place.exists():
            if not place.is_dir():
                file = f"{folder} is" if place == folder else f"{folder}: {place} is"
                raise UsageError(f"{option} {file} a file; name a new or empty folder")
            return


def check_writable(folder: Path, option: str) -> None:
    """Make a folder and, for a moment, a file in it: better to fail now than after the work.

    Raises:
        UsageError: Naming the option, if that does not work.
    """
    probe = folder / partial_name("probe")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(f"{option}: cannot write to {folder}: {error.strerror}") from error


def list_entries(folder: Path) -> Iterator[Entry]:
    """Yield everything below a folder, sorted by folder; links are never followed below it.

    Raises:
        OSError: If a folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    if not folder.exists():
        return
    for here, folders, names in os.walk(folder, onerror=fail):
        folders.sort()
        links = [name for name in folders if Path(here, name).is_symlink()]
        for name in sorted([*names, *links]):
            path = Path(here, name)
            regular = S_ISREG(path.lstat().st_mode)
            yield Entry(path.relative_to(folder).as_posix(), regular)


def name_some(entries: Iterable[Entry]) -> str:
    """Return the first few entries, and how many more there are, for a message."""
    listed = [entry.path if entry.regular else f"{entry.path} (no file)" for entry in entries]
    more = len(listed) - _NAMED
    return ", ".join(listed[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def how_to_adopt(folder: str, kind: str) -> str:
    """Return what a person types to continue in a folder of an earlier version."""
    return (
        f"If this is an unfinished {kind} of an earlier version of tandemqa, say so and run the "
        f'command again: echo \'{{"kind": "{kind}"}}\' > {folder}/{MARKER_NAME}'
    )
