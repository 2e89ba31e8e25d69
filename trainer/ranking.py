"""Rank the relevant candidates of every question, from vectors, without ever sorting a run.

A relevant candidate's rank in any pool follows from how many irrelevant ones of each language
score higher: these counts are taken once, and serve the monolingual, the cross-lingual and the
multilingual setting. Scores closer than the rounding of float32 are ties, and what is tied shares
the middle of its ranks, so that no result hangs on the order of the candidates.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from trainer.benchmark import Benchmark
from trainer.embeddings import Embedded
from trainer.encoder import Embeddings

if TYPE_CHECKING:
    from trainer.embeddings import Vectors

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TOP: Final = 10
"""How many of the best candidates of the pool are kept for each question."""

TOLERANCE: Final = 1e-6
"""Scores that differ by less, relative to them or to one where they are smaller, are tied."""

_BLOCK: Final = 1 << 23  # scores computed at once: 32 MB
_COLUMNS: Final = 1 << 17


@dataclass(frozen=True, slots=True)
class Relevant:
    """The relevant candidates of the questions of one language, best first for each question.

    Attributes:
        question: Place of the question in its language, ascending.
        lang: Place of the candidate's language in the benchmark's languages.
        grade: Grade of its relevance.
        score: Its score.
        above: Irrelevant candidates of each language that score higher; a column for each.
        tied: Irrelevant candidates of each language with the same score.
    """

    question: Ints
    lang: Ints
    grade: Ints
    score: Embeddings
    above: Ints
    tied: Ints

    def ranks(self, langs: Sequence[int]) -> "Ranks":
        """Return the ranks in the pool of the candidates of these languages.

        Args:
            langs: Places of languages.
        """
        chosen = np.flatnonzero(np.isin(self.lang, langs))
        question = self.question[chosen]
        place = 1 + np.arange(len(chosen)) - np.searchsorted(question, question)
        before = self.above[chosen][:, langs].sum(1)
        ties = self.tied[chosen][:, langs].sum(1)
        return Ranks(
            question, self.lang[chosen], self.grade[chosen], place, place + before + ties / 2
        )


@dataclass(frozen=True, slots=True)
class Ranks:
    """Ranks of relevant candidates in one pool, best first for each question.

    Attributes:
        question: Place of the question in its language, ascending.
        lang: Place of the candidate's language.
        grade: Grade of its relevance.
        place: Its place among the question's relevant candidates, from 1.
        rank: Its rank in the pool, from 1; a half between tied ones.
    """

    question: Ints
    lang: Ints
    grade: Ints
    place: Ints
    rank: Floats


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one question language finds.

    Attributes:
        relevant: Its questions' relevant candidates.
        top: The best `TOP` candidates of the whole pool for each question, best first: places in
            the pool, which has the candidates of all languages one after the other; -1 where the
            pool is smaller.
    """

    relevant: Relevant
    top: Ints


def rank(
    benchmark: Benchmark, embedded: Embedded, pooled: bool = True
) -> Iterator[tuple[str, Ranking]]:
    """Yield the ranking of each question language.

    Args:
        benchmark: The benchmark.
        embedded: Its vectors.
        pooled: Whether the candidates of all languages compete. Otherwise those of languages
            without anything relevant are not looked at.
    """
    places = {
        name: (number, row)
        for number, lang in enumerate(benchmark.candidates)
        for row, name in enumerate(benchmark.candidates[lang].ids)
    }
    for lang, questions in benchmark.questions.items():
        pairs = [
            (row, *places[name], grade)
            for row, question in enumerate(questions.ids)
            for name, grade in sorted(benchmark.relevance[question].items())
        ]
        columns = np.array(pairs, np.int64).reshape(-1, 4).T
        candidates = {
            number: embedded.candidates[of]
            for number, of in enumerate(benchmark.candidates)
            if pooled or number in columns[1]
        }
        yield (
            lang,
            _rank_questions(
                embedded.questions[lang], candidates, columns, len(benchmark.candidates)
            ),
        )


