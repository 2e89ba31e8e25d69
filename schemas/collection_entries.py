"""What is in the files of a collection: texts with their ids, and judgements between them.

The parsers never raise: what cannot be read is a `Fault` with its place.
"""

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, Final, NamedTuple, TypeAlias

import pyarrow as pa

from schemas.collection_files import Role
from schemas.file_reasons import (
    INVALID_UTF8,
    MALFORMED_JSON,
    NOT_AN_OBJECT,
    WRONG_COLUMN_COUNT,
)
from schemas.plain_text import writable
from schemas.reason import Reason, declare_reason


class Text(NamedTuple):
    """A passage or a query as its file has it; title and text may be missing, or no texts."""

    id: str
    title: Any
    text: Any
    line: int


class Judgement(NamedTuple):
    """How well a passage answers a query; 0 or less is not at all."""

    query_id: str
    passage_id: str
    grade: float
    line: int


class Fault(NamedTuple):
    """What cannot be read, and why."""

    line: int
    reason: Reason
    detail: str
    raw: Any


Entry: TypeAlias = Text | Judgement | Fault

_MALFORMED_JUDGEMENT: Final = declare_reason(
    "malformed_judgement", "a line that is not a relevance judgement"
)
_MISSING_ID: Final = declare_reason("missing_id", "a text without the id that judgements name")

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
TABLES: Final = (".parquet", ".arrow")
_ROWS: Final = 1000

_IDS: Final = ("_id", "id", "docid", "pid", "qid", "corpusid", "documentid", "passageid", "queryid")
_ID_KEYS: Final = (*_IDS, "questionid", "topicid", "did")
_TEXT_KEYS: Final[Mapping[Role, Sequence[str]]] = {
    "passages": ("text", "contents", "content", "passage", "document", "body"),
    "queries": ("text", "query", "question", "topic"),
}
_QUERY_KEYS: Final = ("queryid", "qid", "query", "questionid", "question", "topicid", "topic")
_PASSAGE_KEYS: Final = (
    *("corpusid", "docid", "documentid", "passageid", "pid", "did", "docno", "doc", "document"),
    *("corpus", "passage"),
)
_GRADE_KEYS: Final = ("score", "grade", "relevance", "rel", "label", "relevancy", "judgement")
_WANTED: Final = "wanted query-id, corpus-id, score, or query, 0, passage, score"


def parse_lines(role: Role, format: str, lines: Iterable[bytes]) -> Iterator[Entry]:
    """Parse the lines of a file.

    Args:
        role: What is in it.
        format: Its suffix: `.jsonl`, `.json`, `.csv`, `.tsv` or `.txt`.
        lines: Its lines without their ends; a byte order mark is passed over.
    """
    lines = _without_mark(lines)
    if format in (".jsonl", ".json"):
        yield from _parse_json(role, lines)
    elif format == ".csv":
        yield from parse_rows(role, csv.DictReader(map(_decode, lines)))
    elif role == "judgements":
        # Some programs end lines with CR alone.
        pieces = (piece for line in lines for piece in line.rstrip(b"\r").split(b"\r"))
        yield from _parse_judgements(pieces)
    else:
        yield from _parse_texts(role, lines)


def parse_rows(role: Role, rows: Iterable[Any], first: int = 1) -> Iterator[Entry]:
    """Parse objects, numbered from `first`: those of JSON, or the rows of a table."""
    for number, row in enumerate(rows, start=first):
        yield _parse_object(role, number, row)


