"""Scores question by question, saved beside results, so that models can be compared in pairs."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np

from schemas.command import UsageError
from schemas.files import atomic_file
from trainer.evaluation.ranking_metrics import QuestionScores
from trainer.evaluation.scoring import Scores
from trainer.evaluation.similarity import Floats

BIAS: Final = "bias"
CONSISTENCY: Final = "consistency"
_IDS: Final = "ids"
_SEPARATOR: Final = "|"

Parts = Mapping[str, Mapping[str, QuestionScores]]
"""Measures by setting (or `BIAS`, `CONSISTENCY`), then by language or pair."""


def save_question_scores(path: Path, scores: Scores) -> None:
    """Write what each question scored in each setting, as compressed numpy arrays."""
    arrays = {_IDS: np.array(list(scores.ids), dtype=np.str_)}
    for part, name, measures in _parts(scores):
        arrays[_SEPARATOR.join((part, name, _IDS))] = measures.ids.astype(np.int32)
        for measure, values in measures.values.items():
            arrays[_SEPARATOR.join((part, name, measure))] = values.astype(np.float32)
    with atomic_file(path) as partial, partial.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def load_question_scores(path: Path) -> tuple[int, Parts]:
    """Return the number of question ids, and the measures of each part.

    Raises:
        UsageError: If the file cannot be read, or is no such file.
    """
    try:
        return _load(path)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        raise UsageError(f"{path}: not the scores of questions ({error})") from error


def _load(path: Path) -> tuple[int, Parts]:
    parts: dict[str, dict[str, QuestionScores]] = {}
    with np.load(path, allow_pickle=False) as arrays:
        found: dict[tuple[str, str], dict[str, Floats]] = {}
        for key in arrays.files:
            if key != _IDS:
                part, name, measure = key.split(_SEPARATOR)
                found.setdefault((part, name), {})[measure] = arrays[key]
        for (part, name), values in found.items():
            ids = values.pop(_IDS).astype(np.int64)
            parts.setdefault(part, {})[name] = QuestionScores(ids, values)
        return len(arrays[_IDS]), parts


def average(runs: Sequence[Sequence[QuestionScores]]) -> list[QuestionScores]:
    """Return the mean over runs of what each question scored, for each language or pair."""
    return [
        QuestionScores(same[0].ids, {name: _mean(same, name) for name in same[0].values})
        for same in zip(*runs, strict=True)
    ]


def subtract(
    left: Sequence[QuestionScores], right: Sequence[QuestionScores]
) -> list[QuestionScores]:
    """Return how much more each question scored on the left, for each language or pair."""
    return [
        QuestionScores(
            of.ids, {name: values - other.values[name] for name, values in of.values.items()}
        )
        for of, other in zip(left, right, strict=True)
    ]


def _mean(same: Sequence[QuestionScores], name: str) -> Floats:
    mean: Floats = np.mean([of.values[name] for of in same], axis=0, dtype=np.float64)
    return mean


def _parts(scores: Scores) -> Iterator[tuple[str, str, QuestionScores]]:
    for setting, by_name in scores.settings.items():
        for name, measures in by_name.items():
            yield setting, name, measures
    for lang, measures in scores.bias.items():
        yield BIAS, lang, measures
    if scores.consistency is not None:
        yield CONSISTENCY, "all", scores.consistency
