"""Which files of a collection hold its passages, its queries and its judgements.

Known are the layouts of BEIR, of MTEB's retrieval sets on the Hugging Face hub, of MIRACL, of
Mr. TyDi and of MS MARCO; alone, or with a folder for each language.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, Literal, NamedTuple

from schemas.language import UnknownLanguage, parse_language
from schemas.splits import split_name

Role = Literal["passages", "queries", "judgements"]

ROLES: Final[tuple[Role, ...]] = ("passages", "queries", "judgements")
WANTED: Final[Mapping[Role, str]] = {
    "passages": "corpus.jsonl, corpus/*.parquet or collection.tsv",
    "queries": "queries.jsonl, queries/*.parquet or queries.*.tsv",
    "judgements": "qrels/*.tsv, qrels/*.parquet or qrels.*.tsv",
}

_PACKED: Final = (".gz", ".bz2", ".zst")
# Where one thing is there in several formats, the first of these is read.
_FORMATS: Final = (".jsonl", ".json", ".tsv", ".csv", ".txt", ".parquet", ".arrow")
_ROLE_NAMES: Final[Mapping[str, Role]] = {
    "corpus": "passages",
    "collection": "passages",
    "docs": "passages",
    "queries": "queries",
    "query": "queries",
    "topics": "queries",
    "topic": "queries",
    "qrels": "judgements",
}
# `corpus`, `sw-corpus`, `queries.dev.small`, `topics.miracl-v1.0-sw-dev`, `docs-0`
_NAMED: Final = re.compile(rf"(?:(?P<label>.+)-)?(?P<role>{'|'.join(_ROLE_NAMES)})(?:[.-].*)?")
_FOLDER: Final = re.compile(r"(?:(?P<label>.+)-)?(?P<role>corpus|queries|query|topics?|qrels)")
# The hub keeps the `default` configuration, which holds the judgements, in one of these.
_DEFAULT: Final = ("data", "default")
# What `save_to_disk` writes beside the data.
_NO_DATA: Final = {"dataset_info", "dataset_dict", "state"}
_BESIDE: Final[Mapping[Role, str]] = {"passages": "corpus", "judgements": "qrels"}
_RELEASE: Final = re.compile(r"(?:miracl|miracl-corpus|mrtydi)-v[\d.]+-(?P<lang>.+)")


class Part(NamedTuple):
    """One file of a collection.

    Attributes:
        role: What is in it.
        path: Where it is.
        split: The split in its name (`dev`), "" if it names none.
        lang: Language, or the set's own name of a part of it; "" where it has one part only.
    """

    role: Role
    path: str
    split: str = ""
    lang: str = ""


def locate_parts(path: str, list_files: Callable[[str], Mapping[str, str]]) -> list[Part]:
    """Return the files of the collection at a path.

    The hub keeps what belongs together in two repositories, miracl and miracl-corpus, scifact and
    scifact-qrels: what is missing is looked for beside the folder.

    Args:
        path: A folder or a zip file.
        list_files: Returns the files in one, by their names in it; none if it is not there.
    """
    files = dict(list_files(path))
    parts = find_parts(files)
    found = {part.role for part in parts}
    missing = [folder for role, folder in _BESIDE.items() if role not in found]
    if not parts or not missing:
        return parts
    for folder in missing:
        beside = list_files(f"{path.rstrip('/')}-{folder}")
        files |= {f"{folder}/{name}": file for name, file in beside.items()}
    return find_parts(files)


def find_parts(files: Mapping[str, str]) -> list[Part]:
    """Return the files of a collection, sorted; roles without a file are simply absent.

    Args:
        files: Paths by their names inside the collection, with forward slashes.
    """
    chosen: dict[tuple[str, ...], tuple[int, Part]] = {}
    for name, path in sorted(files.items()):
        plain, format = _strip(name)
        if format not in _FORMATS or (part := _classify(plain, path)) is None:
            continue
        rank = _FORMATS.index(format)
        key = (part.role, part.lang, plain)
        if key not in chosen or rank < chosen[key][0]:
            chosen[key] = rank, part
    return _settle_labels([part for _, part in chosen.values()])


def is_collection(parts: Iterable[Part]) -> bool:
    """Return whether there is enough to take a folder for a collection."""
    return {"passages", "queries"} <= {part.role for part in parts}


def format_of(path: str) -> str:
    """Return the suffix that tells the format of a file, such as `.jsonl`."""
    return _strip(path)[1]


def choose_split(parts: Sequence[Part], split: str) -> list[Part]:
    """Return what a split consists of.

    Queries and passages are mostly kept in one file for all splits; where they are not, those of
    the split are taken. What has no split in its name belongs to any.

    Args:
        parts: The parts of one language.
        split: The split of the judgements, by any of its names.
    """
    chosen: list[Part] = []
    for role in ROLES:
        of_role = [part for part in parts if part.role == role]
        own = [part for part in of_role if split_name(part.split) == split_name(split)]
        rest = of_role if role != "judgements" else []
        chosen += own or [part for part in of_role if not part.split] or rest
    return chosen


def _strip(name: str) -> tuple[str, str]:
    """Return a name without its suffixes, and the one that tells its format."""
    path = PurePosixPath(name)
    if path.suffix.lower() in _PACKED:
        path = path.with_suffix("")
    return str(path.with_suffix("")), path.suffix.lower()


def _classify(plain: str, path: str) -> Part | None:
    """Return what a file is by its name without suffixes; None if it is no part."""
    *folders, stem = plain.split("/")
    if (
        any(folder.startswith((".", "__MACOSX")) for folder in folders)
        or stem.startswith(".")
        or stem in _NO_DATA
    ):
        return None
    release = next(filter(_RELEASE.fullmatch, reversed(folders)), "")
    for depth in reversed(range(len(folders))):
        if match := _FOLDER.fullmatch(folders[depth]):
            label = release or match["label"] or "/".join(folders[:depth])
            return _part(match["role"], path, "/".join([*folders[depth + 1 :], stem]), label)
    if match := _NAMED.fullmatch(stem):
        label = release or match["label"] or "/".join(folders)
        return _part(match["role"], path, stem, label)
    if folders and folders[-1] in _DEFAULT and _split_of(stem):
        return _part("qrels", path, stem, "/".join(folders[:-1]))
    return None


def _part(role: str, path: str, name: str, label: str) -> Part:
    return Part(_ROLE_NAMES[role], path, _split_of(name), _language(label))


def _split_of(name: str) -> str:
    return next((word for word in re.split(r"[\W_]+", name) if split_name(word)), "")


def _language(label: str) -> str:
    """Return the language that a label names, else the label."""
    name = label.rpartition("/")[2]
    if match := _RELEASE.fullmatch(name):
        name = match["lang"]
    if name in _DEFAULT:
        return label.rpartition("/")[0]
    if not is_language(name):
        return label
    # Codes stay as they are written; `swahili` becomes `sw`.
    return name if len(name) <= 3 or "-" in name else parse_language(name).code


def is_language(label: str) -> bool:
    """Return whether a label names a language."""
    try:
        parse_language(label)
    except UnknownLanguage:
        return False
    return True


def _settle_labels(parts: list[Part]) -> list[Part]:
    """Drop the label that all parts share unless it is a language: it is the set's own folder."""
    labels = {part.lang for part in parts}
    if len(labels) == 1 and not is_language(*labels):
        return [part._replace(lang="") for part in parts]
    return parts
