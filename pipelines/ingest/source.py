"""The sources of a build: what the user names on the command line, understood and checked."""

import importlib.util
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from apache_beam.io.filesystem import BeamIOError

from pipelines.formats import hub_folder, huggingface, judged
from pipelines.formats.catalogue import FORMATS, HUB, HUGGING_FACE, guess_format
from pipelines.formats.dialect import Dialect
from pipelines.formats.extensions import format_by_name
from pipelines.formats.fields import Fields, fields_problems
from pipelines.formats.hub_folder import file_split, shard_split
from pipelines.formats.item import MISSING, Origin
from pipelines.formats.reader import DOCUMENTS, TABLES
from pipelines.formats.stream import (
    COMPRESSIONS,
    ZIP,
    list_directory,
    list_tree,
    match_files,
    refuse_irregular,
)
from pipelines.ingest.preview import Preview, preview_dataset, preview_file, sum_up
from pipelines.io.storage import is_local
from schemas.collection_files import ROLES, WANTED
from schemas.errors import NotInstalledError
from schemas.manifest import SourceReading
from schemas.plain_text import writable
from schemas.record import FailedRecord, Record
from schemas.splits import split_name

PREVIEWED: Final = 50  # files of one source that are looked at before work
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
        dialect: What the user said of encoding, separator and columns.
        strict: Whether no field may be guessed.
    """

    path: str
    format: str
    fields: Fields = ()
    dataset: str = ""
    split: str = ""
    license: str = ""
    dialect: Dialect = field(default_factory=Dialect)
    strict: bool = False

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
            path=writable(path),
            name=writable(name),
            dataset=self.dataset,
            split=named or "train",
            license=self.license,
            fields=self.fields,
            dialect=self.dialect,
            strict=self.strict,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the source as the manifest has it; what the user did not say is left out.

        So the configuration of corpora that were built before there were dialects stays the same.
        """
        facts = asdict(self)
        optional = {"dialect": asdict(Dialect()), "strict": False}
        return {key: value for key, value in facts.items() if optional.get(key) != value}

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
    text: str,
    *,
    fields: Fields = (),
    dataset: str = "",
    split: str = "",
    license: str = "",
    dialect: Dialect | None = None,
    strict: bool = False,
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
    dataset = dataset or _dataset_name(path, format)
    return Source(path, format, fields, dataset, split, license, dialect or Dialect(), strict)


def check_sources(sources: Iterable[Source]) -> tuple[SourceReading, ...]:
    """Look at every source before any work, and return how each was understood.

    Raises:
        ValueError: With all problems at once: paths and globs without a file, unknown formats,
            mappings that cannot be read, collections with parts missing, columns that hold no
            question or passage, guesses where none is allowed.
    """
    sources = list(sources)
    problems = [] if sources else ["there is no source; name a file, a directory or a dataset"]
    readings: list[SourceReading] = []
    for source in sources:
        previews: list[Preview] = []
        problems += [f"{source.path}: {problem}" for problem in source_problems(source, previews)]
        readings += sum_up(source.path, previews)
    repeated = {source.path for source in sources if sources.count(source) > 1}
    problems += [f"{path}: named more than once" for path in sorted(repeated)]
    if problems:
        raise ValueError("the sources cannot be read:\n  " + "\n  ".join(problems))
    return tuple(readings)


def first_records(sources: Iterable[Source]) -> list[Record]:
    """Return the first few records of each source, of files on this machine that are read alone."""
    found: list[Record] = []
    for source in sources:
        if source.format in (*HUGGING_FACE, *judged.FORMATS) or not is_local(source.path):
            continue
        for path in find_units(source)[:1]:
            preview = preview_file(path, source.file_format(path), source.origin(path))
            found += [result for result in preview.results if isinstance(result, Record)]
    return found


def source_problems(source: Source, previews: list[Preview] | None = None) -> list[str]:
    """Return what is wrong with one source, one sentence for each problem.

    Args:
        source: The source.
        previews: Takes what was seen of the files; without it only the first is looked at.
    """
    problems = fields_problems(source.fields)
    if source.format not in FORMATS:
        return [*problems, _format_problem(source)]
    if source.format in HUGGING_FACE:
        return problems + _hugging_face_problems(source, [] if previews is None else previews)
    if source.split and not split_name(source.split):
        problems.append(f"unknown split {source.split!r}; choose train, validation or test")
    try:
        if source.format in judged.FORMATS:
            problems += _collection_problems(source)
        elif not (found := _place_problems(source)) and not problems:
            problems += _column_problems(source, previews)
        else:
            problems += found
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


