"""Evaluation sets: local files whose items must not be in a corpus."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from apache_beam.io.filesystem import BeamIOError

from pipelines.formats import huggingface, judged, mapped
from pipelines.formats.catalogue import HUGGING_FACE
from pipelines.formats.fields import Fields, find, resolve
from pipelines.formats.item import Item, Origin
from pipelines.formats.json_text import parse_line
from pipelines.formats.reader import file_items
from pipelines.formats.stream import CutLine, Stream, match_files
from pipelines.ingest.source import Source, parse_source, source_problems
from pipelines.ingest.source import find_units as find_source_units
from pipelines.leaks.rules import EvaluationItem
from pipelines.text.normalise import normalise_text
from schemas.language import parse_language
from schemas.record import FailedRecord, Record

QUERIES: Final = "queries"  # questions without passages: no format of records
_NAMED: Final = re.compile(r"([\w.-]+)(?::([\w-]+))?=(.+)", re.DOTALL)


class EvaluationSetError(RuntimeError):
    """An evaluation set cannot be read, so that nothing would be protected from it."""


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """A file or collection of evaluation items; several with one name are one set.

    Attributes:
        name: Name by which removed records are counted.
        lang: BCP-47 code of its texts.
        source: Where it is; of the format `queries` when it has questions only.
    """

    name: str
    lang: str
    source: Source

    def as_json(self) -> dict[str, Any]:
        """Return the set as the manifest has it."""
        return {"name": self.name, "lang": self.lang, "source": self.source.as_json()}


def parse_evaluation_set(text: str, fields: Fields = ()) -> EvaluationSet:
    """Understand `[NAME[:LANG]=][FORMAT:]PATH[#SPLIT]`; English and the file's name by default.

    `queries:PATH` is a file of questions without passages: JSON lines with the question in
    `question`, `query`, `text` or where `fields` says, or lines of id, tab, question, such as
    BEIR's `queries.jsonl` and MIRACL's topics.

    Raises:
        UnknownLanguage: If there is no such language.
    """
    match = _NAMED.fullmatch(text)
    name, lang, path = match.groups() if match else ("", "", text)
    source = parse_source(path, fields=fields)
    return EvaluationSet(name or source.dataset, parse_language(lang or "en").code, source)


def check_evaluation_sets(sets: Iterable[EvaluationSet]) -> None:
    """Look at every set before any work.

    Raises:
        ValueError: With all problems at once.
    """
    problems = [f"{s.name}: {s.source.path}: {p}" for s in sets for p in _set_problems(s.source)]
    if problems:
        raise ValueError("the evaluation sets cannot be read:\n  " + "\n  ".join(problems))


def _set_problems(source: Source) -> list[str]:
    if source.format != QUERIES:
        return source_problems(source)
    try:
        paths = match_files(source.path)
        if not paths:
            return ["no such file"]
        return [] if any(_questions(paths[0], source)) else ["no question in it"]
    except (BeamIOError, EvaluationSetError, OSError, ValueError) as error:
        return [f"cannot be opened: {error}"]


def find_units(evaluation_set: EvaluationSet) -> list[str]:
    """Return the files, or splits of a Hugging Face dataset, that a set consists of.

    Raises:
        EvaluationSetError: If there is none.
    """
    if not (units := find_source_units(evaluation_set.source)):
        raise EvaluationSetError(f"{evaluation_set.name}: {evaluation_set.source.path} has gone")
    return units


def read_items(evaluation_set: EvaluationSet, unit: str) -> Iterator[EvaluationItem | FailedRecord]:
    """Yield the items of one file or split, and single items that cannot be read.

    Questions that their passage does not answer are items as well.

    Raises:
        EvaluationSetError: If the whole file cannot be read to its end.
    """
    source = evaluation_set.source
    if source.format == QUERIES:
        for question in _questions(unit, source):
            yield EvaluationItem("", normalise_text(question), "")
        return
    origin = source.origin(unit, split=unit if source.format in HUGGING_FACE else "")
    for result in mapped.read_items(_raw(source, unit, origin), origin, with_answers=False):
        if isinstance(result, Record):
            yield to_item(result)
        else:
            yield refuse_broken(evaluation_set.name, result)


def to_item(record: Record) -> EvaluationItem:
    """Return a record as an item of an evaluation set."""
    question, passage = normalise_text(record.question), normalise_text(record.passage)
    return EvaluationItem(record.record_id, question, passage)


def refuse_broken(name: str, failure: FailedRecord) -> FailedRecord:
    """Pass on the failure of a single item.

    Raises:
        EvaluationSetError: If a whole file failed.
    """
    if failure.line == 0:
        raise EvaluationSetError(f"{name}: {failure.source}: {failure.reason}: {failure.detail}")
    return failure


def is_collection(evaluation_set: EvaluationSet) -> bool:
    """Return whether passages, queries and judgements stand in files of their own."""
    return evaluation_set.source.format in judged.FORMATS


def _raw(source: Source, unit: str, origin: Origin) -> Iterator[Item | FailedRecord]:
    if source.format in HUGGING_FACE:
        yield from huggingface.items(source.path, unit, source.format == "hf-stream", origin)
        return
    stream = Stream(unit, source.dialect.encoding)
    yield from file_items(stream, source.file_format(unit), origin)
    _refuse_damage(stream)


def _questions(path: str, source: Source) -> Iterator[str]:
    stream = Stream(path, source.dialect.encoding)
    origin = source.origin(path)
    for number, line in enumerate(stream.lines(), start=1):
        if not isinstance(line, CutLine) and not line.lstrip().startswith(b"{"):
            text = line.decode("utf-8", "replace").rstrip("\r")
            yield text.partition("\t")[2] or text
            continue
        item = parse_line(number, line, origin)
        if isinstance(item, FailedRecord):
            raise EvaluationSetError(f"{path}, line {number}: {item.detail}")
        yield _question(item.value, path, number, source.fields)
    _refuse_damage(stream)


def _question(value: dict[str, Any], path: str, line: int, fields: Fields) -> str:
    column = resolve(value, fields).get("question", "text")
    question = find(value, column)
    if not isinstance(question, str):
        found = ", ".join(value)
        raise EvaluationSetError(f"{path}, line {line}: no text in {column!r}; found: {found}")
    return question


def _refuse_damage(stream: Stream) -> None:
    if stream.fault:
        raise EvaluationSetError(f"{stream.path}: {stream.fault}: fetch it again")
