"""A teacher's scores, as batches look them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.corpora.int_columns import Ints

PART: Final = 2048
"""Texts or pairs that are scored and kept together."""

Vectors = NDArray[np.float32]


class TeacherScores(Protocol):
    """What a teacher thinks of questions and passages, by the numbers of their groups."""

    def between(self, questions: Ints, passages: Ints) -> NDArray[np.float32]:
        """Return scores (questions, passages); NaN for what the teacher has not read."""


@dataclass(frozen=True, eq=False)
class PlacedVectors:
    """Vectors of some groups, in parts that stay on disk.

    Attributes:
        places: Place of each group's vector; -1 where it has none.
        parts: `PART` vectors each, but for the last.
    """

    places: Ints
    parts: Sequence[Vectors]

    def of(self, groups: Ints) -> Vectors:
        """Return the vectors of groups; NaN where there is none."""
        places = self.places[groups]
        some = places.clip(min=0)
        vectors = np.stack([self.parts[place // PART][place % PART] for place in some])
        vectors[places < 0] = np.nan
        return vectors


@dataclass(frozen=True, eq=False)
class EmbeddingScores:
    """Scores of a bi-encoder: any question and any passage have one."""

    questions: PlacedVectors
    passages: PlacedVectors

    def between(self, questions: Ints, passages: Ints) -> NDArray[np.float32]:
        """Return dot products of the embeddings."""
        scores: NDArray[np.float32] = self.questions.of(questions) @ self.passages.of(passages).T
        return scores


@dataclass(frozen=True, eq=False)
class PairScores:
    """Scores of a cross-encoder: of the pairs that it has read.

    Attributes:
        keys: `pair_keys` of the pairs, sorted.
        values: Their scores.
        groups: Number of groups.
    """

    keys: NDArray[np.int64]
    values: NDArray[np.float32]
    groups: int

    def between(self, questions: Ints, passages: Ints) -> NDArray[np.float32]:
        """Return the scores of the pairs that were read."""
        wanted = pair_keys(questions[:, None], passages[None, :], self.groups)
        places = np.searchsorted(self.keys, wanted).clip(max=len(self.keys) - 1)
        known = self.keys[places] == wanted
        return np.where(known, self.values[places], np.float32(np.nan))


def pair_keys(questions: Ints, passages: Ints, groups: int) -> NDArray[np.int64]:
    """Return a number for each pair of a question's and a passage's group."""
    keys: NDArray[np.int64] = questions.astype(np.int64) * groups + passages
    return keys
