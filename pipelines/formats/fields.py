"""Which column or nested value of a source holds the question, the passage and the rest.

A mapping is a list of `TARGET=PATH`. A path is one of

    CONTEXTS            a column or key; one whose name is the whole path, dots and all, wins
    answers.text        a key inside a key; in a list, that key of each item
    CONTEXTS[0]         one item of a list, from 0; [-1] is the last
    paragraphs[].text   each item of a list; what is found in them becomes one list
    (nothing)           the target has no value, whatever the columns are called

What is not mapped is guessed by common names. A list of texts that becomes a title or a passage is
joined with line breaks; a list of answers stays a list; a list of questions is refused.
"""

import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

TARGETS: Final = (
    "id",
    "question",
    "passage",
    "title",
    "answers",
    "answer_start",
    "split",
    "license",
)
Fields = tuple[tuple[str, str], ...]
DEEPEST: Final = 100  # lists and objects inside of each other
Step = str | int | None  # a key, a position, or None for each item

# Compared as `fold` leaves them, the first that is there wins. `answer` is a passage only where
# nothing else is: in sets such as MedQuAD the answer is a whole text. Split and licence are never
# guessed: a column of that name may mean anything.
COMMON_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "_id", "record_id", "question_id", "qid", "query_id", "example_id"),
    "question": ("question", "query", "question_text", "query_text", "anchor", "questions"),
    "passage": (
        *("passage", "context", "contexts", "passage_text", "paragraph", "paragraph_text"),
        *("document_text", "document", "abstract", "article", "text", "body", "content"),
        *("positive", "pos", "long_answer", "answer", "response", "output"),
    ),
    "title": ("title", "title_text", "document_title"),
    "answers": (
        *("answers", "answer", "short_answers", "answer_text", "answer_texts"),
        *("answers_text", "answers_texts"),  # `answers.text`, flattened
    ),
    "answer_start": (
        *("answer_start", "answer_starts", "answers_answer_start", "answers_answer_starts"),
        *("answers_start", "answers_starts", "answer_answer_start"),
    ),
}
# Columns of these names are what they are called: that is no guess.
OWN_NAMES: Final = {
    **{target: (target,) for target in TARGETS},
    "passage": ("passage", "context"),  # SQuAD's own name
}
_SEPARATORS = re.compile(r"[\s./\-_]+")
_NAME = re.compile(r"[^.\[\]]+")
_INDEX = re.compile(r"\[(-?\d{0,9})\]")


@lru_cache(maxsize=4096)
def fold(name: object) -> str:
    """Return the name of a column without what writers vary: case, spaces, dots, hyphens."""
    return _SEPARATORS.sub("_", str(name).strip()).casefold()


def is_missing(value: object) -> bool:
    """Return whether there is no value: None, or a number that is none, as pandas writes it."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


class FieldsError(ValueError):
    """A field mapping that cannot be understood."""


def check_fields(fields: Fields) -> Fields:
    """Return a mapping as it is.

    Raises:
        FieldsError: If it cannot be understood; with all problems at once.
    """
    if problems := fields_problems(fields):
        raise FieldsError("fields cannot be read:\n  " + "\n  ".join(problems))
    return fields


def fields_problems(fields: Fields) -> list[str]:
    """Return what is wrong with a mapping, one sentence for each problem."""
    problems = []
    for target, path in fields:
        if target not in TARGETS:
            near = difflib.get_close_matches(target, TARGETS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"choose one of: {', '.join(TARGETS)}"
            problems.append(f"{target}={path}: unknown target {target!r}; {hint}")
        elif not path and target in ("question", "passage"):
            problems.append(f"{target}=: every record needs a {target}; give its path")
        elif path:
            try:
                parse_path(path)
            except FieldsError as error:
                problems.append(f"{target}={path}: {error}")
    targets = [target for target, _ in fields]
    problems += [f"{t} is mapped more than once" for t in TARGETS if targets.count(t) > 1]
    return problems


@lru_cache(maxsize=1024)
def parse_path(path: str) -> tuple[Step, ...]:
    """Parse a path into its steps: a key, a position in a list, or None for each item.

    Raises:
        FieldsError: If the path does not follow the language above.
    """
    steps: list[Step] = []
    at = 0
    while not steps or at < len(path):
        if steps and path[at] == ".":
            at += 1
        elif steps and (match := _INDEX.match(path, at)):
            steps.append(_position(match[1], path))
            at = match.end()
            continue
        elif steps:
            raise FieldsError(f"expected '.', '[]' or '[0]' at {path[at:]!r}")
        if not (match := _NAME.match(path, at)):
            raise FieldsError(f"expected a name at {path[at:]!r}")
        steps.append(match[0])
        at = match.end()
    return tuple(steps)


def find(item: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - whatever the source holds
    """Return the value at `path`, None where there is nothing; never raises on any item.

    A path that goes through the items of a list returns a list, with None for items that lack
    the key, so that answers and their starts stay side by side.
    """
    if path in item:
        return item[path]
    values: list[Any] = [item]
    many = False
    for step in parse_path(path):
        if step is None or (isinstance(step, str) and any(isinstance(v, list) for v in values)):
            values = [inner for v in values for inner in (v if isinstance(v, list) else [v])]
            many = True
        if step is not None:
            values = [_step(value, step) for value in values]
    return values if many else values[0]


def is_deep(value: object) -> bool:
    """Return whether lists and objects are nested deeper than any layout has them."""
    level = [value]
    for _ in range(DEEPEST):
        outer = [inner for inner in level if isinstance(inner, list | tuple | dict)]
        if not outer:
            return False
        parts = (part.values() if isinstance(part, dict) else part for part in outer)
        level = [inner for part in parts for inner in part]
    return True


def resolve(
    columns: Iterable[str], fields: Fields, no_passages: Collection[str] = ()
) -> dict[str, str]:
    """Return the path of each target: the mapped ones, and guesses for the others.

    Args:
        columns: Names of the columns of a table, or keys of the objects.
        fields: The mapping the user gave.
        no_passages: Columns that are not to be guessed as the passage.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(fold(column), column)
    paths = dict(fields)
    used = {parse_path(path)[0] for path in paths.values() if path}
    for target, names in COMMON_NAMES.items():
        if target not in paths:
            barred = used | set(no_passages) if target == "passage" else used
            free = (by_name[n] for n in names if n in by_name and by_name[n] not in barred)
            paths[target] = next(free, "")
            used.add(paths[target])
    return {target: path for target, path in paths.items() if path}


def _position(digits: str, path: str) -> int | None:
    if digits == "-":
        raise FieldsError(f"'[-]' is not a position in {path!r}")
    return int(digits) if digits else None


def _step(value: Any, step: str | int) -> Any:  # noqa: ANN401
    if isinstance(step, str):
        return value.get(step) if isinstance(value, Mapping) else None
    inside = isinstance(value, list) and -len(value) <= step < len(value)
    return value[step] if inside else None
