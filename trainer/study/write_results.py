"""Write what is known of a study: tables, plots and the page.

results.csv    a line for each run and benchmark, with all measures
results.json   cells with mean, spread, interval and difference from the baseline
results.md     the tables
plots/         curves and heat maps
study.html     all of it, explained; needs nothing else
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from schemas.files import write_json, write_text
from trainer.study.cell_scores import score_cells
from trainer.study.findings import state_findings
from trainer.study.grid import baseline_labels
from trainer.study.plots import draw_plots
from trainer.study.run_folder import exclusive_lock
from trainer.study.run_scores import read_run_scores
from trainer.study.study_folder import PLOTS_NAME, RESULTS_NAME
from trainer.study.study_page import BenchmarkPart, write_page
from trainer.study.study_plan import StudyPlan
from trainer.study.study_table import (
    by_benchmark,
    describe_cell,
    make_rows,
    write_csv,
    write_markdown,
)

PAGE_NAME: Final = "study.html"


def write_results(plan: StudyPlan, failed: Sequence[str] = ()) -> tuple[Path, str]:
    """Write the results of the runs that are finished; return the page's path and the tables.

    Args:
        plan: The study.
        failed: One sentence for each run that failed.
    """
    output = Path(plan.study.output).expanduser()
    output.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(output):  # several processes can share a study
        return _write(output, plan, failed)


def _write(output: Path, plan: StudyPlan, failed: Sequence[str]) -> tuple[Path, str]:
    study = plan.study
    runs = read_run_scores(plan.cells, plan.base_models, plan.folders, list(study.evaluate))
    cells = score_cells(runs, baseline_labels(study, plan.cells))
    write_text(output / "results.csv", write_csv(runs))
    content = {
        "title": study.title,
        "study": study.model_dump(mode="json"),
        "cells": [describe_cell(cell) for cell in cells],
    }
    write_json(output / RESULTS_NAME, content)
    tables = write_markdown(cells, study.measures)
    write_text(output / "results.md", tables)
    parts = [
        BenchmarkPart(
            name,
            state_findings(of_benchmark, study.measures),
            make_rows(of_benchmark, study.measures),
            draw_plots(output / PLOTS_NAME, name, of_benchmark, study.measures),
        )
        for name, of_benchmark in by_benchmark(cells).items()
    ]
    write_text(output / PAGE_NAME, write_page(plan, parts, failed))
    return output / PAGE_NAME, tables
