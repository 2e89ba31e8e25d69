"""Write what is known of a study: tables, plots and the page.

results.csv    a line for each run and benchmark, with all measures
results.json   cells with mean, spread, interval and difference from the baseline
results.md     the answer and the tables
plots/         curves and heat maps
study.html     all of it, explained; needs nothing else
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from schemas.files import write_json, write_text
from trainer.evaluation.measures import MEASURES
from trainer.study.answer import answer_question
from trainer.study.cell_scores import score_cells
from trainer.study.findings import state_findings
from trainer.study.plots import draw_plots, draw_trade_off
from trainer.study.run_folder import exclusive_lock
from trainer.study.run_scores import read_run_scores
from trainer.study.study_folder import PLOTS_NAME, RESULTS_NAME
from trainer.study.study_page import BenchmarkPart, write_page
from trainer.study.study_plan import StudyPlan
from trainer.study.study_table import (
    by_benchmark,
    describe_cell,
    known_measures,
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
    everything = [*plan.cells, *plan.untrained]
    runs = read_run_scores(everything, plan.folders, list(study.evaluate))
    cells = score_cells(runs, plan.baseline)
    write_text(output / "results.csv", write_csv(runs))
    content = {
        "title": study.title,
        "study": study.model_dump(mode="json"),
        "cells": [describe_cell(cell) for cell in cells],
    }
    write_json(output / RESULTS_NAME, content)
    measured = by_benchmark(cells)
    measures = {name: known_measures(of, study.measures_of(name)) for name, of in measured.items()}
    answering = {name: of[: plan.study.answering] for name, of in measures.items()}
    parts = [
        BenchmarkPart(
            name=name,
            measures=[MEASURES[measure] for measure in measures[name]],
            answers=answer_question(of_benchmark, answering[name], plan.baseline, plan.answer),
            findings=state_findings(of_benchmark, measures[name]),
            rows=make_rows(of_benchmark, measures[name]),
            plots=draw_plots(output / PLOTS_NAME, name, of_benchmark, measures[name]),
        )
        for name, of_benchmark in measured.items()
    ]
    trade_off = draw_trade_off(output / PLOTS_NAME, measured, measures)
    write_text(output / PAGE_NAME, write_page(plan, parts, trade_off, failed))
    answers = [f"{answer}\n" for part in parts for answer in part.answers]
    tables = [write_markdown(of, measures[name]) for name, of in measured.items()]
    text = "\n".join([*answers, *tables])
    write_text(output / "results.md", text)
    return output / PAGE_NAME, text
