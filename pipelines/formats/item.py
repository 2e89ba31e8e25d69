"""One item of a source on its way to a record, and what makes it fail."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

from pipelines.formats.answers import answer_text, as_start, find_start, says_no_answer
from pipelines.formats.dialect import Dialect
from pipelines.formats.entities import unescape_record
from pipelines.formats.fields import DEEPEST, Fields, is_deep, is_missing
from pipelines.formats.literals import unprinted
from pipelines.formats.stream import LONGEST_LINE
from pipelines.formats.witness import Witness
from pipelines.text.normalise import EMPTY_TEXT
from schemas.file_reasons import INVALID_UTF8
from schemas.plain_text import writable
from schemas.reason import Reason, declare_reason
from schemas.record import Answer, FailedRecord, Record
from schemas.splits import split_name

RAW_LIMIT: Final = 1000
DETAIL_LIMIT: Final = 1000
# Of all texts of a record together. The longest articles are some hundred thousand characters;
# a longer text is a whole collection that was not divided.
MOST_CHARACTERS: Final = 5_000_000
MOST_ANSWERS: Final = 1_000
_OTHER_TEXTS: Final = 3  # question, passage and title

# Reasons that several formats give.
EMPTY_FILE: Final = declare_reason("empty_file", "a file with nothing in it")
RECORD_TOO_LARGE: Final = declare_reason(
    "record_too_large", "a line, or the texts of a record, beyond the limit of size"
)
_NESTED_TOO_DEEPLY: Final = declare_reason(
    "nested_too_deeply", "a value with too many lists or objects inside of each other"
)
MISSING: Final = {
    "question": declare_reason("missing_question", "no question"),
    "passage": declare_reason(
        "missing_passage", "no passage, or none with the id that a judgement names"
    ),
}
NOT_TEXT: Final = {
    "question": declare_reason("question_not_text", "a question that is not a text"),
    "passage": declare_reason("passage_not_text", "a passage that is not a text"),
    "title": declare_reason("title_not_text", "a title that is not a text"),
    "answer": declare_reason("answer_not_text", "an answer that is not a text"),
    "license": declare_reason("license_not_text", "a licence that is not a text"),
    "text": declare_reason("text_not_text", "a `text` field that is not a text"),
}
IMPOSSIBLE_QUESTION: Final = declare_reason(
    "impossible_question", "a question that, by the source, its passage does not answer"
)
REPEATED_COLUMN: Final = declare_reason(
    "repeated_column", "two columns or keys of one name, so that either could be meant"
)
_SEVERAL_QUESTIONS: Final = declare_reason("several_questions", "several questions in one record")
_UNKNOWN_SPLIT: Final = declare_reason("unknown_split", "a split with an unknown name")
ENCODING_ADVICE: Final = "if it is Windows-1252, add --encoding windows-1252"
# What was mended, as the manifest counts it.
ENTITIES: Final = "html_entities"
STARTS: Final = "answer_starts"
# Printed by pandas, Python and SQL where there is nothing; no question or passage is one of these.
_PRINTED_NOTHING: Final = {"nan", "NaN", "NaT", "<NA>", "None", "null", "NULL"}
_SHORT: Final = 20
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class BadItem(Exception):
    """This item cannot become a record.

    Attributes:
        reason: What is wrong.
        detail: One sentence a person can act on.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


class Item(NamedTuple):
    """One item as it was read: its position in the file from 1, its content, its key if any."""

    line: int
    value: Any
    key: str = ""


