"""Items with named columns or keys, made into records by the field mapping."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final

from pipelines.formats import natural_questions, nested, several_passages, tydi
from pipelines.formats.answers import Pair, answer_pairs, unanswerable
from pipelines.formats.fields import find, fold, is_missing, resolve
from pipelines.formats.item import (
    IMPOSSIBLE_QUESTION,
    MISSING,
    NOT_TEXT,
    REPEATED_COLUMN,
    BadItem,
    Item,
    Origin,
    build_record,
    refuse_deep,
)
from schemas.file_reasons import NOT_AN_OBJECT
from schemas.record import FailedRecord, Record

# Columns are guessed once for a file, from this many items: guessed item by item, an item
# without its `context` would silently take its short `answer` for the passage.
SAMPLE: Final = 100


def read_items(
    items: Iterable[Item | FailedRecord], origin: Origin, with_answers: bool = True
) -> Iterator[Record | FailedRecord]:
    """Make each question a record or a failed record; failed records pass through, order stays.

    Args:
        items: What was read; an item may hold several questions.
        origin: What it was read from.
        with_answers: Whether answers are read, and questions without one refused.
    """
    items = nested.explode(refuse_deep(items, origin), origin)
    if not origin.fields:
        items = several_passages.explode(tydi.flatten(items, origin), origin)
    sample = list(islice(items, SAMPLE))
    values = [item.value for item in sample if isinstance(item, Item)]
    columns = dict.fromkeys(key for value in values if isinstance(value, dict) for key in value)
    paths = resolve(columns, origin.fields)
    twins = _twins(columns, paths, origin)
    if not with_answers:
        paths = {t: path for t, path in paths.items() if t not in ("answers", "answer_start")}
    answers = paths.get("answers", "")
    answered = with_answers and any(_is_answered(value, answers) for value in values)
    for item in chain(sample, items):
        if isinstance(item, FailedRecord):
            yield item
        elif twins:
            yield origin.failed(item.line, REPEATED_COLUMN, twins, item.value)
        elif not origin.fields and natural_questions.recognise(item.value):
            yield natural_questions.read_item(item, origin)
        else:
            yield read_item(item, paths, origin, answered if with_answers else None)


def read_item(
    item: Item, paths: Mapping[str, str], origin: Origin, answered: bool | None
) -> Record | FailedRecord:
    """Make one item a record, or a failed record that says why it is none.

    Args:
        item: What was read.
        paths: Where each target stands.
        origin: What the item was read from.
        answered: Whether other items of the file have answers; None to read none.
    """
    record_id = ""
    try:
        value = _columns(item.value)
        own = {target: find(value, path) for target, path in paths.items()}
        record_id = origin.record_id(item, own.get("id"))
        pairs = [] if answered is None else _answers(value, own, answered)
        return build_record(
            origin,
            record_id,
            question=_required("question", value, own),
            passage=_required("passage", value, own),
            title=own.get("title"),
            answers=pairs,
            split=own.get("split"),
            license=own.get("license"),
        )
    except BadItem as bad:
        return origin.failed(item.line, bad.reason, bad.detail, item.value, record_id)


def _answers(value: dict[str, Any], own: Mapping[str, Any], answered: bool) -> list[Pair]:
    answers = own.get("answers")
    if answers is None:  # not mapped, but they may say that there is none
        answers = value.get("answers")
    try:
        pairs = answer_pairs(answers, own.get("answer_start"))
    except ValueError as error:
        raise BadItem(NOT_TEXT["answer"], f"the answers are {error}") from error
    marked = value.get("answers")
    marked = marked if isinstance(marked, dict) else answers
    if unanswerable(value, marked, pairs, answered):
        raise BadItem(IMPOSSIBLE_QUESTION, "the passage does not answer the question")
    return pairs if own.get("answers") is not None else []


def _twins(columns: Iterable[str], paths: Mapping[str, str], origin: Origin) -> str:
    """Return what is wrong where two columns could equally well be meant; "" if none is."""
    mapped = dict(origin.fields)
    for target, path in paths.items():
        same = [column for column in columns if fold(column) == fold(path)]
        if target not in mapped and len(same) > 1:
            names = " and ".join(map(repr, same))
            return f"{names} could both be the {target}; name one of them with {target}=NAME"
    return ""


def _is_answered(value: object, path: str) -> bool:
    return isinstance(value, dict) and bool(path) and bool(find(value, path))


def _columns(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadItem(NOT_AN_OBJECT, f"the item is a {type(value).__name__}, not an object")
    return value


def _required(target: str, value: dict[str, Any], own: Mapping[str, Any]) -> object:
    if is_missing(own.get(target)):
        found = ", ".join(map(str, value)) or "none"
        advice = f"map it with {target}=NAME; found: {found}"
        raise BadItem(MISSING[target], f"the item has no {target}; {advice}")
    return own[target]
