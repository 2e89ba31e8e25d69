"""BEIR and MS MARCO: passages, queries and relevance judgements in files of their own."""

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from typing import Final, Literal, NamedTuple

from pipelines.formats import json_text
from pipelines.formats.item import (
    INVALID_UTF8,
    NOT_AN_OBJECT,
    WRONG_COLUMN_COUNT,
    BadItem,
    Item,
    Origin,
    optional_text,
    split_name,
)
from pipelines.formats.stream import CutLine, list_directory
from schemas.reason import declare_reason
from schemas.record import FailedRecord, printable

_MALFORMED_JUDGEMENT: Final = declare_reason(
    "malformed_judgement", "a line that is not a relevance judgement"
)
_MISSING_ID: Final = declare_reason("missing_id", "a text without the id that judgements name")

Role = Literal["passages", "queries", "judgements"]


class Part(NamedTuple):
    """One file of a collection; `split` is set for judgements only."""

    role: Role
    path: str
    split: str = ""


class Text(NamedTuple):
    """A passage or a query, with the id that judgements use."""

    id: str
    title: str
    text: str


class Judgement(NamedTuple):
    """A passage that answers a query, and where that is written."""

    query_id: str
    passage_id: str
    line: int


# Folder inside the collection, file name; compressed files follow.
COLLECTIONS: Final[dict[str, dict[Role, tuple[str, str]]]] = {
    "beir": {
        "passages": ("", "corpus.jsonl"),
        "queries": ("", "queries.jsonl"),
        "judgements": ("qrels", "*.tsv"),
    },
    "msmarco": {
        "passages": ("", "collection.tsv"),
        "queries": ("", "queries.*tsv"),
        "judgements": ("", "qrels.*tsv"),
    },
}


def find_parts(directory: str, format: str) -> list[Part]:
    """Return the files of a collection, sorted; roles without a file are simply absent."""
    parts = []
    for role, (folder, pattern) in COLLECTIONS[format].items():
        where = f"{directory.rstrip('/')}/{folder}".rstrip("/")
        for path in list_directory(where):
            name = path.rpartition("/")[2]
            if fnmatch(name, pattern) or fnmatch(name, f"{pattern}.*"):
                parts.append(Part(role, path, _split(name) if role == "judgements" else ""))
    return parts


def part_parser(format: str, role: Role) -> Callable[[Iterable[bytes], Origin], "_Parsed"]:
    """Return the generator function for the lines of a file with this role."""
    if role == "judgements":
        return judgements
    return beir_texts if format == "beir" else msmarco_texts


def beir_texts(lines: Iterable[bytes], origin: Origin) -> "_Parsed":
    """Parse `corpus.jsonl` or `queries.jsonl`: `_id`, `text` and perhaps `title`."""
    for item in json_text.items(lines, origin):
        if isinstance(item, FailedRecord):
            yield item
            continue
        try:
            yield _beir_text(item)
        except BadItem as bad:
            yield origin.failed(item.line, bad.reason, bad.detail, item.value)


def msmarco_texts(lines: Iterable[bytes], origin: Origin) -> "_Parsed":
    """Parse `collection.tsv` or `queries.*.tsv`: id and text; quotes mean nothing."""
    for number, line in enumerate(lines, start=1):
        if isinstance(line, CutLine):
            yield origin.too_long(number, line)
            continue
        try:
            name, tab, text = line.decode("utf-8").rstrip("\r").partition("\t")
        except UnicodeDecodeError as error:
            yield origin.failed(number, INVALID_UTF8, f"the line is not UTF-8: {error}", line)
            continue
        if tab and name:
            yield Text(name, "", text)
        elif name.strip():
            yield origin.failed(number, WRONG_COLUMN_COUNT, "wanted an id, a tab, a text", line)


def judgements(lines: Iterable[bytes], origin: Origin) -> "_Parsed":
    """Parse relevance judgements: those with a score above 0 are given, the others skipped.

    Three columns are query, passage and score (BEIR, which has a header), four are query, 0,
    passage and score (TREC and MS MARCO).
    """
    for number, line in enumerate(lines, start=1):
        if isinstance(line, CutLine):
            yield origin.too_long(number, line)
            continue
        text = line.decode("utf-8", "backslashreplace").rstrip("\r")
        columns = text.split("\t") if "\t" in text else text.split()
        try:
            score = float(columns[-1])
        except (ValueError, IndexError):
            score = None
        if len(columns) in (3, 4) and score is not None:
            if score > 0:
                yield Judgement(columns[0], columns[-2], number)
        elif text.strip() and not (number == 1 and len(columns) == 3):
            detail = "wanted query, passage, score, or query, 0, passage, score"
            yield origin.failed(number, _MALFORMED_JUDGEMENT, detail, line)


_Parsed = Iterator[Text | Judgement | FailedRecord]


def _beir_text(item: Item) -> Text:
    value = item.value
    if not isinstance(value, dict):
        raise BadItem(NOT_AN_OBJECT, f"the item is a {type(value).__name__}, not an object")
    name = value.get("_id", value.get("id"))
    if not isinstance(name, str | int) or name == "":
        raise BadItem(_MISSING_ID, "the item has no _id, so no judgement can name it")
    title, text = (optional_text(key, value.get(key)) for key in ("title", "text"))
    return Text(printable(str(name)), title, text)


def _split(name: str) -> str:
    """Return the split that `dev.tsv`, `qrels.dev.small.tsv` and the like name."""
    return next((split for word in name.split(".") if (split := split_name(word))), "train")
