"""SQuAD 1 and 2, and what copies their layout: XQuAD, MLQA, LAReQA, TyDi QA gold passages."""

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any, Final

from pipelines.formats.item import Item, Origin
from pipelines.formats.json_text import parse_document
from schemas.file_reasons import MALFORMED_JSON
from schemas.reason import declare_reason
from schemas.record import FailedRecord

_NOT_SQUAD: Final = declare_reason("not_squad", "not laid out as SQuAD")

_QUESTION_KEYS = ("id", "question", "answers", "is_impossible", "plausible_answers")


def recognise(content: object) -> bool:
    """Return whether a JSON document is laid out as SQuAD."""
    if not isinstance(content, dict) or not isinstance(content.get("data"), list):
        return False
    return any(isinstance(article, dict) and "paragraphs" in article for article in content["data"])


def items(document: bytes, origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the questions of a document that must be SQuAD."""
    try:
        content = parse_document(document)
    except ValueError as error:
        yield origin.failed(0, MALFORMED_JSON, f"not a JSON document: {error}", document)
        return
    if recognise(content):
        yield from explode(content["data"], origin)
    else:
        detail = "wanted data[].paragraphs[].qas[]; write json:PATH for other layouts"
        yield origin.failed(0, _NOT_SQUAD, detail, document)


def explode(articles: Iterable[Any], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield one flat item for each question: id, title, context, question, answers.

    Items are numbered from 1 in the order of the file. What stands in the place of an article,
    a paragraph or a question without being one is one failed record.
    """
    numbers = count(1)
    for article in articles:
        for paragraph in _inner(article, "paragraphs"):
            for question in _inner(paragraph, "qas"):
                number = next(numbers)
                if question is paragraph or not isinstance(question, dict):
                    detail = "wanted data[].paragraphs[].qas[] with a question inside"
                    yield origin.failed(number, _NOT_SQUAD, detail, question)
                    continue
                flat = {key: question[key] for key in _QUESTION_KEYS if key in question}
                flat["context"] = paragraph.get("context")
                flat["title"] = article.get("title")
                yield Item(number, flat)


def _inner(value: Any, key: str) -> list[Any]:  # noqa: ANN401
    """Return the list under `key`; the value itself, as a list, if it has none."""
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else [value]
