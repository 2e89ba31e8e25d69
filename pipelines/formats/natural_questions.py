"""Natural Questions: the original, the simplified and the Hugging Face edition, and QED."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from pipelines.formats.item import BadItem, Item, Origin, build_record, refuse_deep
from schemas.reason import declare_reason
from schemas.record import FailedRecord, Record

NO_LONG_ANSWER: Final = declare_reason(
    "no_long_answer", "a question without a paragraph that annotators found to answer it"
)
_NOT_NATURAL_QUESTIONS: Final = declare_reason(
    "not_natural_questions", "not laid out as Natural Questions"
)

Span = tuple[int, int]


NAME: Final = "Natural Questions"


class _Token(NamedTuple):
    text: str
    is_tag: bool


def recognise(value: object) -> bool:
    """Return whether an item is laid out as one of the editions."""
    if not isinstance(value, dict):
        return False
    if "question_text" in value:
        return any(key in value for key in ("original_nq_answers", "annotations"))
    return isinstance(value.get("document"), dict) and isinstance(value.get("question"), dict)


def read_items(
    items: Iterable[Item | FailedRecord], origin: Origin
) -> Iterator[Record | FailedRecord]:
    """Make each item a record or a failed record; failed records pass through."""
    if origin.witness:
        origin.witness.layout = NAME
    for item in refuse_deep(items, origin):
        yield read_item(item, origin) if isinstance(item, Item) else item


def read_item(item: Item, origin: Origin) -> Record | FailedRecord:
    """Make one item a record; its passage is the long answer without HTML tags.

    An item without a long answer fails with reason `no_long_answer`.
    """
    record_id = ""
    try:
        if not recognise(item.value):
            raise BadItem(
                _NOT_NATURAL_QUESTIONS,
                "the item needs question_text with original_nq_answers or annotations, "
                "or document and question",
            )
        record_id = origin.record_id(item, item.value.get("example_id", item.value.get("id")))
        try:
            parts = _qed(item.value) if "original_nq_answers" in item.value else _nq(item.value)
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            detail = f"the layout breaks off: {type(error).__name__} {error}"
            raise BadItem(_NOT_NATURAL_QUESTIONS, detail) from error
        return build_record(origin, record_id, **parts)
    except BadItem as bad:
        return origin.failed(item.line, bad.reason, bad.detail, item.value, record_id)


def _qed(value: dict[str, Any]) -> dict[str, Any]:
    spans = [span for answer in value["original_nq_answers"] for span in answer]
    return {
        "question": value["question_text"],
        "passage": value.get("paragraph_text"),
        "title": value.get("title_text"),
        "answers": [(span["string"], span["start"]) for span in spans],
    }


def _nq(value: dict[str, Any]) -> dict[str, Any]:
    annotations = _rows(value["annotations"])
    longs = [_span(a["long_answer"]) for a in annotations]
    found = [span for span in longs if span]
    if not found:
        raise BadItem(NO_LONG_ANSWER, "no annotator marked a paragraph that answers the question")
    chosen = max(found, key=found.count)  # what most annotators marked; the first on a tie
    document = value.get("document") or {}
    passage, starts = _join(_tokens(value)[chosen[0] : chosen[1]])
    shorts = [_span(s) for a in annotations for s in _rows(a["short_answers"])]
    answers: list[tuple[object, object]] = []
    for start, end in (s for s in shorts if s and chosen[0] <= s[0] < s[1] <= chosen[1]):
        tokens = [i - chosen[0] for i in range(start, end) if i - chosen[0] in starts]
        if tokens:
            begin, finish = starts[tokens[0]][0], starts[tokens[-1]][1]
            answers.append((passage[begin:finish], begin))
    answers += [(word, None) for a in annotations if (word := _yes_no(a.get("yes_no_answer")))]
    return {
        "question": value.get("question_text") or value["question"]["text"],
        "passage": passage,
        "title": value.get("document_title", document.get("title")),
        "answers": answers,
    }


def _rows(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return a list of objects; Hugging Face stores one as an object of lists."""
    if isinstance(value, dict):
        columns = {k: v for k, v in value.items() if isinstance(v, list)}
        size = min(map(len, columns.values()), default=0)
        return [{k: v[i] for k, v in columns.items()} for i in range(size)]
    return list(value)


def _span(value: dict[str, Any]) -> Span | None:
    start, end = int(value["start_token"]), int(value["end_token"])
    return (start, end) if 0 <= start < end else None


def _yes_no(value: object) -> str:
    return {"YES": "yes", "NO": "no", 1: "yes", 0: "no"}.get(value, "")


def _tokens(value: dict[str, Any]) -> list[_Token]:
    if "document_text" in value:  # simplified: tokens joined by spaces
        words = value["document_text"].split(" ")
        return [_Token(w, w.startswith("<") and w.endswith(">")) for w in words]
    if "document_tokens" in value:
        return [_Token(t["token"], bool(t["html_token"])) for t in value["document_tokens"]]
    tokens = _rows(value["document"]["tokens"])
    return [_Token(t["token"], bool(t["is_html"])) for t in tokens]


def _join(tokens: list[_Token]) -> tuple[str, dict[int, Span]]:
    """Return the words as one text, and where each of them stands in it."""
    places: dict[int, Span] = {}
    length = 0
    for index, token in enumerate(tokens):
        if not token.is_tag and token.text:
            places[index] = (length, length + len(token.text))
            length += len(token.text) + 1
    return " ".join(tokens[index].text for index in places), places
