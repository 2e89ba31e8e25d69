"""`tandemqa study`: train and evaluate a grid of runs, and write what came out."""

from collections.abc import Sequence
from typing import Final

from schemas.command import Command, FailedRunError
from schemas.options import Options, option
from schemas.plain_text import write_error, write_out


class StudyOptions(Options):
    """The options of `study`."""

    study: str = option(..., "the study; examples/studies has some", "FILE.yaml", positional=True)
    output: str = option("", "folder of the study; studies/FILE if the file has none", "DIR")
    dry_run: bool = option(
        False, "list the runs, with an estimate of the time that is left; nothing is done"
    )
    quiet: bool = option(False, "show no progress and no table")


def _run(options: StudyOptions, _: Sequence[str]) -> int:
    from trainer.study.study_file import read_study
    from trainer.study.study_plan import describe_plan, plan_study

    study = read_study(options.study)
    if options.output:
        study = study.model_copy(update={"output": options.output})
    plan = plan_study(study)
    if options.dry_run:
        write_out(describe_plan(plan))
        return 0
    from trainer.study.runs import run_study

    result = run_study(plan, quiet=options.quiet)
    if not options.quiet:
        write_out(f"{result.table}\n{result.page}\n")
    if result.elsewhere:
        write_error(f"another process works on: {', '.join(result.elsewhere)}\n")
    if result.failed:
        raise FailedRunError("; ".join(result.failed))
    return 0


COMMAND: Final = Command(
    "study",
    "train and evaluate a grid of runs, and write tables, plots and a page; a study that "
    "was stopped goes on where it was",
    "tandemqa study examples/studies/number_of_languages.yaml --dry-run; with several GPUs: "
    "start it once for each, with another CUDA_VISIBLE_DEVICES",
    StudyOptions,
    _run,
)
