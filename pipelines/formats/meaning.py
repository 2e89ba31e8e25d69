"""What the columns of a file mean: where the user's mapping or a guess finds each field."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pipelines.formats.answers import MARK_COLUMNS
from pipelines.formats.fields import OWN_NAMES, fold, is_missing, parse_path, resolve
from pipelines.formats.item import Origin, Repeated
from pipelines.formats.witness import Meaning

# An answer is taken for a passage only where most of them are sentences.
_ANSWERS: Final = frozenset(("answer", "response", "output"))
_SENTENCE: Final = re.compile(r"""[.!?]['")\]]*\s*$""")
_LONG: Final = 8  # words of a passage that need not end like a sentence
_LEAST: Final = 4


def understand(values: Sequence[object], origin: Origin) -> Meaning:
    """Return what the columns of a file mean.

    Args:
        values: The first items of the file, of whatever kind.
        origin: The file: the user's mapping, and whether guesses are allowed.
    """
    objects = [value for value in values if isinstance(value, dict)]
    columns = list(dict.fromkeys(key for value in objects for key in value))
    short = dict(_short_answers(columns, objects))
    paths = resolve(columns, origin.fields, frozenset(short))
    mapped = dict(origin.fields)
    guessed = {
        target: path
        for target, path in paths.items()
        if target not in mapped and fold(path) not in OWN_NAMES[target]
    }
    if origin.strict:
        paths = {target: path for target, path in paths.items() if target not in guessed}
    used = {path if path in columns else parse_path(path)[0] for path in paths.values()}
    missing = "passage" not in paths and next(iter(short), "")
    return Meaning(
        paths=paths,
        guessed=guessed,
        ignored=tuple(c for c in columns if c not in used and fold(c) not in MARK_COLUMNS),
        short=f"{missing!r}, such as {short[missing]!r}" if missing else "",
        repeated=_repeated(columns, paths, mapped),
    )


def _short_answers(
    columns: Iterable[str], objects: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Yield the columns of answers that are no passages, with an example of each."""
    for column in columns:
        if fold(column) in _ANSWERS:
            found = [value[column] for value in objects if not is_missing(value.get(column))]
            if sum(map(_is_passage, found)) * 2 < len(found):
                example = next(value for value in found if not _is_passage(value))
                yield column, str(example)[:60]


def _is_passage(value: object) -> bool:
    if isinstance(value, Repeated):
        return True  # refused for another reason
    if not isinstance(value, str):
        return False
    words = len(value.split())
    return words >= _LONG or (words >= _LEAST and bool(_SENTENCE.search(value)))


def _repeated(columns: Iterable[str], paths: Mapping[str, str], mapped: Mapping[str, str]) -> str:
    for target, path in paths.items():
        same = [column for column in columns if fold(column) == fold(path)]
        if target not in mapped and len(same) > 1:
            names = " and ".join(map(repr, same))
            return f"{names} could both be the {target}; name one of them with {target}=NAME"
    return ""
