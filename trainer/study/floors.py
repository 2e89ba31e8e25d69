"""Floors: what word matching and random weights reach on the same benchmark."""

from collections.abc import Sequence
from typing import Final

from trainer.evaluation.floors import TFIDF, UNTRAINED
from trainer.evaluation.measures import read_measures
from trainer.study.cell_scores import Summary

_NAMES: Final = {TFIDF: "TF-IDF of characters", UNTRAINED: "random weights"}


def read_floors(summaries: Sequence[Summary]) -> dict[str, dict[str, float]]:
    """Return the measures of each floor, by name, from the first results that have it.

    Args:
        summaries: Of one benchmark.
    """
    found: dict[str, dict[str, float]] = {}
    for summary in summaries:
        for outcome in summary.outcomes:
            for key, results in (outcome.results.get("floors") or {}).items():
                if key in _NAMES and _NAMES[key] not in found:
                    found[_NAMES[key]] = read_measures(results)
    return found