class Repeated(NamedTuple):
    """The different values of a column or key that is there more than once."""

    name: str
    values: list[Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """The file or dataset that items are read from, and what it lends to each record.

    Attributes:
        path: Where it is, for failure reports.
        name: Short name that starts the ids of records that have none of their own.
        dataset: Dataset name of its records.
        split: `train`, `validation` or `test`, unless the item says otherwise.
        license: Licence, unless the item says otherwise.
        fields: The field mapping, as the user gave it.
        dialect: What the user said of encoding, separator and columns.
        strict: Whether no field may be guessed.
        witness: Told what readers find out; None where nobody wants to know.
    """

    path: str
    name: str
    dataset: str
    split: str = "train"
    license: str = ""
    fields: Fields = ()
    dialect: Dialect = field(default_factory=Dialect)
    strict: bool = False
    witness: Witness | None = field(default=None, compare=False)

    def failed(
        self, line: int, reason: Reason, detail: str, raw: object = "", record_id: str = ""
    ) -> FailedRecord:
        """Return the failure of the item at `line`, or of the whole file for line 0."""
        short = detail[:DETAIL_LIMIT]
        return FailedRecord(self.path, line, record_id, reason, short, _raw_text(raw))

    def too_long(self, line: int, beginning: str | bytes) -> FailedRecord:
        """Return the failure of a line beyond the limit, of which only the beginning was kept."""
        detail = f"the line is longer than {LONGEST_LINE >> 20} MiB; divide it into records"
        return self.failed(line, RECORD_TOO_LARGE, detail, beginning)

    def record_id(self, item: Item, own: object = None) -> str:
        """Return the item's own id, else its key, else its place in the file."""
        if isinstance(own, float) and own.is_integer():  # a column of numbers with gaps
            own = int(own)
        known = own if isinstance(own, str | int) and own != "" else item.key
        return writable(str(known) if known != "" else f"{self.name}:{item.line}")


def refuse_deep(
    items: Iterable[Item | FailedRecord], origin: Origin
) -> Iterator[Item | FailedRecord]:
    """Yield the items; one that is nested deeper than any layout is a failed record."""
    for item in items:
        if isinstance(item, Item) and is_deep(item.value):
            detail = f"the item is nested more than {DEEPEST} deep"
            yield origin.failed(item.line, _NESTED_TOO_DEEPLY, detail, item.value)
        else:
            yield item


def build_record(
    origin: Origin,
    record_id: str,
    question: object,
    passage: object,
    title: object = None,
    answers: Iterable[tuple[object, object]] = (),
    split: object = None,
    license: object = None,
) -> Record:
    """Check the values of one item and make the record.

    Args:
        origin: What the item was read from.
        record_id: Id of the record.
        question: A text, or a list of texts.
        passage: A text, or a list of texts.
        title: A text, a list of texts or nothing.
        answers: Answer and start; starts that do not fit the passage are repaired.
        split: Split, by any usual name, if the item has its own.
        license: Licence, if the item has its own.

    Raises:
        BadItem: If the values make no record.
    """
    question, passage = required_text("question", question), required_text("passage", passage)
    title = optional_text("title", title)
    given = [_answer(passage, text, start) for text, start in islice(answers, MOST_ANSWERS + 1)]
    _refuse_too_large([question, passage, title, *(text for text, _ in given)])
    mended = []
    if plain := unescape_record(question, passage, title, given):
        question, passage, title, given = plain
        mended.append(ENTITIES)
    given = [(text, start) for text, start in given if text.strip()]
    starts = [as_start(start) for _, start in given]
    placed = [
        Answer(text, find_start(passage, text, start))
        for (text, _), start in zip(given, starts, strict=True)
    ]
    if any(0 <= start != answer.start for start, answer in zip(starts, placed, strict=True)):
        mended.append(STARTS)
    return Record(
        record_id=record_id,
        dataset=origin.dataset,
        split=_split(split) or origin.split,
        question=question,
        passage=passage,
        title=title,
        answers=tuple(dict.fromkeys(placed)),
        license=optional_text("license", license) or origin.license,
        mended=tuple(mended),
    )


def required_text(target: str, value: object) -> str:
    """Return the text of a question or a passage.

    Raises:
        BadItem: `missing_...`, `empty_...`, `..._not_text`, `several_questions`,
            `repeated_column`, `impossible_question` or `invalid_utf8`.
    """
    if isinstance(value, str):
        value = _unprinted(target, value)
    if target == "question" and isinstance(value, list):
        _refuse_several(value)
    if is_missing(value) or (isinstance(value, str) and _is_printed_nothing(value)):
        raise BadItem(MISSING[target], f"the item has no {target}")
    text = optional_text(target, value)
    if says_no_answer(text):
        raise BadItem(IMPOSSIBLE_QUESTION, f"the {target} says that there is no answer")
    if not text.strip():
        raise BadItem(EMPTY_TEXT[target], f"the {target} is empty")
    return text


def optional_text(target: str, value: object) -> str:
    """Return a text, the lines of a list of texts, or "" for nothing.

    Raises:
        BadItem: `..._not_text`, `repeated_column` or `invalid_utf8`.
    """
    if type(value) is str:
        return _unicode(target, value)
    if is_missing(value):
        return ""
    if isinstance(value, Repeated):
        detail = f"{len(value.values)} values are named {value.name!r}; rename all but one"
        raise BadItem(REPEATED_COLUMN, detail)
    if isinstance(value, list):
        texts = (optional_text(target, inner) for inner in value)
        return "\n".join(text for text in texts if text)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        found = type(value).__name__
        keys = f" with the keys {', '.join(map(str, value))}" if isinstance(value, dict) else ""
        advice = f"name what is inside with {target}=NAME.KEY, or another column"
        raise BadItem(NOT_TEXT[target], f"the {target} is a {found}{keys}; {advice}")
    return _unicode(target, str(value))


def _unicode(target: str, text: str) -> str:
    if not text.isascii() and _SURROGATE.search(text):
        raise BadItem(INVALID_UTF8, f"the {target} holds bytes or code points that are not UTF-8")
    return text


def _split(value: object) -> str:
    if value is None or value == "":
        return ""
    if not (split := split_name(str(value))):
        known = "train, validation, test, dev and the like"
        raise BadItem(_UNKNOWN_SPLIT, f"split {str(value)[:40]!r} is not one of: {known}")
    return split


def _answer(passage: str, value: object, start: object) -> tuple[str, object]:
    return optional_text("answer", answer_text(value, passage)), start


def _refuse_too_large(texts: list[str]) -> None:
    size = sum(map(len, texts))
    if size > MOST_CHARACTERS:
        detail = f"its texts have {size:,} characters; at most {MOST_CHARACTERS:,} are read"
        raise BadItem(RECORD_TOO_LARGE, detail)
    if len(texts) > _OTHER_TEXTS + MOST_ANSWERS:
        raise BadItem(RECORD_TOO_LARGE, f"it has more than {MOST_ANSWERS:,} answers")


def _is_printed_nothing(text: str) -> bool:
    return len(text) < _SHORT and text.strip() in _PRINTED_NOTHING


def _unprinted(target: str, text: str) -> object:
    try:
        return unprinted(text)
    except ValueError as error:
        raise BadItem(NOT_TEXT[target], f"the {target} is {error}") from error


def _refuse_several(questions: list[Any]) -> None:
    count = sum(not is_missing(question) and question != "" for question in questions)
    if count > 1:
        advice = "write one record for each, or nest them as `qas` beside their context"
        raise BadItem(_SEVERAL_QUESTIONS, f"the item has {count} questions; {advice}")


def _raw_text(raw: object) -> str:
    if isinstance(raw, bytes):
        raw = raw[: 4 * RAW_LIMIT].decode("utf-8", "backslashreplace")
    if not isinstance(raw, str):
        try:
            raw = json.dumps(raw, ensure_ascii=False, default=str)
        except Exception:  # whatever the value is, its failure must be told
            raw = repr(type(raw))
    return writable(raw[:RAW_LIMIT])[:RAW_LIMIT]
