"""`tandemqa study`: train and evaluate a grid of runs, and write what came out."""

import argparse
import sys
from collections.abc import Sequence

from schemas.command import FailedRunError, add_command


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "study",
        "train and evaluate a grid of runs, and write tables, plots and a page; a study that "
        "was stopped goes on where it was",
        "tandemqa study examples/studies/mono_ratio.yaml --dry-run; with several GPUs: start it "
        "once for each, with another CUDA_VISIBLE_DEVICES",
        _run,
    )
    parser.add_argument("study", metavar="FILE.yaml", help="the study; examples/studies has some")
    parser.add_argument(
        "--output", metavar="DIR", help="folder of the study; studies/FILE if the file has none"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="list the runs, with an estimate of the time that is left; nothing is done",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress and no table")


def _run(options: argparse.Namespace, _: Sequence[str]) -> int:
    from trainer.study.study_file import read_study
    from trainer.study.study_plan import describe_plan, plan_study

    study = read_study(options.study)
    if options.output:
        study = study.model_copy(update={"output": options.output})
    plan = plan_study(study)
    if options.dry_run:
        sys.stdout.write(describe_plan(plan))
        return 0
    from trainer.study.runs import run_study

    result = run_study(plan, quiet=options.quiet)
    if not options.quiet:
        sys.stdout.write(f"{result.table}\n{result.page}\n")
    if result.elsewhere:
        sys.stderr.write(f"another process works on: {', '.join(result.elsewhere)}\n")
    if result.failed:
        raise FailedRunError("; ".join(result.failed))
    return 0
