"""The folder that a corpus is written to: whose it is, and what may be replaced in it.

A finished corpus or a marker of ours makes a folder ours. Of what is in it, only names that we
can have made are removed; cards and reports only as long as nobody edited them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from pipelines.io.storage import (
    delete,
    exists,
    is_local,
    join,
    list_entries,
    read_below,
    write_bytes,
)
from schemas.corpus_layout import (
    CARD_NAME,
    FOLDERS,
    MANIFEST_NAME,
    REPORT_FACTS_NAME,
    REPORT_PAGE_NAME,
    TOP_FILES,
    is_parquet_name,
    is_partial_name,
)
from schemas.errors import UsageError
from schemas.manifest import Manifest, ManifestError, load_manifest
from schemas.ownership import (
    MARKER_NAME,
    MOST_BYTES,
    Entry,
    Marker,
    check_is_folder,
    how_to_adopt,
    name_some,
    new_marker,
    parse_marker,
)

REPORTS: Final = (REPORT_FACTS_NAME, REPORT_PAGE_NAME)

_KIND: Final = "corpus"
_PAGES: Final = (CARD_NAME, *REPORTS)
_MOST_PAGE_BYTES: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """What is at an output before a command writes there.

    Attributes:
        path: The folder.
        entries: All that is in it.
        marker: Our marker, if there is one.
        manifest: The manifest of a finished corpus, if there is one that can be read.
        fault: Why the manifest that is there cannot be read; empty if there is none.
    """

    path: str
    entries: tuple[Entry, ...] = ()
    marker: Marker | None = None
    manifest: Manifest | None = None
    fault: str = ""


def look_at_output(path: str) -> OutputFolder:
    """Return what is at an output, if a corpus may be written there.

    Raises:
        UsageError: If it is no folder, or holds what tandemqa did not write, and it is no corpus
            or readers of the corpus would take it for a part.
    """
    if is_local(path):
        check_is_folder(Path(path), "--output")
    try:
        entries = tuple(list_entries(path))
    except OSError as error:
        raise UsageError(f"--output {path}: cannot be read ({error})") from error
    manifest, fault = None, ""
    if Entry(MANIFEST_NAME) in entries:
        try:
            manifest = load_manifest(path, read_below)
        except ManifestError as error:
            fault = str(error)
    folder = OutputFolder(path, entries, _read_marker(path), manifest, fault)
    if entries and not (folder.marker or manifest):
        raise UsageError(_refusal(folder))
    in_the_way = list(filter(_is_in_the_way, entries))
    if in_the_way:
        raise UsageError(
            f"--output {path} contains files that tandemqa did not write, where the corpus has "
            f"its own: {name_some(in_the_way)}; move them away, or name another folder"
        )
    return folder


def clear_output(folder: OutputFolder) -> None:
    """Prepare a folder for a new corpus: mark it, and remove what describes an earlier one.

    Shards stay until the new ones are written. The manifest goes last, so that a folder is never
    left in which a card or report describes no corpus.

    Raises:
        UsageError: If a card or report was edited, or nothing can be written there.
    """
    path = folder.path
    check_pages(path, _PAGES, folder.manifest)
    names = {entry.path for entry in folder.entries}
    try:
        write_bytes(join(path, MARKER_NAME), (folder.marker or new_marker(_KIND)).encode())
        for name in sorted(filter(is_partial_name, names)):
            delete(join(path, name))
        for name in (*_PAGES, MANIFEST_NAME):
            if name in names:
                delete(join(path, name))
    except OSError as error:
        raise UsageError(f"cannot write to --output {path}: {error}") from error


def check_pages(path: str, names: Iterable[str], manifest: Manifest | None) -> None:
    """Refuse to replace a card or report that is not as tandemqa wrote it.

    Raises:
        UsageError: Naming it, and what to do.
    """
    marker = _read_marker(path)
    known = dict(marker.files) if marker else {}
    for name in names:
        digests = {known.get(name), manifest.card_sha256 if manifest else ""}
        try:
            content = read_below(path, name, _MOST_PAGE_BYTES)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(f"{error}; move it away, then run the command again") from error
        # Versions without markers did not note what a report was; all of them say who made it.
        unrecorded = name in REPORTS and name not in known and b"tandemqa" in content
        if not unrecorded and sha256(content).hexdigest() not in digests:
            raise UsageError(
                f"{join(path, name)} is not known to be as tandemqa wrote it: it may have been "
                "edited. Move it away or delete it, then run the command again"
            )


def write_pages(output: str, contents: Mapping[str, bytes]) -> None:
    """Write a card or reports, and note what they are, so that later edits are recognised.

    Their old versions go first: at no time does a page stand there that the marker does not know.
    """
    for name in contents:
        delete(join(output, name))
    marker = _read_marker(output) or new_marker(_KIND)
    write_bytes(join(output, MARKER_NAME), marker.with_files(contents).encode())
    for name, content in contents.items():
        write_bytes(join(output, name), content)


def delete_leftovers(output: str, written: set[str]) -> None:
    """Delete Parquet files of earlier attempts with other shards, languages or records."""
    for entry in list_entries(output):
        if entry.regular and is_parquet_name(entry.path) and entry.path not in written:
            delete(join(output, entry.path))


def has_reports(output: str) -> bool:
    """Return whether both reports are there."""
    return all(exists(join(output, name)) for name in REPORTS)


def check_apart(corpus: str, output: str) -> None:
    """Refuse an output that is a corpus which is read, or inside or above it.

    Raises:
        UsageError: If it is.
    """
    there, here = _parts(corpus), _parts(output)
    if there[: len(here)] == here or here[: len(there)] == there:
        where = "is" if here == there else "is inside" if len(here) > len(there) else "contains"
        raise UsageError(f"--output {output} {where} the corpus {corpus}; name a folder beside it")


def _parts(path: str) -> list[str]:
    return (str(Path(path).resolve()) if is_local(path) else path).rstrip("/").split("/")


def _read_marker(path: str) -> Marker | None:
    try:
        return parse_marker(read_below(path, MARKER_NAME, MOST_BYTES), _KIND)
    except OSError:
        return None


def _refusal(folder: OutputFolder) -> str:
    """Return why a folder that is not ours is not written to."""
    foreign = [entry for entry in folder.entries if not (entry.regular and is_ours(entry.path))]
    if folder.fault:
        return f"--output: {folder.fault}; name a new or empty folder"
    if foreign or not any(is_parquet_name(entry.path) for entry in folder.entries):
        return (
            f"--output {folder.path} contains files that tandemqa did not write: "
            f"{name_some(foreign or folder.entries)}; name a new or empty folder"
        )
    return (
        f"--output {folder.path} has neither a manifest nor a marker of tandemqa, but contains "
        f"{name_some(folder.entries)}; name a new or empty folder. "
        f"{how_to_adopt(folder.path, _KIND)}"
    )


def is_ours(path: str) -> bool:
    """Return whether a path, relative to a corpus, is one that tandemqa writes."""
    return path in TOP_FILES or is_parquet_name(path) or is_partial_name(path)


def _is_in_the_way(entry: Entry) -> bool:
    """Whether something would be read as a part of the corpus, or is in the place of one."""
    if entry.path.partition("/")[0] in FOLDERS:
        known = is_parquet_name(entry.path) or is_partial_name(entry.path)
        return not (entry.regular and known)
    return not entry.regular and entry.path in TOP_FILES
