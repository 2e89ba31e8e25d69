"""The sources of a build: what the user names on the command line, understood and checked."""

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Final

from apache_beam.io.filesystem import BeamIOError

from pipelines.formats import hub_folder, huggingface, judged
from pipelines.formats.catalogue import FORMATS, HUB, HUGGING_FACE, guess_format
from pipelines.formats.extensions import format_by_name
from pipelines.formats.fields import Fields, fields_problems
from pipelines.formats.hub_folder import file_split, shard_split
from pipelines.formats.item import Origin
from pipelines.formats.reader import read_file
from pipelines.formats.stream import (
    COMPRESSIONS,
    ZIP,
    list_directory,
    list_tree,
    match_files,
    refuse_irregular,
)
from schemas.collection_files import ROLES, WANTED
from schemas.record import FailedRecord, writable
from schemas.splits import split_name

SAMPLE: Final = 20  # results looked at before work
_PREFIX: Final = re.compile(r"([A-Za-z][\w-]*):(?!//)(.+)", re.DOTALL)
_OF_COLUMNS: Final = re.compile("^(missing|not|repeated|several)_|_not_")
_GLOB: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Source:
    """Where English records come from; picklable, and JSON by `dataclasses.asdict`.

    Attributes:
        path: File, glob, directory or name of a Hugging Face dataset.
        format: One of `FORMATS`; empty when it could not be told.
        fields: The field mapping; the formats with a fixed layout need none.
        dataset: Dataset name of the records.
        split: Split of the records, for those that do not say; of a collection or dataset that
            has splits, the one to read. Empty for `train`, or for all splits.
        license: Licence of the records (SPDX name where there is one); empty when unknown.
    """

    path: str
    format: str
    fields: Fields = ()
    dataset: str = ""
    split: str = ""
    license: str = ""

    def origin(self, path: str, split: str = "") -> Origin:
        """Return what one file of this source lends to its records.

        Args:
            path: The file.
            split: The split that the dataset names itself; else it may be in the file's name.
        """
        name = path.removeprefix(_fixed_part(self.path))
        in_name = file_split(path) if self.format == HUB else shard_split(path)
        named = split_name(re.split(r"[^A-Za-z]", split or self.split or in_name)[0])
        return Origin(
            writable(path),
            writable(name),
            self.dataset,
            named or "train",
            self.license,
            self.fields,
        )

    def file_format(self, path: str) -> str:
        """Return the format of one file of this source."""
        return format_by_name(path) if self.format == HUB else self.format


def find_units(source: Source) -> list[str]:
    """Return the files of a source that is no collection, or the splits of a Hugging Face dataset.

    Of files that are named for splits, these are those of the split that was asked for.
    """
    if source.format in HUGGING_FACE:
        return [source.split] if source.split else huggingface.split_names(source.path)
    if source.format == HUB:
        files = [file for of in hub_folder.find_files(source.path).values() for file in of]
        wanted = split_name(source.split)
        return [file.path for file in files if wanted in ("", split_name(file.split))]
    return match_files(source.path)


def parse_source(
    text: str, *, fields: Fields = (), dataset: str = "", split: str = "", license: str = ""
) -> Source:
    """Understand `[FORMAT:]PATH[#SPLIT]`.

    The format is told by the extension or by what is in the directory; the dataset is named for
    the file, or for its directory when the file is called `train`, `*` or the like. Nothing is
    refused here: `check_sources` reports all that is wrong at once.
    """
    match = _PREFIX.fullmatch(text)
    format, path = (match[1], match[2]) if match else ("", text)
    before, mark, after = path.rpartition("#")
    if mark and (format in HUGGING_FACE or split_name(after)):
        path, split = before, after
    format = format or guess_format(path)
    return Source(path, format, fields, dataset or _dataset_name(path, format), split, license)


def check_sources(sources: Iterable[Source]) -> None:
    """Look at every source before any work.

    Raises:
        ValueError: With all problems at once: paths and globs without a file, unknown formats,
            mappings that cannot be read, collections with parts missing, columns that hold no
            question or passage.
    """
    sources = list(sources)
    problems = [] if sources else ["there is no source; name a file, a directory or a dataset"]
    for source in sources:
        problems += [f"{source.path}: {problem}" for problem in source_problems(source)]
    repeated = {source.path for source in sources if sources.count(source) > 1}
    problems += [f"{path}: named more than once" for path in sorted(repeated)]
    if problems:
        raise ValueError("the sources cannot be read:\n  " + "\n  ".join(problems))


def source_problems(source: Source) -> list[str]:
    """Return what is wrong with one source, one sentence for each problem."""
    problems = fields_problems(source.fields)
    if source.format not in FORMATS:
        return [*problems, _format_problem(source)]
    if source.format in HUGGING_FACE:
        return problems + _hugging_face_problems(source)
    if source.split and not split_name(source.split):
        problems.append(f"unknown split {source.split!r}; choose train, validation or test")
    try:
        if source.format in judged.FORMATS:
            problems += _collection_problems(source)
        elif source.format == HUB:
            problems += _hub_problems(source) if not problems else []
        else:
            problems += _file_problems(source, readable=not problems)
    except (BeamIOError, ValueError, OSError) as error:
        problems.append(f"cannot be opened: {error}")
    return problems


