"""Results as tables for the terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from schemas.tables import text_table
from schemas.wording import counted
from trainer.evaluation.heat_map import tabulate
from trainer.evaluation.measures import BIAS, METRICS, SETTINGS
from trainer.evaluation.saved_results import UNFINISHED


def format_results(results: Mapping[str, Any]) -> str:
    """Return the results as lines of text.

    Args:
        results: What `evaluate` returns, for an MTEB task, too.
    """
    return "\n\n".join(_parts(results)) + "\n"


def _parts(results: Mapping[str, Any]) -> Iterator[str]:
    yield "\n".join(_summary(results))
    if "monolingual" not in results:
        return
    yield _means("", results)
    if "with_context" in results:
        yield _means("with context", results["with_context"])
    if results.get("bias"):
        yield "\n".join(_bias(results))
    if results.get("floors"):
        yield _floors(results)
    if len(results["languages"]) > 1 and "questions" in results:
        yield _by_language(results)


def _summary(results: Mapping[str, Any]) -> Iterator[str]:
    yield f"{results['benchmark']}: {results['model']}"
    if "main_score" in results:
        yield f"{results['main_metric']}: {results['main_score']:.4f}"
    if "questions" in results:
        yield ", ".join(
            [
                counted(sum(results["questions"].values()), "question"),
                counted(sum(results["candidates"].values()), "candidate"),
                counted(len(results["languages"]), "language"),
            ]
        )
    yield from results.get("notes", ())
    length = results.get("settings", {}).get("max_length")
    for kind, number in results.get("cut", {}).items():
        if number:
            whole = sum(results[kind].values())
            yield f"{number:,} of {whole:,} {kind} are longer than {length} tokens, and were cut"
    if UNFINISHED in results:
        yield f"Stopped; not scored: {', '.join(results[UNFINISHED])}"


def _means(title: str, results: Mapping[str, Any]) -> str:
    """Return the metrics of each setting, with the interval of the first."""
    rows = []
    for setting, (name, _) in SETTINGS.items():
        means = (results.get(setting) or {}).get("mean")
        if means:
            interval = results.get("intervals", {}).get(setting, {}).get("map")
            around = " to ".join(map(_show, interval)) if interval else ""
            rows.append([name, *(_show(means[metric]) for metric in METRICS), around])
    titles = [name for name, _ in METRICS.values()]
    return text_table([title, *titles, "mAP, 95 %"], rows, "l" + "r" * len(titles) + "l")


def _bias(results: Mapping[str, Any]) -> Iterator[str]:
    bias = results["bias"]
    distance = bias["rank_distance"]
    yield (
        f"rank distance {distance['mean']:,.1f} (median {distance['median']:,.1f}, "
        f"{distance['relative']:.1%} of the pool)"
    )
    for name, measure in BIAS.items():
        unbiased = bias["unbiased"].get(name)
        beside = f" (without bias {unbiased:.1%})" if unbiased is not None else ""
        if not measure.is_rank and bias[name] is not None:
            yield f"{measure.title} {bias[name]:.1%}{beside}"


def _floors(results: Mapping[str, Any]) -> str:
    """Return mAP and rank distance of the model and of each floor."""
    rows = []
    for name, found in {"this model": results, **results["floors"]}.items():
        means = [found[setting]["mean"] for setting in SETTINGS]
        distance = found["bias"]["rank_distance"]["mean"] if found["bias"] else None
        rows.append(
            [
                name,
                *(_show(mean["map"]) if mean else "-" for mean in means),
                "-" if distance is None else f"{distance:,.0f}",
            ]
        )
    titles = [name for name, _ in SETTINGS.values()]
    return text_table(["mAP beside floors", *titles, "rank distance"], rows, "lrrrr")


def _by_language(results: Mapping[str, Any]) -> str:
    """Return mAP by language: alone, of its questions, of its candidates, in the pool."""
    values = tabulate(results, "map")
    pool = results["multilingual"]["by_language"]
    others = values.copy()
    np.fill_diagonal(others, np.nan)
    rows = []
    for place, lang in enumerate(results["languages"]):
        cells = [
            values[place, place],
            _mean(others[place]),
            _mean(others[:, place]),
            pool[lang]["map"] if lang in pool else np.nan,
        ]
        rows.append([lang, *map(_show, cells)])
    titles = ["monolingual", "its questions", "its candidates", "multilingual"]
    return text_table(["mAP by language", *titles], rows, "lrrrr")


def _mean(values: Any) -> float:  # noqa: ANN401
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _show(value: float) -> str:
    """Return a share as the literature writes it: `.7941`."""
    return f"{value:.4f}".removeprefix("0") if np.isfinite(value) else "-"
