"""Items that hold several passages, and say which of them answer the question.

They become an item for each passage that does: those of Tevatron (Mr. TyDi, MIRACL), HotpotQA,
TriviaQA and MS MARCO's question answering.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from pipelines.formats.item import MISSING, BadItem, Item, Origin
from schemas.reason import declare_reason
from schemas.record import FailedRecord

MALFORMED_LAYOUT: Final = declare_reason(
    "malformed_layout", "a known layout, with values in it that do not belong there"
)


class _Passage(NamedTuple):
    """A passage that answers; `name` tells it from the others of its question."""

    name: str
    title: Any
    text: Any


def explode(items: Iterable[Item | FailedRecord], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield one item for each passage that answers a question; other items pass through.

    A question that no passage answers fails with reason `missing_passage`.
    """
    for item in items:
        find = None if isinstance(item, FailedRecord) else _layout(item.value)
        if isinstance(item, FailedRecord) or find is None:
            yield item
            continue
        value = {str(key).casefold(): inner for key, inner in item.value.items()}
        record_id = origin.record_id(item, next((value[k] for k in _IDS if k in value), None))
        try:
            passages = find(value)
            answers = _answers(value)
        except BadItem as bad:
            yield origin.failed(item.line, bad.reason, bad.detail, item.value, record_id)
            continue
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            detail = f"the layout breaks off: {type(error).__name__} {error}"
            yield origin.failed(item.line, MALFORMED_LAYOUT, detail, item.value, record_id)
            continue
        for passage in passages:
            flat = _flatten(value, record_id, passage, answers)
            yield item._replace(value=flat)
        if not passages:
            detail = "none of its passages is said to answer it, or holds an answer"
            yield origin.failed(item.line, MISSING["passage"], detail, item.value, record_id)


def _flatten(
    value: Mapping[str, Any], record_id: str, passage: _Passage, answers: list[str]
) -> dict[str, Any]:
    flat = {
        "id": f"{record_id}:{passage.name}",
        "question": value.get("query", value.get("question")),
        "context": passage.text,
        "title": passage.title,
    }
    # Where a passage is one step to the answer, or the answer is yes or no, it stands nowhere.
    own = [text for text in answers if _holds(passage, text)] or answers
    return {**flat, "answers": own} if own else flat


def _layout(value: object) -> Callable[[Mapping[str, Any]], list[_Passage]] | None:
    if not isinstance(value, dict):
        return None
    return _layout_of(tuple(value))


@lru_cache(maxsize=256)
def _layout_of(columns: tuple[object, ...]) -> Callable[[Mapping[str, Any]], list[_Passage]] | None:
    keys = {str(key).casefold() for key in columns}
    return next((find for wanted, find in LAYOUTS.items() if keys.issuperset(wanted)), None)


def _tevatron(value: Mapping[str, Any]) -> list[_Passage]:
    found = rows(value["positive_passages"])
    return [_Passage(str(row.get("docid")), row.get("title"), row.get("text")) for row in found]


def _hotpot(value: Mapping[str, Any]) -> list[_Passage]:
    facts, context = value["supporting_facts"], value["context"]
    if isinstance(context, dict):  # Hugging Face stores a list of pairs as a pair of lists
        context = list(zip(context.get("title", ()), context.get("sentences", ()), strict=False))
    named = (
        facts.get("title", ()) if isinstance(facts, dict) else [fact[0] for fact in facts if fact]
    )
    return [
        _Passage(str(title), title, "".join(map(str, sentences)))
        for title, sentences in (pair for pair in context if len(pair) == 2)
        if title in named
    ]


def _trivia(value: Mapping[str, Any]) -> list[_Passage]:
    passages = [
        _Passage(str(row.get("filename", row.get("url", place))), row.get("title"), row.get(text))
        for key, text in (("entity_pages", "wiki_context"), ("search_results", "search_context"))
        for place, row in enumerate(rows(value.get(key)))
    ]
    return [p for p in passages if any(_holds(p, answer) for answer in _answers(value))]


def _ms_marco(value: Mapping[str, Any]) -> list[_Passage]:
    return [
        _Passage(str(place), None, row.get("passage_text"))
        for place, row in enumerate(rows(value["passages"]))
        if row.get("is_selected")
    ]


def _trivia_released(value: Mapping[str, Any]) -> list[_Passage]:
    raise BadItem(
        MISSING["passage"],
        "TriviaQA as released keeps its texts in files of their own; use the edition of the "
        "Hugging Face hub, configuration rc",
    )


LAYOUTS: Final[dict[tuple[str, ...], Callable[[Mapping[str, Any]], list[_Passage]]]] = {
    ("query", "positive_passages"): _tevatron,
    ("question", "context", "supporting_facts"): _hotpot,
    ("question", "entity_pages", "search_results"): _trivia,
    ("question", "entitypages"): _trivia_released,
    ("query", "passages", "answers"): _ms_marco,
}
_IDS: Final = ("query_id", "question_id", "questionid", "_id", "id")


def _answers(value: Mapping[str, Any]) -> list[str]:
    """Return the answers, the best first; TriviaQA adds their aliases."""
    given = value.get("answers", value.get("answer"))
    if isinstance(given, dict):
        found = {str(key).casefold(): inner for key, inner in given.items()}
        given = [found.get("value"), *(found.get("aliases") or ())]
    texts = given if isinstance(given, list) else [given]
    return list(dict.fromkeys(text for text in texts if isinstance(text, str) and text.strip()))


def _holds(passage: _Passage, answer: str) -> bool:
    """Return whether an answer stands in a passage, in whole words."""
    if not isinstance(passage.text, str) or answer not in passage.text:
        return False
    return re.search(rf"(?<!\w){re.escape(answer)}(?!\w)", passage.text) is not None


def rows(value: object) -> list[dict[str, Any]]:
    """Return a list of objects, also one that Hugging Face stores as an object of lists."""
    if isinstance(value, dict):
        columns = {key: inner for key, inner in value.items() if isinstance(inner, list)}
        size = min(map(len, columns.values()), default=0)
        return [{key: inner[place] for key, inner in columns.items()} for place in range(size)]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
