"""The measures of a study: what they are called, what they mean, and where results have them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_SETTINGS: Final = {
    "monolingual": "questions and candidates in one language, averaged over languages",
    "crosslingual": "questions in one language, candidates in another, averaged over all "
    "ordered pairs",
    "multilingual": "the candidates of all languages in one pool, averaged over the languages "
    "of the questions",
}
_METRICS: Final = {
    "map": ("mAP", "mean over all relevant candidates of the precision at their rank, full depth"),
    "ndcg@10": ("nDCG@10", "gain of the ten best candidates, less the lower they stand"),
    "mrr@10": ("MRR@10", "1 / rank of the first relevant candidate; 0 beyond rank 10"),
    "recall@1": ("recall@1", "share of the relevant candidates that are on top"),
    "recall@10": ("recall@10", "share of the relevant candidates among the ten best"),
    "recall@100": ("recall@100", "share of the relevant candidates among the hundred best"),
}
_BIAS: Final = {
    "rank_distance": (
        "rank distance",
        "in the pool, ranks between the best and the worst translation of one answer (Huang et "
        "al. 2023): 0 would be blind to language; grows with the pool",
    ),
    "rank_distance_median": ("median rank distance", "the same for the median question"),
    "same_language_share@10": (
        "same-language share",
        "share of the ten best candidates that are in the question's language; without bias, "
        "that language's share of the pool",
    ),
    "language_preference_rate": (
        "language preference",
        "how often the copy in the question's language beats its translations; without bias, "
        "1 / number of copies",
    ),
    "consistency@10": (
        "consistency",
        "share of the ten best candidates that stay when the question is asked in another language",
    ),
}
_LOWER_IS_BETTER: Final = {
    "rank_distance",
    "rank_distance_median",
    "same_language_share@10",
    "language_preference_rate",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure.

    Attributes:
        title: What tables call it.
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


MEASURES: Final[dict[str, Measure]] = {
    f"{setting}.{metric}": Measure(f"{setting} {title}", f"{meaning}; {where}")
    for setting, where in _SETTINGS.items()
    for metric, (title, meaning) in _METRICS.items()
} | {
    name: Measure(title, meaning, name in _LOWER_IS_BETTER, name.startswith("rank_distance"))
    for name, (title, meaning) in _BIAS.items()
}

MEASURES["main_score"] = Measure(
    "main score", "mean over subsets of the main metric of an MTEB task, as mteb computes it"
)

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
    yield "main_score", results.get("main_score")
    for setting in _SETTINGS:
        for metric, value in ((results.get(setting) or {}).get("mean") or {}).items():
            if f"{setting}.{metric}" in MEASURES:
                yield f"{setting}.{metric}", value
    for name, value in (results.get("bias") or {}).items():
        if isinstance(value, Mapping):
            yield name, value.get("mean")
            yield f"{name}_median", value.get("median")
        elif name in MEASURES:
            yield name, value
