"""What stands at the output of a build before it starts, and its manifest afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from pipelines.corpus.config import BuildConfig
from pipelines.corpus.output_folder import check_apart, clear_output, look_at_output
from pipelines.ingest.inputs import changed_inputs, describe_inputs
from pipelines.io.remote import check_folder
from pipelines.io.storage import exists, is_local, read_below
from pipelines.translation.translate import TranslationPlan
from schemas.errors import FailedRunError, UsageError
from schemas.manifest import Manifest, ManifestError, load_manifest
from schemas.ownership import check_is_folder, check_writable, list_entries, name_some
from schemas.settings_difference import first_difference
from translators.kept_vectors import KINDS, VECTORS_SUFFIX
from translators.memory import INFO_NAME, directory


def check_output(output: str) -> None:
    """Refuse a local folder that no corpus can be written to, before anything else is looked at.

    Raises:
        UsageError: If it is no folder, or holds what tandemqa did not write.
    """
    if is_local(output):
        look_at_output(output)


def prepare_output(config: BuildConfig, overwrite: bool) -> BuildConfig | None:
    """Return the build with its inputs as they are now, or None if there is nothing to build.

    A folder of ours without a manifest holds what a killed build left: it is built again over it.

    Raises:
        UsageError: If the folder holds another corpus, or one of other inputs, without
            `overwrite`; if it or the memory holds what tandemqa did not write; or if they cannot
            be written.
    """
    check_remote_folders(config.output, config.translation.memory)
    check_memory(config.translation)
    sources = chain(config.sources, (chosen.source for chosen in config.evaluation_sets))
    config = replace(config, inputs=tuple(describe_inputs(sources)))
    folder = look_at_output(config.output)
    if not overwrite and folder.fault:
        raise UsageError(f"{folder.fault}. Add --overwrite to replace the corpus")
    if not overwrite and folder.manifest:
        _check_is_same(config, folder.manifest)
        return None
    clear_output(folder)
    return config


def prepare_new_output(output: str, corpora: Sequence[str]) -> None:
    """Prepare the output of a command that makes a new corpus from others.

    What a killed run of the command left there is replaced.

    Raises:
        UsageError: If the folder holds a corpus or what tandemqa did not write, is inside or
            above one of the corpora, or cannot be written.
    """
    for corpus in corpora:
        check_apart(corpus, output)
    check_remote_folders(output)
    folder = look_at_output(output)
    if folder.manifest or folder.fault:
        raise UsageError(f"--output {output} holds a corpus; name a new folder")
    clear_output(folder)


def check_new_file(path: str, option: str) -> None:
    """Refuse to write a file where there is something already, or where nothing can be written.

    Raises:
        UsageError: If so.
    """
    if exists(path):
        raise UsageError(f"{option} {path} is there already; name a new file")
    if is_local(path):
        check_writable(Path(path).parent, option)


def check_memory(plan: TranslationPlan) -> None:
    """Refuse a local memory that is another folder, or leads out of itself through a link.

    Raises:
        UsageError: If it is or does.
    """
    if not is_local(plan.memory):
        return
    memory = Path(plan.memory)
    check_is_folder(memory, "--memory")
    for folder in map(Path, plan.folders):
        for place in (folder, *folder.parents):
            if place == memory:
                break
            if place.is_symlink():
                raise UsageError(f"--memory {memory}: {place} is a link; links are not followed")
            if place.exists():
                check_is_folder(place, "--memory")
    check_kept(plan.memory)


def check_kept(path: str) -> None:
    """Refuse a local memory beside which nothing can be kept: links in it, a folder of others.

    Raises:
        UsageError: If it is one.
    """
    if not is_local(path):
        return
    memory = Path(path)
    check_is_folder(memory, "--memory")
    for kind in KINDS:
        for place in (memory / kind, *memory.glob(f"{kind}/*")):
            if place.is_symlink():
                raise UsageError(f"--memory {memory}: {place} is a link; links are not followed")
    if not is_memory(memory) and (foreign := list(list_entries(memory))):
        raise UsageError(
            f"--memory {memory} is no translation memory, and contains {name_some(foreign)}; name "
            "a new or empty folder"
        )


def is_memory(folder: Path) -> bool:
    """Return whether a local folder holds something that we remember."""
    ours = (f"*/*/*/{INFO_NAME}", *(f"{kind}/*/*{VECTORS_SUFFIX}" for kind in KINDS))
    return any(next(folder.glob(pattern), None) for pattern in ours)


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


def _check_is_same(config: BuildConfig, manifest: Manifest) -> None:
    """Raise UsageError unless a corpus is what a build would make of these inputs."""
    plan = config.translation
    folders = {
        lang: " + ".join(directory(who, lang) for who in plan.all_infos(lang))
        for lang in config.languages
    }
    found = {
        lang: " + ".join(who.memory for who in (entry, *entry.fallbacks))
        for lang, entry in manifest.translators.items()
    }
    difference = first_difference(manifest.config, config.as_json()) or first_difference(
        {"translator": found}, {"translator": folders}
    )
    if difference:
        raise UsageError(
            f"--output {config.output} holds a corpus of another configuration ({difference}); "
            "add --overwrite to replace it, or name another folder"
        )
    if changed := changed_inputs(manifest.inputs, config.inputs):
        raise UsageError(
            f"--output {config.output}: {changed}; add --overwrite to build it again, or name "
            "another folder"
        )
