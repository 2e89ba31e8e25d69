"""The page of a study: one file that needs no network, with everything escaped."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from schemas.page import render_page
from schemas.wording import counted
from trainer.evaluation.measures import Measure
from trainer.study.answer import Answer
from trainer.study.plots import Plot
from trainer.study.study_file import Options
from trainer.study.study_plan import StudyPlan
from trainer.study.study_table import TableRow

_VERSIONS: Final = ("tandemqa", "sentence-transformers", "transformers", "torch")


@dataclass(frozen=True, slots=True)
class BenchmarkPart:
    """What the page says about one benchmark.

    Attributes:
        name: Its name in the study.
        measures: What its table shows.
        answers: The answer to the study's question, by each measure that answers.
        findings: What stands out, in sentences.
        rows: The table.
        plots: The plots.
    """

    name: str
    measures: Sequence[Measure]
    answers: Sequence[Answer]
    findings: Sequence[str]
    rows: Sequence[TableRow]
    plots: Sequence[Plot]


def write_page(
    plan: StudyPlan, parts: Sequence[BenchmarkPart], trade_off: Plot | None, failed: Sequence[str]
) -> str:
    """Return the page.

    Args:
        plan: The study.
        parts: The results on each benchmark.
        trade_off: What all benchmarks gain and lose along one axis.
        failed: One sentence for each run that failed.
    """
    left = plan.unfinished()
    return render_page(
        "trainer.study",
        "page.html.j2",
        style="page.css",
        images=True,
        study=plan.study,
        axes=_axes(plan),
        parts=parts,
        trade_off=trade_off,
        measures=list({measure.title: measure for of in parts for measure in of.measures}.values()),
        seeds=len({cell.seed for cell in plan.cells}),
        runs=list(_runs(plan)),
        done=len(plan.folders) - len(left),
        left=len(left),
        failed=failed,
        embed=_embed,
        show=_show,
        counted=counted,
        made=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        versions=", ".join(f"{name} {version(name)}" for name in _VERSIONS),
    )


def _embed(path: Path) -> str:
    return "data:image/svg+xml;base64," + b64encode(path.read_bytes()).decode()


def _show(value: object) -> str:
    """Return the value of an option as a person would write it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _axes(plan: StudyPlan) -> dict[str, list[str]]:
    """Return the values of each axis of the grid, in lines; seeds last."""
    axes: dict[str, dict[str, None]] = {axis: {} for axis in plan.cells[0].labels}
    for cell in plan.cells:
        for axis, label in cell.labels.items():
            axes[axis][label] = None
    seeds = dict.fromkeys(str(cell.seed) for cell in plan.cells)
    lines = {axis: _name_values(list(of), plan.study.vary[axis]) for axis, of in axes.items()}
    return {**lines, "seed": [", ".join(seeds)]}


def _name_values(labels: Sequence[str], values: list[Any] | Options) -> list[str]:
    """Return the values of an axis, with what names stand for."""
    if isinstance(values, list):
        return [", ".join(labels)]
    if set(values) == {"order", "counts"}:
        return [f"the first {', '.join(labels)} of {_show(values['order'])}"]
    return [
        f"{label}: " + "; ".join(f"{name} {_show(value)}" for name, value in options.items())
        for label, options in values.items()
    ]


def _runs(plan: StudyPlan) -> Iterator[dict[str, Any]]:
    left = {folder.run.key for folder in plan.unfinished()}
    for folder in plan.folders.values():
        seconds = folder.seconds()
        yield {
            "name": folder.path.name,
            "state": "to do" if folder.run.key in left else "done",
            "minutes": "" if seconds is None else f"{seconds / 60:.1f}",
        }
