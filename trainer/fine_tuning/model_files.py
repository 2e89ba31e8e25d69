"""The files in the folder of a model: which are ours, how they are saved, and what is removed.

The marker lists the files of the model with their digests. What is not listed there, or was
edited since, is a user's.
"""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.errors import FailedRunError, UsageError
from schemas.files import file_digest, partial_name, read_json, write_bytes, write_json
from schemas.model_recognition import RECORD_NAME
from schemas.ownership import (
    MARKER_NAME,
    Entry,
    Marker,
    how_to_adopt,
    list_entries,
    name_some,
    new_marker,
    read_marker,
)
from trainer.fine_tuning.run_record import read_identity, read_record

CHECKPOINTS_NAME: Final = "checkpoints"
LOGS_NAME: Final = "logs"
NEGATIVES_NAME: Final = "negatives"
"""Folder among the checkpoints with the negatives that were mined."""
COMPLETE_NAME: Final = "complete"
"""File in a checkpoint that all processes have written their part of: digests of its files."""

KIND: Final = "model"
RUN_NAME: Final = "run.json"
_CARD_NAME: Final = "README.md"
CHECKPOINT: Final = re.compile(r"checkpoint-[0-9]{1,12}")
_AMONG_CHECKPOINTS: Final = re.compile(
    rf"(?:{CHECKPOINT.pattern}|{NEGATIVES_NAME}|{RUN_NAME}"
    rf"|(?:{NEGATIVES_NAME}|{KIND}|{RUN_NAME})\.[0-9a-f]{{8}}\.partial)"
)
_LOG: Final = re.compile(rf"{LOGS_NAME}/events\.out\.tfevents\.[\w.-]+")
# Files of a model, but for its card.
_MODEL_FILE: Final = re.compile(
    r"(?:[0-9]+_\w+/)?(?:[\w.-]*config[\w.-]*\.json|modules\.json|tokenizer[\w.-]*"
    r"|special_tokens_map\.json|added_tokens\.json|vocab\.(?:txt|json)|merges\.txt|[\w.-]+\.model"
    r"|chat_template\.jinja|(?:adapter_)?model[\w.-]*\.(?:safetensors|bin|json))"
)


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What is in the folder of a run.

    Attributes:
        path: The folder.
        entries: All that is in it.
        marker: Our marker, if there is one.
        record: The record of a finished run, if there is one.
        begun: What an unfinished run trains, if there is one.
    """

    path: Path
    entries: tuple[Entry, ...]
    marker: Marker | None
    record: dict[str, Any] | None
    begun: dict[str, Any] | None


def look_at_model(output: Path) -> ModelFolder:
    """Return what is in a folder.

    Raises:
        UsageError: If it is not empty, and not ours; or what is among the checkpoints is not.
    """
    try:
        entries = tuple(list_entries(output))
    except OSError as error:
        raise UsageError(f"--output {output}: cannot be read ({error})") from error
    links = [entry for entry in entries if not entry.regular and _is_in_the_way(entry.path)]
    if links:
        raise UsageError(f"--output {output}: {name_some(links)}; move it away")
    marker = read_marker(output, KIND)
    record = read_record(output / RECORD_NAME)
    begun = read_identity(output / CHECKPOINTS_NAME / RUN_NAME)
    if entries and marker is None and record is None and begun is None:
        unfinished = any(entry.path.startswith(f"{CHECKPOINTS_NAME}/") for entry in entries)
        raise UsageError(
            f"--output {output} contains other files ({name_some(entries)}); name an empty or a "
            f"new folder{f'. {how_to_adopt(str(output), KIND)}' if unfinished else ''}"
        )
    foreign = [entry for entry in entries if _is_foreign_checkpoint(entry.path)]
    if foreign:
        raise UsageError(
            f"--output {output} contains files that tandemqa did not write, where checkpoints are "
            f"removed: {name_some(foreign)}; move them away"
        )
    return ModelFolder(output, entries, marker, record, begun)


def _is_in_the_way(path: str) -> bool:
    """Whether a link or pipe of this name is in the place of something that we write."""
    return path in (RECORD_NAME, MARKER_NAME, LOGS_NAME, CHECKPOINTS_NAME) or bool(
        re.fullmatch(f"{CHECKPOINTS_NAME}/[^/]+", path)
    )


def _is_foreign_checkpoint(path: str) -> bool:
    """Whether something is in the folder of checkpoints, and is not ours."""
    folder, _, rest = path.partition("/")
    name = rest.partition("/")[0]
    return folder == CHECKPOINTS_NAME and not _AMONG_CHECKPOINTS.fullmatch(name)


def claim_folder(folder: ModelFolder) -> None:
    """Mark a folder as ours before a model is trained in it.

    Raises:
        UsageError: If it has files in the place of those of the model, or cannot be written to.
    """
    output = folder.path
    marker = folder.marker or _adopt(folder)
    foreign = [
        entry
        for entry in folder.entries
        if _is_model_name(entry.path) and not _is_unchanged(output, entry.path, marker)
    ]
    if foreign:
        raise UsageError(
            f"--output {output} contains files that tandemqa did not write, where the model would "
            f"be saved: {name_some(foreign)}; move them away, or name another folder"
        )
    try:
        write_bytes(output / MARKER_NAME, marker.encode())
    except OSError as error:
        raise UsageError(f"cannot write to --output {output}: {error}") from error


def save_model(output: Path, save: Callable[[Path], None]) -> None:
    """Save the model in the folder of its run, and note what its files are.

    An earlier model that it replaces stays whole until all files of the new one are written.

    Args:
        output: The folder.
        save: Writes all files of the model into the folder it is given, which is there and empty.

    Raises:
        FailedRunError: If a file that we did not write has the name of one of them, or one of the
            earlier model was edited.
    """
    made = output / CHECKPOINTS_NAME / partial_name(KIND)
    made.mkdir(parents=True)
    save(made)
    digests = {entry.path: file_digest(made / entry.path) for entry in list_entries(made)}
    marker = read_marker(output, KIND) or new_marker(KIND)
    replaced = {**digests, **marker.files}
    foreign = [name for name in replaced if not _is_unchanged(output, name, marker)]
    if foreign:
        raise FailedRunError(
            f"{output}: the model cannot be saved, as there are files that tandemqa did not write: "
            f"{name_some(map(Entry, foreign))}. Move them away, then run the command again with "
            "--resume: nothing is trained twice"
        )
    # At no time is there a file that the marker does not know, or a record beside other files than
    # those of its model.
    (output / RECORD_NAME).unlink(missing_ok=True)
    for name in replaced:
        (output / name).unlink(missing_ok=True)
        if "/" in name and name not in digests:
            remove_if_empty((output / name).parent)
    marker = marker.model_copy(update={"files": digests})
    write_bytes(output / MARKER_NAME, marker.encode())
    for name in digests:
        (output / name).parent.mkdir(exist_ok=True)
        (made / name).replace(output / name)


def remove_model(output: Path) -> None:
    """Remove a finished model and what is left of its run; other files stay.

    Raises:
        UsageError: If the folder is not ours, or files of the model were edited.
    """
    remove_run(look_at_model(output))
    (output / MARKER_NAME).unlink(missing_ok=True)
    remove_if_empty(output)


def clear_run(folder: ModelFolder) -> None:
    """Make room for another run in a folder of ours; a finished model stays until that is done.

    Raises:
        UsageError: If files of the model were edited; then nothing is removed.
    """
    if folder.record is None:
        remove_run(folder)
        return
    _own_files(folder, folder.marker or _adopt(folder))
    remove_checkpoints(folder.path)
    remove_logs(folder.path)


def _own_files(folder: ModelFolder, marker: Marker) -> list[str]:
    """Return the files of the model in a folder.

    Raises:
        UsageError: If some were edited.
    """
    output = folder.path
    files = [entry.path for entry in folder.entries if entry.path in marker.files]
    if folder.record is not None and Entry(_CARD_NAME) in folder.entries:
        files.append(_CARD_NAME)
    edited = [name for name in files if not _is_unchanged(output, name, marker)]
    if edited:
        raise UsageError(
            f"--output {output}: {name_some(map(Entry, edited))} may have been edited since "
            "tandemqa wrote it; move it away or delete it, then run the command again"
        )
    return files


def remove_run(folder: ModelFolder) -> None:
    """Remove the model and the run in a folder of ours; other files stay.

    Raises:
        UsageError: If files of the model were edited; then nothing is removed.
    """
    output = folder.path
    marker = folder.marker or _adopt(folder)
    files = _own_files(folder, marker)
    if not folder.entries:
        return
    write_bytes(output / MARKER_NAME, marker.encode())  # ours until all is removed
    (output / RECORD_NAME).unlink(missing_ok=True)
    remove_checkpoints(output)
    remove_logs(output)
    for name in files:
        (output / name).unlink(missing_ok=True)
        if "/" in name:
            remove_if_empty((output / name).parent)


def _adopt(folder: ModelFolder) -> Marker:
    """Return a marker for a folder that has none: the files that its version saved are ours.

    The card is not: nobody noted what it was, and people edit it.
    """
    known = folder.record is not None or folder.begun is not None
    names = [entry.path for entry in folder.entries if known and entry.regular]
    files = {name: file_digest(folder.path / name) for name in names if _MODEL_FILE.fullmatch(name)}
    return new_marker(KIND).model_copy(update={"files": files})


def _is_model_name(path: str) -> bool:
    return path == _CARD_NAME or bool(_MODEL_FILE.fullmatch(path))


def _is_unchanged(output: Path, name: str, marker: Marker) -> bool:
    """Whether there is no such file, or it is as we wrote it."""
    path = output / name
    if not os.path.lexists(path):
        return True
    regular = path.is_file() and not path.is_symlink()
    return regular and file_digest(path) == marker.files.get(name)


def remove_checkpoints(output: Path) -> None:
    """Remove the checkpoints of a run, and all that is kept for it among them."""
    checkpoints = output / CHECKPOINTS_NAME
    for path in checkpoints.iterdir() if checkpoints.is_dir() else ():
        if _AMONG_CHECKPOINTS.fullmatch(path.name) and not path.is_symlink():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    remove_if_empty(checkpoints)


def complete_checkpoint(folder: Path) -> None:
    """Mark a checkpoint that all processes have written, and note what its files are."""
    (folder / COMPLETE_NAME).unlink(missing_ok=True)
    digests = {entry.path: file_digest(folder / entry.path) for entry in list_entries(folder)}
    write_json(folder / COMPLETE_NAME, digests)


def find_damage(checkpoint: Path) -> str:
    """Return what is wrong with a complete checkpoint; empty if nothing is.

    Those of earlier versions say nothing of their files, and are taken as they are.
    """
    marker = checkpoint / COMPLETE_NAME
    if marker.is_file() and not marker.stat().st_size:
        return ""
    try:
        digests = read_json(marker)
        for name, digest in digests.items():
            path = checkpoint / name
            if not path.is_file():
                return f"{name} is missing"
            if file_digest(path) != digest:
                return f"{name} is not what was written"
    except (OSError, ValueError) as error:
        return f"it cannot be read ({error})"
    return ""


def remove_old_checkpoints(checkpoints: Path, best: int | None) -> None:
    """Keep the newest checkpoint and the best one, or the newest two; by step, not by time.

    Args:
        checkpoints: Their folder.
        best: Step of the best one so far.
    """
    found = {
        int(path.name.partition("-")[2]): path
        for path in checkpoints.iterdir()
        if CHECKPOINT.fullmatch(path.name) and not path.is_symlink()
    }
    newest = sorted(found, reverse=True)
    kept = {*newest[:1], best} if best in newest[1:] else {*newest[:2]}
    for step in set(newest) - kept:
        shutil.rmtree(found[step])


def remove_logs(output: Path) -> None:
    """Remove the logs for TensorBoard."""
    for entry in list_entries(output / LOGS_NAME):
        if entry.regular and _LOG.fullmatch(f"{LOGS_NAME}/{entry.path}"):
            (output / LOGS_NAME / entry.path).unlink()
    remove_if_empty(output / LOGS_NAME)


def remove_if_empty(folder: Path) -> None:
    """Remove a folder in which nothing is left."""
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()