def _hugging_face_problems(source: Source, previews: list[Preview]) -> list[str]:
    """Return problems; only datasets that are on this machine are looked into.

    Raises:
        NotInstalledError: If the package that reads them is missing.
    """
    if importlib.util.find_spec("datasets") is None:
        raise NotInstalledError(f"hf:{source.path} needs datasets", "pip install 'tandemqa[hub]'")
    if not Path(name := huggingface.parse_name(source.path).name).is_dir():
        return ["there is no such directory"] if name.startswith((".", "/")) else []
    try:
        for split in find_units(source):
            origin = source.origin(source.path, split=split)
            previews.append(preview_dataset(source.path, split, origin))
    except (OSError, ValueError) as error:  # such as several configurations
        return [f"cannot be opened: {' '.join(str(error).split())[:300]}"]
    return _preview_problems(source, previews)


def _hub_problems(source: Source) -> list[str]:
    configurations = hub_folder.find_files(source.path)
    if len(configurations) > 1:
        names = ", ".join(sorted(configurations))
        first = f"{source.path.rstrip('/')}/{max(configurations)}"
        return [f"several configurations: {names}; name the folder of one, such as {first}"]
    if not find_units(source):
        found = sorted({split for of in configurations.values() for _, split in of})
        return [f"no files for {source.split}; found: {', '.join(found) or 'none'}"]
    return []


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


def _place_problems(source: Source) -> list[str]:
    """Return why there is nothing to read where the source should be."""
    if source.format == HUB:
        return _hub_problems(source)
    files = match_files(source.path)
    if not files:
        return [_no_match(source.path)]
    if list_directory(files[0]):
        return ["is a directory; name its files, as in DIR/*.jsonl"]
    for file in files:
        refuse_irregular(file)
    if source.format == "parquet" and files[0].endswith(COMPRESSIONS):
        return ["compressed Parquet cannot be read in parts; decompress it first"]
    return []


def _is_unicode(path: str) -> bool:
    return writable(path) == path


def _column_problems(source: Source, previews: list[Preview] | None) -> list[str]:
    """Return what is wrong with the first items of the first files.

    Of documents, which are read as a whole, only one is looked at.
    """
    files = find_units(source)
    most = 1 if previews is None or source.file_format(files[0]) in DOCUMENTS else PREVIEWED
    seen = [
        preview_file(path, source.file_format(path), source.origin(path)) for path in files[:most]
    ]
    if previews is not None:
        previews += seen
    return _preview_problems(source, seen)


def _preview_problems(source: Source, previews: list[Preview]) -> list[str]:
    """Return why guesses are refused, or why no item of the first file becomes a record."""
    if source.strict and (guesses := {k: v for p in previews for k, v in p.guesses.items()}):
        named = " ".join(f"{target}={path}" for target, path in guesses.items())
        return [f"--strict-fields allows no guesses; say what is meant: --fields {named}"]
    results = previews[0].results if previews else []
    failures = [result for result in results if isinstance(result, FailedRecord)]
    blamed = [failure for failure in failures if _OF_COLUMNS.search(failure.reason)]
    if not results or len(blamed) < len(results):
        return []
    problem = f"none of the first {len(results)} items can be used; {blamed[0].detail}"
    if source.format in TABLES and blamed[0].reason in MISSING.values():
        problem += (
            "; if its columns are separated by something else, add --separator; if it has no "
            "header, name its columns: --columns id,question,passage"
        )
    return [problem]


def _no_match(path: str) -> str:
    if _GLOB.search(path):
        return "no file matches"
    folder, _, name = path.rpartition("/")
    names = [other.rpartition("/")[2] for other in list_directory(folder or ".")]
    near = get_close_matches(name, names, n=1)
    return "no such file" + (f"; did you mean {near[0]}?" if near else "")
