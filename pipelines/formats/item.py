"""One item of a source on its way to a record, and what makes it fail."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pipelines.formats.fields import Fields
from pipelines.text.normalise import EMPTY_TEXT, nearest
from schemas.reason import Reason, declare_reason
from schemas.record import Answer, FailedRecord, Record

RAW_LIMIT: Final = 1000

# Reasons that several formats give.
EMPTY_FILE: Final = declare_reason("empty_file", "a file with nothing in it")
INVALID_UTF8: Final = declare_reason("invalid_utf8", "bytes that are not UTF-8 text")
MALFORMED_JSON: Final = declare_reason("malformed_json", "not valid JSON")
NOT_AN_OBJECT: Final = declare_reason(
    "not_an_object", "a value that is not a JSON object with named fields"
)
WRONG_COLUMN_COUNT: Final = declare_reason(
    "wrong_column_count", "a row with more or fewer columns than expected"
)
MISSING: Final = {
    "question": declare_reason("missing_question", "no question"),
    "passage": declare_reason(
        "missing_passage", "no passage, or none with the id that a judgement names"
    ),
}
_NOT_TEXT: Final = {
    "question": declare_reason("question_not_text", "a question that is not a text"),
    "passage": declare_reason("passage_not_text", "a passage that is not a text"),
    "title": declare_reason("title_not_text", "a title that is not a text"),
    "answer": declare_reason("answer_not_text", "an answer that is not a text"),
    "license": declare_reason("license_not_text", "a licence that is not a text"),
    "text": declare_reason("text_not_text", "a `text` field that is not a text"),
}
_UNKNOWN_SPLIT: Final = declare_reason("unknown_split", "a split with an unknown name")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SPLITS: Final = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "development": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
}


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
    """

    path: str
    name: str
    dataset: str
    split: str = "train"
    license: str = ""
    fields: Fields = ()

    def failed(
        self, line: int, reason: Reason, detail: str, raw: object = "", record_id: str = ""
    ) -> FailedRecord:
        """Return the failure of the item at `line`, or of the whole file for line 0."""
        return FailedRecord(self.path, line, record_id, reason, detail, _raw_text(raw))

    def record_id(self, item: Item, own: object = None) -> str:
        """Return the item's own id, else its key, else its place in the file."""
        known = own if isinstance(own, str | int) and own != "" else item.key
        return printable(str(known)) if known != "" else f"{self.name}:{item.line}"


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
    passage_text = required_text("passage", passage)
    placed = (_place(passage_text, text, start) for text, start in answers)
    return Record(
        record_id=record_id,
        dataset=origin.dataset,
        split=_split(split) or origin.split,
        question=required_text("question", question),
        passage=passage_text,
        title=optional_text("title", title),
        answers=tuple(dict.fromkeys(answer for answer in placed if answer)),
        license=optional_text("license", license) or origin.license,
    )


def required_text(target: str, value: object) -> str:
    """Return the text of a question or a passage.

    Raises:
        BadItem: `missing_...`, `empty_...`, `..._not_text` or `invalid_utf8`.
    """
    if value is None:
        raise BadItem(MISSING[target], f"the item has no {target}")
    text = optional_text(target, value)
    if not text.strip():
        raise BadItem(EMPTY_TEXT[target], f"the {target} is empty")
    return text


def optional_text(target: str, value: object) -> str:
    """Return a text, the lines of a list of texts, or "" for nothing.

    Raises:
        BadItem: `..._not_text` or `invalid_utf8`.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        texts = (optional_text(target, inner) for inner in value)
        return "\n".join(text for text in texts if text)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        found = type(value).__name__
        keys = f" with the keys {', '.join(map(str, value))}" if isinstance(value, dict) else ""
        advice = f"name what is inside with {target}=NAME.KEY, or another column"
        raise BadItem(_NOT_TEXT[target], f"the {target} is a {found}{keys}; {advice}")
    text = str(value)
    if not text.isascii() and _SURROGATE.search(text):
        raise BadItem(INVALID_UTF8, f"the {target} holds bytes or code points that are not UTF-8")
    return text


def split_name(name: str) -> str:
    """Return `train`, `validation` or `test` for a split by any usual name; "" for others."""
    return _SPLITS.get(name.strip().casefold(), "")


def printable(text: str) -> str:
    """Return the text with what cannot be written as UTF-8 escaped."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _split(value: object) -> str:
    if value is None or value == "":
        return ""
    if not (split := split_name(str(value))):
        known = "train, validation, test, dev and the like"
        raise BadItem(_UNKNOWN_SPLIT, f"split {str(value)[:40]!r} is not one of: {known}")
    return split


def _place(passage: str, value: object, start: object) -> Answer | None:
    """Return the answer where its text really stands, -1 if it does not; None if it is empty."""
    text = optional_text("answer", value)
    if not text.strip():
        return None
    try:
        given = int(start)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return Answer(text)
    if given < 0:
        return Answer(text)
    # Starts counted in bytes or UTF-16 units, or in another edition of the text, are near.
    return Answer(text, nearest(passage, text, given))


def _raw_text(raw: object) -> str:
    if isinstance(raw, bytes):
        raw = raw[: 4 * RAW_LIMIT].decode("utf-8", "backslashreplace")
    if not isinstance(raw, str):
        try:
            raw = json.dumps(raw, ensure_ascii=False, default=str)
        except (ValueError, TypeError, RecursionError):
            raw = repr(type(raw))
    return printable(raw[:RAW_LIMIT])[:RAW_LIMIT]
