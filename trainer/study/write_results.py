"""Write what is known of a study: tables, plots and the page.

results.csv    a line for each run and benchmark, with all measures
results.json   cells with mean, spread, interval and difference to the baseline
results.md     the tables
plots/         curves and heat maps
study.html     all of it, explained; needs nothing else
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from schemas.files import write_json, write_text
from trainer.study.cell_scores import summarise
from trainer.study.charts import draw_charts
from trainer.study.findings import find
from trainer.study.grid import baseline_labels
from trainer.study.run_folder import alone
from trainer.study.run_scores import read_outcomes
from trainer.study.study_page import BenchmarkPart, write_page
from trainer.study.study_plan import StudyPlan
from trainer.study.study_table import by_benchmark, describe, make_rows, markdown, write_csv

PAGE_NAME: Final = "study.html"


def write_study(plan: StudyPlan, failed: Sequence[str] = ()) -> tuple[Path, str]:
    """Write what the finished runs of a study say; return the page's path and the tables.

    Args:
        plan: The study.
        failed: One sentence for each run that failed.
    """
    output = Path(plan.study.output).expanduser()
    output.mkdir(parents=True, exist_ok=True)
    with alone(output):  # several processes can share a study
        return _write(output, plan, failed)


def _write(output: Path, plan: StudyPlan, failed: Sequence[str]) -> tuple[Path, str]:
    study = plan.study
    outcomes = read_outcomes(plan.cells, plan.base_models, plan.folders, list(study.evaluate))
    summaries = summarise(outcomes, baseline_labels(study, plan.cells))
    write_text(output / "results.csv", write_csv(outcomes))
    content = {
        "title": study.title,
        "study": study.model_dump(mode="json"),
        "cells": [describe(of) for of in summaries],
    }
    write_json(output / "results.json", content)
    table = markdown(summaries, study.measures)
    write_text(output / "results.md", table)
    parts = [
        BenchmarkPart(
            name,
            find(of, study.measures),
            make_rows(of, study.measures),
            draw_charts(output / "plots", name, of, study.measures),
        )
        for name, of in by_benchmark(summaries).items()
    ]
    write_text(output / PAGE_NAME, write_page(plan, parts, failed))
    return output / PAGE_NAME, table
