"""Items with named columns or keys, made into records by the field mapping."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, repeat
from typing import Any, Final

from pipelines.formats import natural_questions
from pipelines.formats.fields import find, resolve
from pipelines.formats.item import MISSING, NOT_AN_OBJECT, BadItem, Item, Origin, build_record
from schemas.reason import declare_reason
from schemas.record import FailedRecord, Record

_IMPOSSIBLE_QUESTION: Final = declare_reason(
    "impossible_question", "a question that, by the source, its passage does not answer"
)

# Columns are guessed once for a file, from this many items: guessed item by item, an item
# without its `context` would silently take its short `answer` for the passage.
SAMPLE: Final = 100


def read_items(
    items: Iterable[Item | FailedRecord], origin: Origin
) -> Iterator[Record | FailedRecord]:
    """Make each item a record or a failed record; failed records pass through, order stays."""
    items = iter(items)
    sample = list(islice(items, SAMPLE))
    values = [item.value for item in sample if isinstance(item, Item)]
    columns = dict.fromkeys(key for value in values if isinstance(value, dict) for key in value)
    paths = resolve(columns, origin.fields)
    for item in chain(sample, items):
        if isinstance(item, FailedRecord):
            yield item
        elif not origin.fields and natural_questions.recognise(item.value):
            yield natural_questions.read_item(item, origin)
        else:
            yield read_item(item, paths, origin)


def read_item(item: Item, paths: Mapping[str, str], origin: Origin) -> Record | FailedRecord:
    """Make one item a record, or a failed record that says why it is none."""
    record_id = ""
    try:
        value = _columns(item.value)
        own = {target: find(value, path) for target, path in paths.items()}
        record_id = origin.record_id(item, own.get("id"))
        _refuse_impossible(value)
        return build_record(
            origin,
            record_id,
            question=_required("question", value, own),
            passage=_required("passage", value, own),
            title=own.get("title"),
            answers=answer_pairs(own.get("answers"), own.get("answer_start")),
            split=own.get("split"),
            license=own.get("license"),
        )
    except BadItem as bad:
        return origin.failed(item.line, bad.reason, bad.detail, item.value, record_id)


def answer_pairs(value: object, start: object = None) -> list[tuple[object, object]]:
    """Return answers with their starts from the layouts in use.

    They are: one text; a list of texts, with `start` a list as long; `{"text": ..., "answer_start":
    ...}` with one value or a list each; and lists of any of these. A text may also be called
    `string` or `span`, a start `start`.
    """
    if value is None:
        return []
    if isinstance(value, dict):
        text = next((value[k] for k in ("text", "string", "span") if k in value), value)
        if isinstance(text, dict):
            return [(text, None)]  # not a text: whoever builds the record says so
        return answer_pairs(text, value.get("answer_start", value.get("start")))
    if isinstance(value, list):
        starts = start if isinstance(start, list) and len(start) == len(value) else repeat(None)
        nested = (answer_pairs(inner, at) for inner, at in zip(value, starts, strict=False))
        return [pair for pairs in nested for pair in pairs]
    return [(value, start[0] if isinstance(start, list) and start else start)]


def _columns(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadItem(NOT_AN_OBJECT, f"the item is a {type(value).__name__}, not an object")
    return value


def _required(target: str, value: dict[str, Any], own: Mapping[str, Any]) -> object:
    if own.get(target) is None:
        found = ", ".join(map(str, value)) or "none"
        advice = f"map it with {target}=NAME; found: {found}"
        raise BadItem(MISSING[target], f"the item has no {target}; {advice}")
    return own[target]


def _refuse_impossible(value: dict[str, Any]) -> None:
    """Refuse questions that their passage does not answer: they are false positives.

    SQuAD 2 says so with `is_impossible`, its Hugging Face edition with no text among `answers`.
    """
    answers = value.get("answers")
    unanswered = isinstance(answers, dict) and answers.get("text") == []
    if unanswered or str(value.get("is_impossible")).casefold() == "true":
        raise BadItem(_IMPOSSIBLE_QUESTION, "the passage does not answer the question")
