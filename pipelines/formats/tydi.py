"""TyDi QA's primary task: articles with byte offsets of the passage and the answer in them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pipelines.formats.item import Item, Origin
from pipelines.formats.natural_questions import NO_LONG_ANSWER
from pipelines.formats.several_passages import MALFORMED_LAYOUT, rows
from schemas.record import FailedRecord

KEYS: Final = {"document_plaintext", "question_text", "passage_answer_candidates", "annotations"}


def flatten(items: Iterable[Item | FailedRecord], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield an item with question, passage and answers for each item of TyDi QA.

    Others pass through. A question to which annotators found no passage fails with reason
    `no_long_answer`.
    """
    for item in items:
        if (
            isinstance(item, FailedRecord)
            or not isinstance(item.value, dict)
            or not item.value.keys() >= KEYS
        ):
            yield item
        else:
            yield _flat_item(item, origin)


def _flat_item(item: Item, origin: Origin) -> Item | FailedRecord:
    record_id = origin.record_id(item, item.value.get("example_id"))
    try:
        flat = _flatten(item.value)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        detail = f"the layout breaks off: {type(error).__name__} {error}"
        return origin.failed(item.line, MALFORMED_LAYOUT, detail, item.value, record_id)
    if flat is None:
        detail = "no annotator found a passage that answers it"
        return origin.failed(item.line, NO_LONG_ANSWER, detail, item.value, record_id)
    return item._replace(value=flat)


def _flatten(value: Mapping[str, Any]) -> dict[str, Any] | None:
    text = str(value["document_plaintext"]).encode("utf-8", "surrogatepass")
    candidates = [_span(row) for row in rows(value["passage_answer_candidates"])]
    for annotation in rows(value["annotations"]):
        passage = annotation.get("passage_answer", annotation)
        chosen = passage.get("candidate_index", passage.get("passage_answer_candidate_index", -1))
        if not 0 <= chosen < len(candidates):
            continue
        start, end = candidates[chosen]
        return {
            "id": value.get("example_id"),
            "question": value["question_text"],
            "title": value.get("document_title"),
            "context": _decode(text[start:end]),
            "answers": list(_answers(annotation, text, start, end)),
        }
    return None


def _answers(
    annotation: Mapping[str, Any], text: bytes, start: int, end: int
) -> Iterator[dict[str, Any] | str]:
    minimal = annotation.get("minimal_answer", annotation)
    begin, stop = _span(minimal, "minimal_answers_")
    if start <= begin < stop <= end:
        place = len(_decode(text[start:begin]))
        yield {"text": _decode(text[begin:stop]), "answer_start": place}
    verdict = str(annotation.get("yes_no_answer")).casefold()
    if verdict in ("yes", "no"):
        yield verdict


def _span(row: Mapping[str, Any], prefix: str = "plaintext_") -> tuple[int, int]:
    """Return start and end in bytes; the released files and the hub call them differently."""
    names = (prefix, "plaintext_")
    found = [
        next((row[f"{name}{side}_byte"] for name in names if f"{name}{side}_byte" in row), -1)
        for side in ("start", "end")
    ]
    return found[0], found[1]


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "surrogatepass")
