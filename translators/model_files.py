"""Find a model's files: a local directory, or a snapshot in the Hugging Face cache."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from schemas.errors import NotInstalledError
from schemas.files import kept_digest

_SMALL_FILES: Final = ("*.json", "*.spm", "*.model", "README.md")
_HASHED_FILES: Final = ("*.json", "*.spm", "*.model")
# Safetensors cannot run code. A model that has only `pytorch_model.bin` is read by
# `torch.load(weights_only=True)`, which refuses anything but tensors.
_WEIGHTS: Final = ("model*.safetensors", "pytorch_model*.bin")

_SPDX: Final = {"apache-2.0": "Apache-2.0", "mit": "MIT"}


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model that was found; its weights may not be here yet.

    Attributes:
        name: Name on the hub, or the last part of the directory.
        directory: Where configuration and tokenizer are.
        revision: Commit on the hub, or `sha256:` of the files of a local directory.
        on_hub: Whether the directory is a snapshot of the hub.
    """

    name: str
    directory: Path
    revision: str
    on_hub: bool

    @property
    def license(self) -> str:
        """Licence in the model card (an SPDX name where it is known); empty without one."""
        card = self.directory / "README.md"
        if not card.is_file():
            return ""
        header = re.match(r"---\n(.*?)\n---", card.read_text(encoding="utf-8"), re.DOTALL)
        found = re.search(r"^license: *['\"]?([\w.+-]+)", header[1], re.M) if header else None
        if not found:
            return ""
        return _SPDX.get(found[1], found[1].upper() if found[1].startswith("cc") else found[1])

    def with_weights(self) -> Path:
        """Return the directory once the weights are in it, downloading them if need be.

        Raises:
            ValueError: If the model has no weights.
            NotInstalledError: If they cannot be downloaded.
        """
        for pattern in _WEIGHTS:
            if any(self.directory.glob(pattern)):
                return self.directory
        if not self.on_hub:
            raise ValueError(
                f"model {self.directory}: no weights, neither {' nor '.join(_WEIGHTS)}. "
                "Copy the whole model there."
            )
        for pattern in _WEIGHTS:
            _download(self.name, self.revision, [pattern])
            if any(self.directory.glob(pattern)):
                return self.directory
        raise ValueError(
            f"model {self.name}: the hub has no {' or '.join(_WEIGHTS)} at commit {self.revision}."
        )


def find_model(name: str, cache: Path) -> ModelFiles:
    """Find a model without loading its weights.

    What is in the Hugging Face cache is used as it is, so that a new commit on the hub does not
    change a running project. Delete it there, or name a revision, to get another one.

    Args:
        name: A directory, or a hub name such as `Helsinki-NLP/opus-mt-en-es`; the latter may
            end in `@` and a branch, tag or commit.
        cache: Where hashes of large files are remembered.

    Raises:
        ValueError: If there is no such model.
        NotInstalledError: If it cannot be downloaded.
    """
    directory = Path(name).expanduser()
    if directory.is_dir():
        if not (directory / "config.json").is_file():
            raise ValueError(f"model {name}: the directory has no config.json, so it is no model.")
        revision = _hash_model(directory, cache)
        return ModelFiles(directory.resolve().name, directory, revision, on_hub=False)
    name, _, revision = name.partition("@")
    if not re.fullmatch(r"\w[\w.-]*/[\w.-]+", name):
        raise ValueError(
            f"model {name}: no such directory, and not a hub name such as "
            "Helsinki-NLP/opus-mt-en-es. Give the directory of a model."
        )
    snapshot = _cached(name, revision) or _download(name, revision, _SMALL_FILES)
    return ModelFiles(name, snapshot, snapshot.name, on_hub=True)


def hub_command(name: str) -> str:
    """Return what to type to have a model of the hub; empty when its weights are in the cache."""
    from huggingface_hub.constants import HF_HUB_CACHE

    snapshots = Path(HF_HUB_CACHE, f"models--{name.replace('/', '--')}", "snapshots")
    if any(True for pattern in _WEIGHTS for _ in snapshots.glob(f"*/{pattern}")):
        return ""
    return f"hf download {name}"


def _cached(name: str, revision: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        snapshot = Path(snapshot_download(name, revision=revision or None, local_files_only=True))
    except LocalEntryNotFoundError:
        return None
    return snapshot if (snapshot / "config.json").is_file() else None


def _download(name: str, revision: str, patterns: Sequence[str]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.constants import HF_HUB_CACHE
    from huggingface_hub.errors import HfHubHTTPError

    try:
        snapshot = Path(
            snapshot_download(name, revision=revision or None, allow_patterns=list(patterns))
        )
    except (OSError, HfHubHTTPError) as error:
        at = f" --revision {revision}" if revision else ""
        raise NotInstalledError(
            f"model {name}: neither a directory nor in the Hugging Face cache {HF_HUB_CACHE}, and "
            f"it could not be downloaded ({str(error).splitlines()[0]}). Without network, bring "
            "that cache folder here from a machine that has one (HF_HUB_CACHE names it), or give "
            "the directory of a copy",
            f"hf download {name}{at}",
        ) from error
    if not (snapshot / "config.json").is_file():
        raise ValueError(f"model {name}: the hub repository has no config.json, so it is no model.")
    return snapshot


def _hash_model(directory: Path, cache: Path) -> str:
    """Return one hash of configuration, tokenizer and weights."""
    files = {file for pattern in _HASHED_FILES for file in directory.glob(pattern)}
    files.update(next(filter(None, (list(directory.glob(p)) for p in _WEIGHTS)), []))
    digest = sha256()
    for file in sorted(files):
        content = kept_digest(file, cache / "hashes")
        digest.update(f"{file.name} {content}\n".encode())
    return f"sha256:{digest.hexdigest()}"
