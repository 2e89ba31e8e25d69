"""What stands at the output of a build before it starts, and its manifest afterwards."""

from typing import Final

from pipelines.corpus.config import BuildConfig
from pipelines.io.remote import check_folder
from pipelines.io.storage import (
    delete,
    delete_partial_files,
    exists,
    is_local,
    join,
    list_files,
    read_below,
)
from schemas.command import FailedRunError, UsageError
from schemas.corpus_layout import CARD_NAME, MANIFEST_NAME
from schemas.manifest import Manifest, ManifestError, load_manifest
from translators.memory import directory

_OURS: Final = ("data/", "quarantine/", CARD_NAME, MANIFEST_NAME, "report.html", "report.json")


def prepare_output(config: BuildConfig, overwrite: bool) -> bool:
    """Return whether there is anything to build; leave no manifest behind when there is.

    A folder without a manifest holds what a killed build left: it is built again over it.

    Raises:
        UsageError: If the folder holds another corpus (without `overwrite`) or other things, or
            a remote folder cannot be written.
    """
    check_remote_folders(config.output, config.translation.memory)
    foreign = [
        path
        for path, _ in list_files(config.output)
        if not path.removeprefix(config.output).lstrip("/").startswith(_OURS)
    ]
    if foreign:
        raise UsageError(
            f"--output {config.output} holds what is no corpus ({foreign[0]}); name an empty or "
            "a new folder"
        )
    path = join(config.output, MANIFEST_NAME)
    if exists(path):
        if not overwrite and _is_same(config, read_manifest(config.output)):
            return False
        if not overwrite:
            raise UsageError(
                f"--output {config.output} holds a corpus of another configuration; "
                "add --overwrite to replace it, or name another folder"
            )
        delete(path)
    delete_partial_files(config.output)
    return True


def check_remote_folders(*folders: str) -> None:
    """Refuse remote folders that cannot be written.

    Raises:
        UsageError: Naming all of them.
    """
    problems = []
    for folder in folders:
        try:
            if not is_local(folder):
                check_folder(folder)
        except (OSError, ValueError) as error:
            problems.append(f"cannot write to {folder}: {error}")
    if problems:
        raise UsageError("; ".join(problems))


def read_manifest(output: str) -> Manifest:
    """Return the manifest of a corpus.

    Raises:
        FailedRunError: If there is none or it cannot be read.
    """
    try:
        return load_manifest(output, read_below)
    except ManifestError as error:
        raise FailedRunError(str(error)) from error


def _is_same(config: BuildConfig, manifest: Manifest) -> bool:
    folders = {lang: directory(info, lang) for lang, info in config.translation.infos}
    return (
        manifest.config == config.as_json()
        and {lang: entry.memory for lang, entry in manifest.translators.items()} == folders
    )
