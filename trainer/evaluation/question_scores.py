"""Scores question by question, saved beside results, so that models can be compared in pairs."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from schemas.command import UsageError
from schemas.files import atomic_file
from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.scoring import Scores

BIAS: Final = "bias"
CONSISTENCY: Final = "consistency"
_IDS: Final = "ids"
_SEPARATOR: Final = "|"
_SUFFIX: Final = ".questions.npz"

# What numpy and zipfile raise for files that are damaged or something else: encrypted archives,
# unknown compression, arrays of objects, sizes that no memory holds.
_UNREADABLE: Final = (
    *(OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error),
    *(RuntimeError, MemoryError, OverflowError, SyntaxError),
)

Parts = Mapping[str, Mapping[str, QuestionScores]]
"""Measures by setting (or `BIAS`, `CONSISTENCY`), then by language or pair."""


@dataclass(frozen=True, slots=True)
class SavedScores:
    """What each question of a benchmark scored.

    Attributes:
        source: The file they are from.
        ids: The benchmark's question ids.
        parts: What was measured; the scores name a question by its place in `ids`.
    """

    source: Path
    ids: tuple[str, ...]
    parts: Parts


def questions_file(results: Path) -> Path:
    """Return the file of what each question scored, which stands beside the results."""
    return results.with_suffix(_SUFFIX)


def save_question_scores(path: Path, scores: Scores) -> None:
    """Write what each question scored in each setting, as compressed numpy arrays."""
    arrays: dict[str, npt.NDArray[Any]] = {_IDS: np.array(list(scores.ids), dtype=np.str_)}
    for part, name, measures in _parts(scores):
        arrays[_SEPARATOR.join((part, name, _IDS))] = measures.ids.astype(np.int32)
        for measure, values in measures.values.items():
            arrays[_SEPARATOR.join((part, name, measure))] = values.astype(np.float32)
    with atomic_file(path) as partial, partial.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def load_question_scores(path: Path) -> SavedScores:
    """Return what each question scored.

    Raises:
        UsageError: If the file cannot be read, or is no such file.
    """
    try:
        if not path.is_file():
            raise ValueError("no regular file")
        return _load(path)
    except _UNREADABLE as error:
        raise UsageError(f"{path}: not the scores of questions ({error})") from error


def _load(path: Path) -> SavedScores:
    found: dict[tuple[str, str], dict[str, npt.NDArray[Any]]] = {}
    with path.open("rb") as stream:
        arrays = np.load(stream, allow_pickle=False)
        if not isinstance(arrays, np.lib.npyio.NpzFile):
            raise ValueError("a single array")
        ids = tuple(_check_ids(arrays[_IDS]).tolist())
        for key in arrays.files:
            if key != _IDS:
                part, name, measure = key.split(_SEPARATOR)
                found.setdefault((part, name), {})[measure] = arrays[key]
    parts: dict[str, dict[str, QuestionScores]] = {}
    for (part, name), values in found.items():
        asked = values.pop(_IDS)
        _check_scores(asked, values, len(ids))
        parts.setdefault(part, {})[name] = QuestionScores(asked.astype(np.int64), values)
    return SavedScores(path, ids, parts)


def _check_ids(ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if ids.ndim != 1 or ids.dtype.kind != "U" or len(set(ids.tolist())) != len(ids):
        raise ValueError("its question ids are not texts, each there once")
    return ids


def _check_scores(
    asked: npt.NDArray[Any], values: Mapping[str, npt.NDArray[Any]], questions: int
) -> None:
    """Raise ValueError unless each question has one number, or NaN, for each measure."""
    whole = asked.ndim == 1 and asked.dtype.kind == "i" and len(np.unique(asked)) == len(asked)
    if not whole or ((asked < 0) | (asked >= questions)).any():
        raise ValueError("its scores are not of its questions")
    for measured in values.values():
        numbers = measured.shape == asked.shape and measured.dtype.kind == "f"
        if not numbers or np.isinf(measured).any():
            raise ValueError("its scores are not numbers, one for each question")


def _parts(scores: Scores) -> Iterator[tuple[str, str, QuestionScores]]:
    for setting, by_name in scores.settings.items():
        for name, measures in by_name.items():
            yield setting, name, measures
    for lang, measures in scores.bias.items():
        yield BIAS, lang, measures
    if scores.consistency is not None:
        yield CONSISTENCY, "all", scores.consistency
