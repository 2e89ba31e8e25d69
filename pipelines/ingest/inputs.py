"""What the inputs of a build were, so that a change between two builds is noticed."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final

from apache_beam.io.filesystem import BeamIOError

from pipelines.formats import huggingface
from pipelines.formats.catalogue import HUGGING_FACE
from pipelines.formats.stream import match_files
from pipelines.ingest.source import Source
from pipelines.io.storage import checksum, is_local, list_files
from schemas.files import file_digest
from schemas.manifest import InputEntry
from schemas.plain_text import writable

# A file up to this size is hashed whole; of a larger one as much, in blocks all over it, and its
# time of change says the rest. So looking at an input takes half a second at most.
_HASHED: Final = 64 << 20
_BLOCK: Final = 1 << 20

_NAMED: Final = 3  # changed inputs that a message names


def describe_inputs(sources: Iterable[Source]) -> list[InputEntry]:
    """Return what the files and datasets of all sources are now, sorted by path."""
    entries = {entry.path: entry for source in sources for entry in _describe(source)}
    return [entry for _, entry in sorted(entries.items())]


def changed_inputs(before: Sequence[InputEntry], now: Sequence[InputEntry]) -> str:
    """Return how the inputs changed, as a clause for a message; empty if they did not.

    What could not be looked at, then or now, counts as unchanged. So does everything if nothing
    is known of the inputs, as in a corpus of an earlier version.
    """
    if not before:
        return ""
    old = {entry.path: entry.fingerprint for entry in before}
    new = {entry.path: entry.fingerprint for entry in now}
    paths = sorted({*old, *new})
    changed = [_told(path, old, new) for path in paths if _differ(old.get(path), new.get(path))]
    if not changed:
        return ""
    more = len(changed) - _NAMED
    named = ", ".join(changed[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
    what = f"{len(changed):,} of {len(paths):,} inputs" if len(paths) > 1 else "the input"
    return f"{what} changed since this corpus was built: {named}"


def _differ(old: str | None, new: str | None) -> bool:
    return old is None or new is None or bool(old and new and old != new)


def _told(path: str, old: dict[str, str], new: dict[str, str]) -> str:
    return path + (" (new)" if path not in old else " (gone)" if path not in new else "")


def _describe(source: Source) -> Iterator[InputEntry]:
    path = source.path
    if source.format in HUGGING_FACE and not Path(path).is_dir():
        yield InputEntry(path=f"hf:{path}", fingerprint=huggingface.revision(path))
        return
    try:
        if is_local(path) and Path(path).is_dir():
            files = _files_below(Path(path))
        else:
            files = match_files(path) or [found for found, _ in list_files(path)]
    except (BeamIOError, OSError, ValueError):
        files = []  # reading it will tell what is wrong
    for file in files:
        yield InputEntry(path=writable(file), fingerprint=_fingerprint(file))


def _files_below(folder: Path) -> list[str]:
    """Return the files of a collection: links too, as in the hub's cache, but nothing hidden."""
    names = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    shown = (name for name in names if not any(part.startswith(".") for part in name.parts))
    return [(folder / name).as_posix() for name in shown]


def _fingerprint(path: str) -> str:
    """Return what changes when the content does; empty if that cannot be known."""
    try:
        return _local_fingerprint(Path(path)) if is_local(path) else checksum(path)
    except OSError:
        return ""


def _local_fingerprint(path: Path) -> str:
    if not path.is_file():
        return ""  # a pipe can be read only once
    found = path.stat()
    if found.st_size <= _HASHED:
        return f"sha256:{file_digest(path)}"
    digest = sha256()
    last, blocks = found.st_size - _BLOCK, _HASHED // _BLOCK
    with path.open("rb") as file:
        for number in range(blocks):
            file.seek(number * last // (blocks - 1))
            digest.update(file.read(_BLOCK))
    return f"sample:{digest.hexdigest()} size:{found.st_size} changed:{found.st_mtime_ns}"
