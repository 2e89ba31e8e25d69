"""What single runs scored, as `tandemqa evaluate` wrote it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.evaluation.measures import read_measures
from trainer.evaluation.saved_results import read_results
from trainer.study.grid import Cell
from trainer.study.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class RunScores:
    """What one run scored on one benchmark.

    Attributes:
        benchmark: Name of the benchmark in the study.
        labels: Value of each axis; the model's name alone where nothing was trained.
        seed: Seed of the run; None where nothing was trained.
        model: The model that was trained, or only evaluated.
        folder: Name of the run's folder.
        measures: Values by measure.
        results: All that the evaluation wrote.
        questions: File with the scores of each question; None where the benchmark has none.
    """

    benchmark: str
    labels: Mapping[str, str]
    seed: int | None
    model: str
    folder: str
    measures: Mapping[str, float]
    results: Mapping[str, Any]
    questions: Path | None

    @property
    def trained(self) -> bool:
        """Whether the model was trained in the study."""
        return self.seed is not None


def read_run_scores(
    cells: Sequence[Cell], folders: Mapping[str, RunFolder], benchmarks: Sequence[str]
) -> list[RunScores]:
    """Return the scores of all finished evaluations.

    Args:
        cells: The grid, and what is only evaluated.
        folders: Folder of each run, by its key.
        benchmarks: Their names in the study.
    """
    return [
        scores
        for name in benchmarks
        for cell in cells
        for scores in _read(name, cell, folders[cell.run.key])
    ]


def _read(benchmark: str, cell: Cell, folder: RunFolder) -> Iterator[RunScores]:
    if folder.is_scored(benchmark):
        results = read_results(folder.results(benchmark))
        questions = folder.questions(benchmark)
        yield RunScores(
            benchmark=benchmark,
            labels=cell.labels,
            seed=cell.seed,
            model=str(cell.run.options["model"]),
            folder=folder.path.name,
            measures=read_measures(results),
            results=results,
            questions=questions if questions.exists() else None,
        )
