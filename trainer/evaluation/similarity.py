"""Similarity of questions and candidates, a block of scores at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from trainer.encoder import Embeddings

if TYPE_CHECKING:
    from trainer.evaluation.embeddings import Vectors

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TOLERANCE: Final = 1e-6
"""Scores that differ by less, relative to them or to one where they are smaller, are tied."""

_BLOCK: Final = 1 << 23  # scores computed at once: 32 MB
_COLUMNS: Final = 1 << 17


class Best:
    """The best candidates so far of each question; empty places are -1."""

    def __init__(self, questions: int, size: int) -> None:
        self.scores = np.full((questions, size), -np.inf, np.float32)
        self.candidates = np.full((questions, size), -1, np.int64)

    def update(self, rows: slice, scores: Embeddings, first: int) -> None:
        """Add a block of scores, whose first column is the pool's candidate `first`."""
        import torch

        size = self.scores.shape[1]
        found = torch.from_numpy(scores).topk(min(size, scores.shape[1]))
        values = np.hstack([self.scores[rows], found.values.numpy()])
        names = np.hstack([self.candidates[rows], first + found.indices.numpy()])
        order = np.argsort(-values, axis=1, kind="stable")[:, :size]
        self.scores[rows] = np.take_along_axis(values, order, 1)
        self.candidates[rows] = np.take_along_axis(names, order, 1)


def score_blocks(
    questions: "Vectors", candidates: "Vectors"
) -> Iterator[tuple[slice, slice, Embeddings]]:
    """Yield rows (questions), columns (candidates) and scores, block by block."""
    width = max(1, min(candidates.shape[0], _COLUMNS))
    height = max(1, _BLOCK // width)
    for top in range(0, questions.shape[0], height):
        rows = slice(top, min(top + height, questions.shape[0]))
        for left in range(0, candidates.shape[0], width):
            columns = slice(left, min(left + width, candidates.shape[0]))
            product = questions[rows] @ candidates[columns].T
            yield rows, columns, product if isinstance(product, np.ndarray) else product.toarray()


def dot(left: "Vectors", right: "Vectors") -> Embeddings:
    """Return the dot product of each row with the same row of the other matrix."""
    if isinstance(left, np.ndarray):
        dots: Embeddings = np.einsum("ij,ij->i", left, right)
        return dots
    sparse: Embeddings = left.multiply(right).sum(axis=1)
    return sparse


def _sort(scores: Embeddings) -> None:
    scores.sort(axis=1)


def count(scores: Embeddings, row: Ints, score: Embeddings) -> tuple[Ints, Ints]:
    """Return how many scores of a row are above, and how many are tied with, a given score.

    Args:
        scores: Scores, a row for each question; they are sorted in place.
        row: Row of each given score, ascending.
        score: The given scores.
    """
    import torch

    # numpy sorts in one thread, but lets other threads run meanwhile.
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        list(threads.map(_sort, np.array_split(scores, torch.get_num_threads())))
    ordered = torch.from_numpy(scores)
    # One line of given scores for each row, padded where a question has fewer.
    place = np.arange(len(row)) - np.searchsorted(row, row)
    given = np.zeros((len(scores), int(place.max(initial=0)) + 1), np.float32)
    given[row, place] = score
    width = np.float32(TOLERANCE) * np.maximum(np.float32(1), np.abs(given))

    def count_up_to(limit: Embeddings, right: bool) -> Ints:
        counted = torch.searchsorted(ordered, torch.from_numpy(limit), right=right)
        numbers: Ints = counted.numpy()[row, place]
        return numbers

    not_above = count_up_to(given + width, right=True)
    below = count_up_to(given - width, right=False)
    return scores.shape[1] - not_above, not_above - below
