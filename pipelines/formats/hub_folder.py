"""Directories as the Hugging Face hub keeps them: data files that are named for their splits."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from pipelines.formats.extensions import format_by_name
from pipelines.formats.stream import list_tree
from schemas.splits import split_name

DEFAULT: Final = ("data", "default")  # where the only, or the unnamed, configuration is kept
_SHARD: Final = re.compile(r"(?:.*/)?([A-Za-z]+)[^/]*-\d{5}-of-\d{5}[^/]*")
_WORD: Final = re.compile(r"[A-Za-z]+")


class SplitFile(NamedTuple):
    """A data file, and the split it is named for, as the data set calls it."""

    path: str
    split: str


def find_files(path: str) -> dict[str, list[SplitFile]]:
    """Return the data files in a directory by configuration, which are the folders they are in.

    Files that are not named for a split, such as `README.md` or `dataset_infos.json`, are no data.
    """
    return _by_configuration(list_tree(path))


def file_split(path: str) -> str:
    """Return the split that a file, or else the folder it is in, is named for; else ""."""
    *_, folder, file = ["", *path.split("/")]
    return _split_of(file) or _split_of(folder)


def shard_split(path: str) -> str:
    """Return the split in the name of a shard, such as `train-00000-of-00004`; else ""."""
    match = _SHARD.fullmatch(path)
    return match[1] if match and split_name(match[1]) else ""


def _by_configuration(files: Mapping[str, str]) -> dict[str, list[SplitFile]]:
    found: dict[str, list[SplitFile]] = {}
    for name, path in sorted(files.items()):
        *folders, file = name.split("/")
        if not format_by_name(file) or any(folder.startswith(".") for folder in folders):
            continue
        split = file_split(name)
        if folders and split == folders[-1]:  # train/0000.parquet
            folders.pop()
        if split:
            configuration = "/".join(folder for folder in folders if folder not in DEFAULT)
            found.setdefault(configuration, []).append(SplitFile(path, split))
    return found


def _split_of(name: str) -> str:
    """Return the split that a name begins with, such as `validation_matched-00000`."""
    match = _WORD.match(name)
    return match[0] if match and split_name(match[0]) else ""
