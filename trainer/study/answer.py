"""The answer to a study's question, in a sentence: differences with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.evaluation.measures import MEASURES
from trainer.study.cell_scores import CellScores, Statistic, pool_differences
from trainer.study.grid import UNTOUCHED
from trainer.study.study_table import show_interval


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer by one measure.

    Attributes:
        head: The benchmark, the measure and the baseline.
        differences: What differs from the baseline, by how much, and what that says.
    """

    head: str
    differences: Sequence[str]

    def __str__(self) -> str:
        """Return it as one sentence."""
        return f"{self.head}: {'; '.join(self.differences)}."


def answer_question(
    cells: Sequence[CellScores],
    measures: Sequence[str],
    baseline: Mapping[str, str],
    answer: Mapping[str, str],
) -> list[Answer]:
    """Return the answer by each measure: how the cells that answer differ from the baseline.

    Cells that change the same are averaged: hybrid batches over all sizes, for example.

    Args:
        cells: Cells on one benchmark.
        measures: The measures that answer.
        baseline: Labels of the baseline.
        answer: Labels of the cells that answer; empty for all, and for untouched models.
    """
    answers = []
    for name in measures:
        groups: dict[str, list[CellScores]] = {}
        for cell in cells:
            if _answers(cell, answer) and name in cell.differences:
                groups.setdefault(_name_change(cell, baseline), []).append(cell)
        if groups:
            told = [_tell(change, group, name, baseline) for change, group in groups.items()]
            against = _name_baseline(next(iter(groups.values())), baseline)
            measure = MEASURES[name]
            less = " (less is better)" if measure.lower_is_better else ""
            title = f"{cells[0].benchmark}, {measure.title}{less}"
            answers.append(Answer(f"{title}, against {against}", told))
    return answers


def _answers(cell: CellScores, answer: Mapping[str, str]) -> bool:
    if cell.is_baseline:
        return False
    if not cell.trained:
        return not answer and UNTOUCHED in cell.labels
    return answer.items() <= cell.labels.items()


def _name_change(cell: CellScores, baseline: Mapping[str, str]) -> str:
    """Return in what a cell differs from its baseline."""
    if not cell.trained or not baseline:
        return cell.name
    return _name(
        {axis: cell.labels[axis] for axis in baseline if cell.labels[axis] != baseline[axis]}
    )


def _name_baseline(cells: Sequence[CellScores], baseline: Mapping[str, str]) -> str:
    if not baseline:
        return "the untouched model"
    others = [axis for axis in cells[0].labels if axis not in baseline and cells[0].trained]
    return _name(baseline) + (f" with the same {' and '.join(others)}" if others else "")


def _tell(change: str, cells: Sequence[CellScores], name: str, baseline: Mapping[str, str]) -> str:
    """Return the mean difference of some cells, what it says, and its range."""
    gain = cells[0].differences[name] if len(cells) == 1 else pool_differences(cells)[name]
    measure = MEASURES[name]
    text = f"{change} {measure.show(gain.mean, signed=True)}"
    if gain.interval is not None:
        text += f" {show_interval(measure, gain, signed=True)}"
    elif len(cells) == 1 and gain.spread is not None:
        text += f" ± {measure.show(gain.spread)} over seeds"
    text += f"{' on average' if len(cells) > 1 else ''} ({_judge(name, gain)})"
    if len(cells) > 1:
        ends = sorted(cells, key=lambda cell: cell.differences[name].mean)
        low, high = (
            f"{measure.show(cell.differences[name].mean, signed=True)} at "
            + _name({axis: of for axis, of in cell.labels.items() if axis not in baseline})
            for cell in (ends[0], ends[-1])
        )
        text += f", from {low} to {high}"
    return text


def _judge(name: str, gain: Statistic) -> str:
    """Return what a difference says, as far as its interval goes."""
    if gain.interval is None:
        return "no interval"
    low, high = gain.interval
    if low == high == 0:
        return "the same"
    if low <= 0 <= high:
        return "undecided"
    return "worse" if (gain.mean > 0) == MEASURES[name].lower_is_better else "better"


def _name(labels: Mapping[str, str]) -> str:
    return ", ".join(f"{axis} {label}" for axis, label in labels.items())