def _dataset_name(path: str, format: str) -> str:
    if format in HUGGING_FACE:
        return huggingface.parse_name(path).name.rstrip("/").rpartition("/")[2]
    *_, folder, file = ["", *path.rstrip("/").split("/")]
    if format == HUB:
        return folder if file in hub_folder.DEFAULT and folder else file
    stem = file.removesuffix(ZIP) if format in judged.FORMATS else file.partition(".")[0]
    words = re.split(r"[\W_]+", _GLOB.sub("-", re.sub(r"\[.*?\]", "-", stem)))
    kept = [word for word in words if word and not split_name(word)]
    if kept and not split_name(words[0]):
        return "-".join(kept) if len(kept) < len(words) else stem
    return folder if folder and not _GLOB.search(folder) else "dataset"


def _fixed_part(path: str) -> str:
    """Return the directory that all files of a path or glob have in common."""
    plain = _GLOB.split(path, maxsplit=1)[0]
    return plain[: plain.rfind("/") + 1]


def _format_problem(source: Source) -> str:
    if source.path == "-":
        return "standard input can be read only once; save it in a file, and name that"
    if not source.format:
        try:
            if not Path(source.path).is_dir():
                refuse_irregular(source.path)
            inside = list_tree(source.path)
        except (BeamIOError, ValueError, OSError) as error:
            return f"cannot be opened: {error}"
        if source.path.endswith(ZIP):
            return "holds no corpus, queries and qrels; unpack it and name its files"
        if inside:
            return "is a directory of no known layout; name its files, as in DIR/*.jsonl"
        return f"cannot tell the format; write FORMAT:PATH with one of: {', '.join(FORMATS)}"
    near = get_close_matches(source.format, FORMATS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"choose one of: {', '.join(FORMATS)}"
    return (
        f"unknown format {source.format!r}; {hint} (a file of that name is ./{source.format}:...)"
    )


def _hugging_face_problems(source: Source) -> list[str]:
    problems = []
    if importlib.util.find_spec("datasets") is None:
        problems.append("reading it needs the datasets package: pip install datasets")
    elif Path(name := huggingface.parse_name(source.path).name).is_dir():
        try:
            huggingface.split_names(source.path)
        except (OSError, ValueError) as error:  # such as several configurations
            problems.append(f"cannot be opened: {' '.join(str(error).split())[:300]}")
    elif name.startswith((".", "/")):
        problems.append("there is no such directory")
    return problems


def _hub_problems(source: Source) -> list[str]:
    configurations = hub_folder.find_files(source.path)
    if len(configurations) > 1:
        names = ", ".join(sorted(configurations))
        first = f"{source.path.rstrip('/')}/{max(configurations)}"
        return [f"several configurations: {names}; name the folder of one, such as {first}"]
    files = find_units(source)
    if not files:
        found = sorted({split for of in configurations.values() for _, split in of})
        return [f"no files for {source.split}; found: {', '.join(found) or 'none'}"]
    return _column_problems(source, files[0])


def _collection_problems(source: Source) -> list[str]:
    parts = judged.list_parts(source.path)
    problems = [
        f"{part.path}: its name is not UTF-8; rename it"
        for part in parts
        if not _is_unicode(part.path)
    ]
    for part in parts:
        refuse_irregular(part.path)
    found = {part.role for part in parts}
    problems += [f"no {role}: wanted {WANTED[role]}" for role in ROLES if role not in found]
    splits = {judged.split_of(part) for part in parts if part.role == "judgements"}
    wanted = split_name(source.split)
    if wanted and splits and wanted not in splits:
        problems.append(f"no judgements for {wanted}; found: {', '.join(sorted(splits))}")
    return problems


def _file_problems(source: Source, readable: bool) -> list[str]:
    files = match_files(source.path)
    if not files:
        return [_no_match(source.path)]
    if list_directory(files[0]):
        return ["is a directory; name its files, as in DIR/*.jsonl"]
    for file in files:
        refuse_irregular(file)
    if source.format == "parquet" and files[0].endswith(COMPRESSIONS):
        return ["compressed Parquet cannot be read in parts; decompress it first"]
    return _column_problems(source, files[0]) if readable else []


def _column_problems(source: Source, path: str) -> list[str]:
    """Return why none of the first items becomes a record, if their columns are to blame."""
    results = list(islice(read_file(path, source.file_format(path), source.origin(path)), SAMPLE))
    failures = [result for result in results if isinstance(result, FailedRecord)]
    blamed = [
        f for f in failures if re.search("^missing_|^not_|_not_|^repeated_|^several_", f.reason)
    ]
    if results and len(blamed) == len(results):
        return [f"none of the first {len(results)} items can be used; {blamed[0].detail}"]
    return []


def _is_unicode(path: str) -> bool:
    return writable(path) == path


def _no_match(path: str) -> str:
    if _GLOB.search(path):
        return "no file matches"
    folder, _, name = path.rpartition("/")
    names = [other.rpartition("/")[2] for other in list_directory(folder or ".")]
    near = get_close_matches(name, names, n=1)
    return "no such file" + (f"; did you mean {near[0]}?" if near else "")
