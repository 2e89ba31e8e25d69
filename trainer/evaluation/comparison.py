"""Two evaluations compared: the same benchmark, the same questions, another model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from schemas.errors import UsageError
from schemas.files import read_json
from schemas.plain_text import one_line
from schemas.tables import text_table
from schemas.wording import counted
from trainer.evaluation.intervals import LEVEL, SAMPLES
from trainer.evaluation.measures import MEASURES
from trainer.evaluation.paired import Estimate, estimate, subtract_runs
from trainer.evaluation.question_scores import SavedScores, load_question_scores, questions_file
from trainer.evaluation.saved_results import read_results

_COMPARISON: Final = {"first", "second", "questions", "measures"}
_SETTINGS: Final = ("max_length", "question_prompt", "passage_prompt", "similarity", "dtype")
_SAME: Final = 1e-4  # scores are kept with 7 digits, means with 6


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of an evaluation, with the scores of its questions.

    Attributes:
        path: The file of the results.
        results: What is in it.
        scores: What each question scored.
        means: The mean of each measure.
    """

    path: Path
    results: Mapping[str, Any]
    scores: SavedScores
    means: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the second model scored more than the first.

    Attributes:
        first: The first evaluation.
        second: The second.
        differences: By measure.
    """

    first: Evaluation
    second: Evaluation
    differences: Mapping[str, Estimate]


def read_evaluation(path: Path) -> Evaluation:
    """Return an evaluation that `tandemqa evaluate` wrote.

    Raises:
        UsageError: If it cannot be read, is no such file, or has no scores of questions.
    """
    if not path.is_file():
        raise UsageError(f"{path}: not a file; wanted results of tandemqa evaluate --output")
    results = read_results(path)
    if not isinstance(results.get("benchmark"), str) or not isinstance(results.get("model"), str):
        raise UsageError(f"{path}: not the results of an evaluation: no benchmark, or no model")
    file = questions_file(path)
    if not file.exists():
        raise UsageError(f"{file}: {_why_missing(results)}")
    scores = load_question_scores(file)
    means = {name: of.mean for name, of in estimate(scores).items()}
    _check_means(path, results, means)
    return Evaluation(path, results, scores, means)


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Return what the second model scored more than the first, question by question.

    Raises:
        UsageError: If they did not answer the same questions from the same candidates.
    """
    for name, describe in _SAME_IN_BOTH.items():
        ours, theirs = first.results.get(name), second.results.get(name)
        # Results of earlier versions have no `content`.
        if ours != theirs and not (name == "content" and None in (ours, theirs)):
            raise UsageError(
                f"{first.path} and {second.path} cannot be compared: {describe(ours, theirs)}"
            )
    return Comparison(first, second, estimate(subtract_runs(second.scores, first.scores)))


def format_comparison(comparison: Comparison) -> str:
    """Return the comparison as lines of text."""
    first, second = comparison.first, comparison.second
    rows = [
        [
            measure.title + (" (less is better)" if measure.lower_is_better else ""),
            measure.show(first.means[name]),
            measure.show(second.means[name]),
            measure.show(gain.mean, signed=True),
            f"{measure.show(gain.low, signed=True)} to {measure.show(gain.high, signed=True)}",
            show_p(gain.p),
        ]
        for name, measure in MEASURES.items()
        if (gain := comparison.differences.get(name))
    ]
    head = ["", "first", "second", "difference", f"{LEVEL:.0%} interval".replace("%", " %"), "p"]
    questions = counted(len(first.scores.ids), "question id")
    lines = [
        one_line(f"{first.results['benchmark']}, {questions}, the same for both"),
        one_line(f"first:  {first.results['model']} ({first.path})"),
        one_line(f"second: {second.results['model']} ({second.path})"),
        *map(one_line, _other_settings(comparison)),
        "",
        text_table(head, rows, "lrrrrr"),
        "",
        f"difference: second minus first; interval and p from {SAMPLES:,} draws of question ids, "
        "a question with its translations",
    ]
    return "\n".join(lines) + "\n"


def describe_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON values."""
    first, second = comparison.first, comparison.second
    return {
        "benchmark": first.results["benchmark"],
        "first": {"results": str(first.path), "model": first.results["model"]},
        "second": {"results": str(second.path), "model": second.results["model"]},
        "questions": len(first.scores.ids),
        "level": LEVEL,
        "samples": SAMPLES,
        "measures": {
            name: {
                "first": round(first.means[name], 6),
                "second": round(second.means[name], 6),
                "difference": round(gain.mean, 6),
                "interval": [round(gain.low, 6), round(gain.high, 6)],
                "p": round(gain.p, 6),
            }
            for name, gain in comparison.differences.items()
        },
    }


def is_comparison(path: Path) -> bool:
    """Whether a file holds what `describe_comparison` returns."""
    try:
        return path.is_file() and set(read_json(path)) >= _COMPARISON
    except (OSError, ValueError):
        return False


def show_p(p: float) -> str:
    """Return a p-value as tables show it."""
    least = 2 / (SAMPLES + 1)
    return f"< {least:.3f}" if p <= least else f"{p:.3f}"


def _why_missing(results: Mapping[str, Any]) -> str:
    if "main_score" in results:
        return "not there; of MTEB's tasks only retrieval has scores of questions"
    return "not there; it is written beside the results, and has what each question scored"


def _check_means(path: Path, results: Mapping[str, Any], means: Mapping[str, float]) -> None:
    """Refuse scores of questions that are those of other results."""
    for name, value in means.items():
        setting, _, metric = name.partition(".")
        told = ((results.get(setting) or {}).get("mean") or {}).get(metric) if metric else None
        if told is not None and abs(told - value) > _SAME:
            raise UsageError(
                f"{questions_file(path)} belongs to other results than {path}: its "
                f"{MEASURES[name].title} is {value:.4f}, not {told:.4f}"
            )


def _other_settings(comparison: Comparison) -> Iterator[str]:
    """Say which settings of the models differ: they are part of what is compared."""
    settings = [of.results.get("settings") for of in (comparison.first, comparison.second)]
    ours, theirs = (of if isinstance(of, dict) else {} for of in settings)
    for name in _SETTINGS:
        if ours.get(name) != theirs.get(name):
            yield f"{name}: {ours.get(name)!r} in the first, {theirs.get(name)!r} in the second"


def _tell_benchmark(ours: object, theirs: object) -> str:
    return f"the first is of benchmark {ours}, the second of {theirs}"


def _tell_languages(ours: object, theirs: object) -> str:
    shown = [", ".join(map(str, of)) if isinstance(of, list) else str(of) for of in (ours, theirs)]
    return (
        f"the first is in {shown[0]}, the second in {shown[1]}; score both with "
        "the same --languages"
    )


def _tell_counts(ours: object, theirs: object) -> str:
    return f"the numbers of candidates differ: {ours} and {theirs}"


def _tell_content(ours: object, theirs: object) -> str:
    return "questions, candidates or judgements differ, though they have the same ids"


_SAME_IN_BOTH: Final = {
    "benchmark": _tell_benchmark,
    "languages": _tell_languages,
    "candidates": _tell_counts,
    "content": _tell_content,
}
