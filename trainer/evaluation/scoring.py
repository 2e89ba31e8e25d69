"""Score a benchmark in its settings: monolingual, cross-lingual and the multilingual pool."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.benchmarks.benchmark import Benchmark
from trainer.evaluation.bias import measure_bias, measure_consistency
from trainer.evaluation.embeddings import Embedded
from trainer.evaluation.measures import SETTINGS
from trainer.evaluation.ranking import Ranking, rank
from trainer.evaluation.ranking_metrics import QuestionScores, measure


@dataclass(frozen=True, slots=True)
class Scores:
    """Everything that was measured, question by question.

    Attributes:
        ids: The benchmark's question ids.
        settings: By setting (`SETTINGS`), then by language, or by pair as in `en-es` with the
            language of the questions first. A setting the benchmark does not have is empty.
        bias: By question language; empty where the benchmark is not parallel.
        consistency: Of question ids; None where the benchmark is not parallel.
    """

    ids: Sequence[str]
    settings: Mapping[str, Mapping[str, QuestionScores]]
    bias: Mapping[str, QuestionScores]
    consistency: QuestionScores | None


def score(benchmark: Benchmark, embedded: Embedded) -> Scores:
    """Return the scores of a benchmark from its vectors.

    Args:
        benchmark: The benchmark.
        embedded: Its vectors.
    """
    ids = list(dict.fromkeys(name for asked in benchmark.questions.values() for name in asked.ids))
    place = {name: number for number, name in enumerate(ids)}
    parallel = benchmark.is_parallel()
    settings: dict[str, dict[str, QuestionScores]] = {setting: {} for setting in SETTINGS}
    bias, tops = {}, {}
    for lang, ranking in rank(benchmark, embedded, pooled=parallel):
        asked = np.array([place[name] for name in benchmark.questions[lang].ids], np.int64)
        barren = [not benchmark.relevance[name] for name in benchmark.questions[lang].ids]
        for setting, name, langs in _pools(benchmark, lang, ranking, parallel):
            values = measure(ranking.relevant.ranks(langs), len(asked))
            for measured in values.values():
                measured[barren] = 0
            settings[setting][name] = QuestionScores(asked, values)
        if parallel:
            bias[lang] = QuestionScores(asked, measure_bias(benchmark, lang, ranking))
            tops[lang] = (asked, ranking.top)
    consistency = measure_consistency(benchmark, tops, len(ids)) if parallel else None
    return Scores(ids, settings, bias, consistency)


def _pools(
    benchmark: Benchmark, lang: str, ranking: Ranking, parallel: bool
) -> Iterator[tuple[str, str, Sequence[int]]]:
    """Yield setting, name and candidate languages of each pool that the questions are asked in."""
    for number, of in enumerate(benchmark.candidates):
        if (ranking.relevant.lang == number).any():
            yield (
                ("monolingual", lang, [number])
                if of == lang
                else (
                    "crosslingual",
                    f"{lang}-{of}",
                    [number],
                )
            )
    if parallel:
        yield "multilingual", lang, range(len(benchmark.candidates))