def _rank_questions(
    questions: "Vectors", candidates: "Mapping[int, Vectors]", pairs: Ints, languages: int
) -> Ranking:
    """Return the ranking of one language's questions.

    Args:
        questions: Vectors of the questions.
        candidates: Vectors of the candidates by the place of their language.
        pairs: Rows question, candidate language, candidate, grade; by question.
        languages: Number of candidate languages.
    """
    question, lang, candidate, grade = pairs
    score = np.zeros(len(question), np.float32)
    for number, of_lang in candidates.items():
        chosen = lang == number
        score[chosen] = _dot(questions[question[chosen]], of_lang[candidate[chosen]])
    order = np.lexsort((-score, question))
    question, lang, candidate, grade = pairs[:, order]
    score = score[order]
    above = np.zeros((len(question), languages), np.int64)
    tied = np.zeros_like(above)
    best = _Best(questions.shape[0])
    offset = 0
    for number, of_lang in candidates.items():
        own = lang == number
        for rows, columns in _blocks(questions.shape[0], of_lang.shape[0]):
            scores = _scores(questions[rows], of_lang[columns])
            best.update(rows, scores, offset + columns.start)
            pair = slice(*np.searchsorted(question, (rows.start, rows.stop)))
            inside = own[pair] & (candidate[pair] >= columns.start)
            inside &= candidate[pair] < columns.stop
            row = question[pair] - rows.start
            # The relevant ones do not count: their order among themselves is known.
            scores[row[inside], candidate[pair][inside] - columns.start] = -np.inf
            higher, equal = _count(scores, row, score[pair])
            above[pair, number] += higher
            tied[pair, number] += equal
        offset += of_lang.shape[0]
    return Ranking(Relevant(question, lang, grade, score, above, tied), best.candidates)


class _Best:
    """The best candidates so far of each question."""

    def __init__(self, questions: int) -> None:
        self.scores = np.full((questions, TOP), -np.inf, np.float32)
        self.candidates = np.full((questions, TOP), -1, np.int64)

    def update(self, rows: slice, scores: Embeddings, first: int) -> None:
        """Take in a block of scores, whose first column is the pool's candidate `first`."""
        import torch

        found = torch.from_numpy(scores).topk(min(TOP, scores.shape[1]))
        values = np.hstack([self.scores[rows], found.values.numpy()])
        names = np.hstack([self.candidates[rows], first + found.indices.numpy()])
        order = np.argsort(-values, axis=1, kind="stable")[:, :TOP]
        self.scores[rows] = np.take_along_axis(values, order, 1)
        self.candidates[rows] = np.take_along_axis(names, order, 1)


def _blocks(rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    width = min(columns, _COLUMNS)
    height = max(1, _BLOCK // max(1, width))
    for top in range(0, rows, height):
        for left in range(0, columns, width):
            yield slice(top, min(top + height, rows)), slice(left, min(left + width, columns))


def _scores(questions: "Vectors", candidates: "Vectors") -> Embeddings:
    product = questions @ candidates.T
    scores: Embeddings = product if isinstance(product, np.ndarray) else product.toarray()
    return scores


def _dot(left: "Vectors", right: "Vectors") -> Embeddings:
    """Return the dot product of each row with the row opposite."""
    if isinstance(left, np.ndarray):
        dots: Embeddings = np.einsum("ij,ij->i", left, right)
        return dots
    sparse: Embeddings = left.multiply(right).sum(axis=1)
    return sparse


def _sort(scores: Embeddings) -> None:
    scores.sort(axis=1)


def _count(scores: Embeddings, row: Ints, score: Embeddings) -> tuple[Ints, Ints]:
    """Return how many scores of a row are above, and how many are tied with, a given score.

    Args:
        scores: Scores, a row for each question; they are sorted in place.
        row: Row of each given score, ascending.
        score: The given scores.
    """
    import torch

    # numpy sorts in one thread, and lets others run meanwhile.
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        list(threads.map(_sort, np.array_split(scores, torch.get_num_threads())))
    ordered = torch.from_numpy(scores)
    # One line of given scores for each row, filled up where a question has fewer.
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
