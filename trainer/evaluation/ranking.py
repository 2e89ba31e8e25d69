"""Rank the relevant candidates of every question, from vectors, without sorting all scores.

A relevant candidate's rank in any pool follows from how many irrelevant ones of each language
score higher: these counts are taken once, and serve the monolingual, the cross-lingual and the
multilingual setting. Scores closer than the rounding of float32 are ties, and what is tied shares
the middle of its ranks, so that no result hangs on the order of the candidates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from trainer.benchmarks.benchmark import Benchmark
from trainer.encoder import Embeddings
from trainer.evaluation.embeddings import Embedded
from trainer.evaluation.similarity import Best, Floats, Ints, count, dot, score_blocks

if TYPE_CHECKING:
    from trainer.evaluation.embeddings import Vectors

TOP: Final = 10
"""How many of the best candidates of the pool are kept for each question."""


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
        """Return the ranks in the pool of these languages' candidates.

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
    """What the questions of one language find.

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
        hidden = [
            (row, *places[name])
            for row, question in enumerate(questions.ids)
            for name in benchmark.left_out.get(question, ())
        ]
        candidates = {
            number: embedded.candidates[of]
            for number, of in enumerate(benchmark.candidates)
            if pooled or number in columns[1]
        }
        yield (
            lang,
            _rank_questions(
                embedded.questions[lang],
                candidates,
                columns,
                np.array(hidden, np.int64).reshape(-1, 3).T,
                len(benchmark.candidates),
            ),
        )


def _rank_questions(
    questions: "Vectors",
    candidates: "Mapping[int, Vectors]",
    pairs: Ints,
    hidden: Ints,
    languages: int,
) -> Ranking:
    """Return the ranking of one language's questions.

    Args:
        questions: Vectors of the questions.
        candidates: Vectors of the candidates by the place of their language.
        pairs: Rows question, candidate language, candidate, grade; by question.
        hidden: Rows question, candidate language, candidate of what must not be found; by question.
        languages: Number of candidate languages.
    """
    pairs, score = _sort_pairs(questions, candidates, pairs)
    question, lang, _, grade = pairs
    above = np.zeros((len(question), languages), np.int64)
    tied = np.zeros_like(above)
    best = Best(questions.shape[0], TOP)
    offset = 0
    for number, of_lang in candidates.items():
        own_pairs, own_hidden = pairs[:, lang == number], hidden[:, hidden[1] == number]
        for rows, columns, scores in score_blocks(questions, of_lang):
            _hide(own_hidden, rows, columns, scores)
            best.update(rows, scores, offset + columns.start)
            # Relevant ones are left out: their order among themselves is known.
            _hide(own_pairs, rows, columns, scores)
            pair = slice(*np.searchsorted(question, (rows.start, rows.stop)))
            higher, equal = count(scores, question[pair] - rows.start, score[pair])
            above[pair, number] += higher
            tied[pair, number] += equal
        offset += of_lang.shape[0]
    return Ranking(Relevant(question, lang, grade, score, above, tied), best.candidates)


def _hide(pairs: Ints, rows: slice, columns: slice, scores: Embeddings) -> None:
    """Take pairs of question, language and candidate out of a block of scores."""
    question, _, candidate = pairs[:3, slice(*np.searchsorted(pairs[0], (rows.start, rows.stop)))]
    inside = (candidate >= columns.start) & (candidate < columns.stop)
    scores[question[inside] - rows.start, candidate[inside] - columns.start] = -np.inf


def _sort_pairs(
    questions: "Vectors", candidates: "Mapping[int, Vectors]", pairs: Ints
) -> tuple[Ints, Embeddings]:
    """Return pairs of a question and a relevant candidate, best first, and their scores."""
    question, lang, candidate, _ = pairs
    score = np.zeros(len(question), np.float32)
    for number, of_lang in candidates.items():
        chosen = lang == number
        score[chosen] = dot(questions[question[chosen]], of_lang[candidate[chosen]])
    order = np.lexsort((-score, question))
    return pairs[:, order], score[order]