def read_table(file: BinaryIO, format: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a Parquet file, or of an Arrow file as `save_to_disk` writes it.

    Raises:
        pyarrow.ArrowException, OSError: If it is damaged.
    """
    import pyarrow.parquet as pq

    batches = (
        pq.ParquetFile(file).iter_batches(_ROWS)
        if format == ".parquet"
        else pa.ipc.open_stream(file)
    )
    for batch in batches:
        yield from batch.to_pylist()


def _without_mark(lines: Iterable[bytes]) -> Iterator[bytes]:
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix(BYTE_ORDER_MARK)


def _decode(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace").rstrip("\r\n")


def _parse_json(role: Role, lines: Iterable[bytes]) -> Iterator[Entry]:
    """Parse an object a line; or one list of objects, whose lines are not looked at."""
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    for number, line in numbered:
        if line.lstrip().startswith(b"["):
            line = b"\n".join([line, *(other for _, other in numbered)])
        try:
            value = json.loads(line.decode("utf-8"), object_pairs_hook=_to_object)
        except UnicodeDecodeError as error:
            yield Fault(number, INVALID_UTF8, f"not UTF-8: {error}", line)
        except (ValueError, RecursionError) as error:
            yield Fault(number, MALFORMED_JSON, f"not JSON, an object a line: {error}", line)
        else:
            yield from parse_rows(role, value if isinstance(value, list) else [value], number)


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs) and any(value[key] != inner for key, inner in pairs):
        raise ValueError("a key is there twice, with different values")
    return value


def _parse_object(role: Role, number: int, value: Any) -> Entry:  # noqa: ANN401
    if not isinstance(value, Mapping):
        detail = f"the item is a {type(value).__name__}, not an object"
        return Fault(number, NOT_AN_OBJECT, detail, value)
    by_name = {_plain(key): inner for key, inner in reversed(list(value.items()))}
    if role == "judgements":
        return _judgement(number, *_judged(by_name), raw=value)
    name = _id(_first(by_name, _ID_KEYS))
    if not name:
        detail = f"no _id, so no judgement can name it; found {', '.join(map(str, value))}"
        return Fault(number, _MISSING_ID, detail, value)
    return Text(name, by_name.get("title"), _first(by_name, _TEXT_KEYS[role]), number)


def _parse_texts(role: Role, lines: Iterable[bytes]) -> Iterator[Entry]:
    """Parse lines of id, tab, text, as MS MARCO has them; quotes mean nothing."""
    header: list[str] = []
    for number, line in enumerate(lines, start=1):
        try:
            text = line.decode("utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            yield Fault(number, INVALID_UTF8, f"the line is not UTF-8: {error}", line)
            continue
        columns = text.split("\t")
        names = [_plain(column) for column in columns]
        if number == 1 and names[0] in _ID_KEYS and set(names) & set(_TEXT_KEYS[role]):
            header = columns
        elif header and len(columns) == len(header):
            yield _parse_object(role, number, dict(zip(header, columns, strict=True)))
        elif not header and len(columns) > 1 and columns[0]:
            yield Text(columns[0], "", text.partition("\t")[2], number)
        elif text.strip():
            wanted = ", a tab, ".join(header) if header else "an id, a tab, a text"
            yield Fault(number, WRONG_COLUMN_COUNT, f"wanted {wanted}", line)


def _parse_judgements(lines: Iterable[bytes]) -> Iterator[Entry]:
    """Parse lines of three columns (BEIR), of four (TREC), or of what their header says."""
    header: Sequence[str] = ()
    first = True
    for number, line in enumerate(lines, start=1):
        text = _decode(line)
        if not text.strip():
            continue
        columns = _columns(text)
        if first and not _is_number(columns[-1]):
            header = [_plain(column) for column in columns]
            if not all(set(header) & set(k) for k in (_QUERY_KEYS, _PASSAGE_KEYS, _GRADE_KEYS)):
                header = ()
                detail = f"{text.strip()[:80]!r} is no judgement; {_WANTED}"
                yield Fault(number, _MALFORMED_JUDGEMENT, detail, line)
        elif header and len(columns) == len(header):
            row = dict(zip(header, columns, strict=True))
            yield _judgement(number, *_judged(row), raw=line)
        elif not header and len(columns) in (3, 4):
            yield _judgement(number, columns[0], columns[-2], columns[-1], raw=line)
        else:
            detail = f"{len(columns)} columns; {_WANTED}"
            yield Fault(number, _MALFORMED_JUDGEMENT, detail, line)
        first = False


def _columns(text: str) -> list[str]:
    if "\t" not in text:
        columns = text.split()
        return columns if len(columns) > 1 else next(csv.reader([text]))
    columns = text.split("\t")
    if '"' in text:  # BEIR reads these files with the quotes of CSV
        quoted = next(csv.reader([text], delimiter="\t"), columns)
        return quoted if len(quoted) == len(columns) else columns
    return columns


def _judged(row: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return query, passage and grade of a row by its names."""
    return _first(row, _QUERY_KEYS), _first(row, _PASSAGE_KEYS), _first(row, _GRADE_KEYS)


def _judgement(number: int, query: Any, passage: Any, grade: Any, raw: Any) -> Entry:  # noqa: ANN401
    query_id, passage_id = _id(query), _id(passage)
    if not query_id or not passage_id:
        return Fault(number, _MALFORMED_JUDGEMENT, f"an id is missing; {_WANTED}", raw)
    if not _is_number(grade):
        detail = f"grade {grade!r} is not a number; {_WANTED}"
        return Fault(number, _MALFORMED_JUDGEMENT, detail, raw)
    return Judgement(query_id, passage_id, float(grade), number)


def _is_number(value: Any) -> bool:  # noqa: ANN401
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def _id(value: Any) -> str:  # noqa: ANN401
    """Return an id as a text; "" for what is none. Tables with gaps have ids such as 7.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return writable(str(value))


@lru_cache(maxsize=1024)
def _plain(name: Any) -> str:  # noqa: ANN401
    """Return the name of a column without case and dividers: `Query_ID` is `query-id`."""
    return re.sub(r"(?<=.)[\W_]+", "", str(name).strip().casefold())


def _first(row: Mapping[str, Any], keys: Iterable[str]) -> Any:  # noqa: ANN401
    return next((row[key] for key in keys if key in row), None)
