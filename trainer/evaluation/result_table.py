"""Results as a table for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from trainer.evaluation.heat_map import tabulate

_METRICS: Final = {
    "map": "mAP",
    "ndcg@10": "nDCG@10",
    "mrr@10": "MRR@10",
    "recall@1": "R@1",
    "recall@10": "R@10",
    "recall@100": "R@100",
}
_SETTINGS: Final = {
    "monolingual": "monolingual",
    "crosslingual": "cross-lingual",
    "multilingual": "multilingual pool",
}
_BIAS: Final = {
    "same_language_share@10": "same-language share of the ten best",
    "language_preference_rate": "own-language copy preferred",
    "consistency@10": "same ten best in other languages",
}
_SHORT: Final = {"monolingual": "mono", "crosslingual": "cross", "multilingual": "pool"}


def format_results(results: Mapping[str, Any]) -> str:
    """Return the results as lines of text.

    Args:
        results: What `evaluate` gives, or an MTEB task.
    """
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    yield f"{results['benchmark']}: {results['model']}"
    if "main_score" in results:
        yield f"{results['main_metric']}: {results['main_score']:.4f}"
    if "questions" in results:
        yield (
            f"{sum(results['questions'].values()):,} questions, "
            f"{sum(results['candidates'].values()):,} candidates, "
            f"{len(results['languages'])} languages"
        )
    if "monolingual" not in results:
        return
    yield ""
    yield from _means("", results)
    if "with_context" in results:
        yield ""
        yield from _means("with context", results["with_context"])
    if results.get("bias"):
        yield ""
        yield from _bias(results)
    if results.get("floors"):
        yield ""
        yield from _floors(results)
    if len(results["languages"]) > 1 and "questions" in results:
        yield ""
        yield from _by_language(results)


def _means(title: str, results: Mapping[str, Any]) -> Iterator[str]:
    """Yield each setting's metrics, with the interval of the first."""
    yield f"{title:<19}" + "".join(f"{name:>9}" for name in _METRICS.values()) + "   mAP, 95 %"
    for setting, name in _SETTINGS.items():
        means = (results.get(setting) or {}).get("mean")
        if means:
            interval = results.get("intervals", {}).get(setting, {}).get("map")
            around = f"   {_short(interval[0])} to {_short(interval[1])}" if interval else ""
            yield f"{name:<19}" + "".join(f"{_short(means[m]):>9}" for m in _METRICS) + around


def _bias(results: Mapping[str, Any]) -> Iterator[str]:
    bias = results["bias"]
    distance = bias["rank_distance"]
    yield (
        f"rank distance {distance['mean']:,.1f} (median {distance['median']:,.1f}, "
        f"{distance['relative']:.1%} of the pool)"
    )
    for measure, name in _BIAS.items():
        unbiased = bias["unbiased"].get(measure)
        beside = f" (without bias {unbiased:.1%})" if unbiased is not None else ""
        if bias[measure] is not None:
            yield f"{name} {bias[measure]:.1%}{beside}"


def _floors(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield mAP and rank distance of the model and of each floor."""
    names = "".join(f"{name:>9}" for name in _SHORT.values())
    yield f"{'mAP beside floors':<19}{names}{'rank distance':>16}"
    for name, found in {"this model": results, **results["floors"]}.items():
        line = f"{name:<19}"
        for setting in _SHORT:
            means = found[setting]["mean"]
            line += f"{_short(means['map']) if means else '-':>9}"
        distance = found["bias"]["rank_distance"]["mean"] if found["bias"] else None
        yield line + f"{f'{distance:,.0f}' if distance is not None else '-':>16}"


def _by_language(results: Mapping[str, Any]) -> Iterator[str]:
    """Yield mAP by language: alone, asking others, asked by others, in the pool."""
    values = tabulate(results, "map")
    pool = results["multilingual"]["by_language"]
    others = values.copy()
    np.fill_diagonal(others, np.nan)
    columns = ("mono", "asking", "asked", "pool")
    yield f"{'mAP by language':<19}" + "".join(f"{name:>9}" for name in columns)
    for place, lang in enumerate(results["languages"]):
        cells = [
            values[place, place],
            _mean(others[place]),
            _mean(others[:, place]),
            pool[lang]["map"] if lang in pool else np.nan,
        ]
        yield f"{lang:<19}" + "".join(f"{_short(cell):>9}" for cell in cells)


def _mean(values: Any) -> float:  # noqa: ANN401
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _short(value: float) -> str:
    """Return a share as the literature writes it: `.7941`."""
    return f"{value:.4f}".removeprefix("0") if np.isfinite(value) else "-"
