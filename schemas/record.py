"""A record: one English source item, before translation."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Final

import pyarrow as pa

from schemas.plain_text import writable
from schemas.reason import Reason


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer and where it stands.

    Attributes:
        text: The answer as the source gives it.
        start: Offset of `text` in the passage in Unicode code points; -1 when the answer is
            not a span of the passage or its place is unknown.
    """

    text: str
    start: int = -1


@dataclass(frozen=True, slots=True)
class Record:
    """One English question with the passage that answers it.

    Attributes:
        record_id: The source's own id, or one made from file name and position.
        dataset: Name of the dataset it came from.
        split: `train`, `validation` or `test`.
        question: The question.
        passage: The text that answers the question: a few words or a whole paper.
        title: Title of the passage; empty when the source has none.
        answers: The answers, in the order of the source; may be empty.
        license: Licence of the source (SPDX name where there is one); empty when unknown.
        mended: What was wrong with the item and could be put right when it was read.
    """

    record_id: str
    dataset: str
    split: str
    question: str
    passage: str
    title: str = ""
    answers: tuple[Answer, ...] = ()
    license: str = ""
    mended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A source item that did not become a row in any language, and why.

    Its texts can always be written: what is not Unicode is escaped.

    Attributes:
        source: The file or dataset it stands in.
        line: Line number, or position among the items of the file, from 1; 0 when the whole
            file is meant.
        record_id: The source's own id; empty when it could not be read.
        reason: Stable code, such as `malformed_json` or `duplicate`; it is also a counter name.
        detail: One sentence a person can act on.
        raw: The item as it was read, cut to 1,000 characters.
    """

    source: str
    line: int
    record_id: str
    reason: Reason
    detail: str
    raw: str = ""

    def __post_init__(self) -> None:
        """Escape what no file could hold."""
        for name in ("source", "record_id", "detail", "raw"):
            if not (text := getattr(self, name)).isascii():
                object.__setattr__(self, name, writable(text))


FAILED_RECORD_SCHEMA: Final = pa.schema(
    [
        pa.field(f.name, pa.int64() if f.name == "line" else pa.string(), nullable=False)
        for f in fields(FailedRecord)
    ],
    metadata={"tandemqa.schema_version": "1", "tandemqa.kind": "failed_record"},
)


def failed_records_to_table(failures: Iterable[FailedRecord]) -> pa.Table:
    """Return the failed records as a table of `FAILED_RECORD_SCHEMA`."""
    return pa.Table.from_pylist([asdict(f) for f in failures], schema=FAILED_RECORD_SCHEMA)
