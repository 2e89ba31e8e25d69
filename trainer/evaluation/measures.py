"""What is measured: what it is called, what it means, and where results have it.

A *metric* says how well a ranking answers its question; it is measured in three *settings*. The
measures of language bias concern the multilingual pool as a whole.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is measured.

    Attributes:
        title: Its name in tables.
        meaning: What it is, for a reader.
        lower_is_better: Whether less is better.
        is_rank: Whether it counts ranks; other measures are shares, 0 to 1.
    """

    title: str
    meaning: str
    lower_is_better: bool = False
    is_rank: bool = False

    def show(self, value: float, signed: bool = False) -> str:
        """Return a value as tables show it."""
        sign = "+" if signed else ""
        return f"{value:{sign},.1f}" if self.is_rank else f"{value:{sign}.4f}"


MAIN_SCORE: Final = "main_score"

SETTINGS: Final = {
    "monolingual": (
        "monolingual",
        "questions and candidates in one language, averaged over languages",
    ),
    "crosslingual": (
        "cross-lingual",
        "questions in one language, candidates in another, averaged over all ordered pairs",
    ),
    "multilingual": (
        "multilingual",
        "the candidates of all languages in one pool, averaged over the languages of the questions",
    ),
}
"""Title and meaning of each setting, by its name in results."""

METRICS: Final = {
    "map": ("mAP", "mean over all relevant candidates of the precision at their rank, full depth"),
    "ndcg@10": ("nDCG@10", "gain of the ten best candidates, discounted by rank"),
    "mrr@10": ("MRR@10", "1 / rank of the first relevant candidate; 0 beyond rank 10"),
    "recall@1": ("recall@1", "share of the relevant candidates that are ranked first"),
    "recall@10": ("recall@10", "share of the relevant candidates among the ten best"),
    "recall@100": ("recall@100", "share of the relevant candidates among the hundred best"),
}
"""Title and meaning of each metric, by its name in results."""

BIAS: Final = {
    "rank_distance": Measure(
        "rank distance",
        "in the pool, ranks between the best and the worst translation of one answer (Huang et "
        "al. 2023): 0 would be blind to language; grows with the pool",
        lower_is_better=True,
        is_rank=True,
    ),
    "rank_distance_median": Measure(
        "median rank distance",
        "the same for the median question",
        lower_is_better=True,
        is_rank=True,
    ),
    "same_language_share@10": Measure(
        "same-language share",
        "share of the ten best candidates that are in the question's language; without bias, "
        "that language's share of the pool",
        lower_is_better=True,
    ),
    "language_preference_rate": Measure(
        "language preference",
        "how often the copy in the question's language beats its translations; without bias, "
        "1 / number of copies",
        lower_is_better=True,
    ),
    "consistency@10": Measure(
        "consistency",
        "share of the ten best candidates that stay when the question is asked in another language",
    ),
}
"""Measures of language bias, by their names in results."""

MEASURES: Final[dict[str, Measure]] = {
    **{
        f"{setting}.{metric}": Measure(f"{where} {title}", f"{meaning}; {pool}")
        for setting, (where, pool) in SETTINGS.items()
        for metric, (title, meaning) in METRICS.items()
    },
    **BIAS,
    MAIN_SCORE: Measure(
        "main score", "mean over subsets of the main metric of an MTEB task, as mteb computes it"
    ),
}
"""All measures that a study can show, by the names that study files use."""

DEFAULT_MEASURES: Final = (
    "monolingual.map",
    "crosslingual.map",
    "multilingual.map",
    "rank_distance",
)


def read_measures(results: Mapping[str, Any]) -> dict[str, float]:
    """Return the measures that the results of an evaluation have."""
    return {name: float(value) for name, value in _find(results) if value is not None}


def _find(results: Mapping[str, Any]) -> Iterator[tuple[str, float | None]]:
    yield MAIN_SCORE, results.get(MAIN_SCORE)
    for setting in SETTINGS:
        for metric, value in ((results.get(setting) or {}).get("mean") or {}).items():
            if f"{setting}.{metric}" in MEASURES:
                yield f"{setting}.{metric}", value
    for name, value in (results.get("bias") or {}).items():
        if isinstance(value, Mapping):
            yield name, value.get("mean")
            yield f"{name}_median", value.get("median")
        elif name in MEASURES:
            yield name, value
