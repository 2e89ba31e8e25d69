"""Items with named columns or keys, made into records by the field mapping."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any, Final

from pipelines.formats import natural_questions, nested, several_passages, tydi
from pipelines.formats.answers import Pair, answer_pairs, unanswerable
from pipelines.formats.fields import find, is_missing
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
from pipelines.formats.meaning import understand
from pipelines.formats.witness import Meaning
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
    meaning = understand([item.value for item in sample if isinstance(item, Item)], origin)
    if origin.witness:
        fixed = not origin.fields and any(
            isinstance(item, Item) and natural_questions.recognise(item.value) for item in sample
        )
        origin.witness.layout = natural_questions.NAME if fixed else ""
        origin.witness.meaning = None if fixed else meaning
    if not with_answers:
        meaning = meaning.without_answers()
    for item in chain(sample, items):
        if isinstance(item, FailedRecord):
            yield item
        elif not origin.fields and natural_questions.recognise(item.value):
            yield natural_questions.read_item(item, origin)
        else:
            yield _read_item(item, meaning, origin, with_answers)


def _read_item(
    item: Item, meaning: Meaning, origin: Origin, with_answers: bool
) -> Record | FailedRecord:
    record_id = ""
    try:
        value = _columns(item.value)
        if meaning.repeated:
            raise BadItem(REPEATED_COLUMN, meaning.repeated)
        own = {target: find(value, path) for target, path in meaning.paths.items()}
        record_id = origin.record_id(item, own.get("id"))
        pairs = _answers(value, own) if with_answers else []
        return build_record(
            origin,
            record_id,
            question=_required("question", value, own, meaning),
            passage=_required("passage", value, own, meaning),
            title=own.get("title"),
            answers=pairs,
            split=own.get("split"),
            license=own.get("license"),
        )
    except BadItem as bad:
        return origin.failed(item.line, bad.reason, bad.detail, item.value, record_id)


def _answers(value: dict[str, Any], own: Mapping[str, Any]) -> list[Pair]:
    answers = own.get("answers")
    if answers is None:  # not mapped, but they may say that there is none
        answers = value.get("answers")
    try:
        pairs = answer_pairs(answers, own.get("answer_start"))
    except ValueError as error:
        raise BadItem(NOT_TEXT["answer"], f"the answers are {error}") from error
    marked = value.get("answers")
    marked = marked if isinstance(marked, dict) else answers
    if unanswerable(value, marked, pairs):
        raise BadItem(IMPOSSIBLE_QUESTION, "the passage does not answer the question")
    return pairs if own.get("answers") is not None else []


def _columns(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadItem(NOT_AN_OBJECT, f"the item is a {type(value).__name__}, not an object")
    return value


def _required(
    target: str, value: dict[str, Any], own: Mapping[str, Any], meaning: Meaning
) -> object:
    if is_missing(own.get(target)):
        if target == "passage" and meaning.short:
            detail = (
                "the item has no passage, a text that answers the question: there are only short "
                f"answers in {meaning.short}; map it with passage=NAME"
            )
        else:
            found = ", ".join(map(str, value)) or "none"
            detail = f"the item has no {target}; map it with {target}=NAME; found: {found}"
        raise BadItem(MISSING[target], detail)
    return own[target]
