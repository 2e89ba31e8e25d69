"""The answer to a study's question, in a sentence: a difference with its interval."""

from collections.abc import Mapping, Sequence

from trainer.evaluation.measures import MEASURES
from trainer.study.cell_scores import CellScores, Statistic
from trainer.study.grid import UNTOUCHED
from trainer.study.study_table import show_interval


def answer_question(
    cells: Sequence[CellScores],
    measures: Sequence[str],
    baseline: Mapping[str, str],
    answer: Mapping[str, str],
) -> list[str]:
    """Return a sentence for each measure: how the cells that answer differ from the baseline.

    Args:
        cells: Cells on one benchmark.
        measures: The measures that answer.
        baseline: Labels of the baseline.
        answer: Labels of the cells that answer; empty for all, and for untouched models.
    """
    asked = [cell for cell in cells if _answers(cell, answer)]
    sentences = []
    for name in measures:
        told = {id(cell): cell.differences[name] for cell in asked if name in cell.differences}
        subjects = [cell for cell in asked if id(cell) in told]
        if subjects:
            sentences.append(_tell(name, subjects, [told[id(cell)] for cell in subjects], baseline))
    return sentences


def _answers(cell: CellScores, answer: Mapping[str, str]) -> bool:
    if cell.is_baseline:
        return False
    if not cell.trained:
        return not answer and UNTOUCHED in cell.labels
    return answer.items() <= cell.labels.items()


def _tell(
    name: str,
    subjects: Sequence[CellScores],
    gains: Sequence[Statistic],
    baseline: Mapping[str, str],
) -> str:
    """Return the sentence; what all subjects have in common is said once."""
    first = subjects[0].labels
    shared = {
        axis: label
        for axis, label in first.items()
        if axis in baseline and all(cell.labels.get(axis) == label for cell in subjects)
    }
    changed = {axis: label for axis, label in shared.items() if baseline[axis] != label}
    same = {axis for axis in shared if axis not in changed}
    against = _name({axis: label for axis, label in baseline.items() if axis not in same})
    differences = [
        _show(name, gain, _name({a: v for a, v in cell.labels.items() if a not in shared}))
        for cell, gain in zip(subjects, gains, strict=True)
    ]
    measure = MEASURES[name]
    less = " (less is better)" if measure.lower_is_better else ""
    subject = f"{_name(changed)} against {against}" if changed else f"the difference from {against}"
    return f"{subjects[0].benchmark}, {measure.title}{less}: {subject} is {'; '.join(differences)}."


def _show(name: str, gain: Statistic, place: str) -> str:
    """Return a difference with its interval; with the spread over seeds where there is none."""
    measure = MEASURES[name]
    interval = show_interval(measure, gain, signed=True)
    if not interval:
        spread = "" if gain.spread is None else f"± {measure.show(gain.spread)} over seeds, "
        interval = f"({spread}no interval)"
    return f"{measure.show(gain.mean, signed=True)} {interval}{' at ' if place else ''}{place}"


def _name(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{axis} {label}" for axis, label in labels.items())
