"""Do the runs of a study one after the other, and write down after each what is known."""

from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from schemas.command import FailedRunError
from trainer.study.execute import Launch, execute, launch
from trainer.study.run_folder import claim
from trainer.study.study_plan import StudyPlan, check_inputs
from trainer.study.write_results import write_study


@dataclass(frozen=True, slots=True)
class Conduct:
    """How it went.

    Attributes:
        page: The page with the results.
        failed: One sentence for each run that failed.
        elsewhere: Runs that another process is working on.
        table: The results as Markdown.
    """

    page: Path
    failed: tuple[str, ...]
    elsewhere: tuple[str, ...]
    table: str


def conduct(plan: StudyPlan, launch: Launch = launch, quiet: bool = False) -> Conduct:
    """Do what is not done yet.

    A run that fails costs only itself. A run that another process works on is left to it, so
    that several processes, each with a GPU of its own, can share a study.

    Args:
        plan: The study.
        launch: Runs commands of tandemqa.
        quiet: Show no progress.

    Raises:
        UsageError: If a corpus or the data of a benchmark are not there; nothing was done.
    """
    check_inputs(plan)
    failed, elsewhere = [], []
    unfinished = plan.unfinished()
    with tqdm(unfinished, desc="runs", unit="run", disable=quiet) as bar:
        for folder in bar:
            bar.set_postfix_str(folder.run.name)
            with claim(folder) as lock:
                if lock is None:
                    elsewhere.append(folder.run.name)
                    continue
                if folder.is_done():
                    continue  # another process was faster
                try:
                    execute(plan.study, folder, lock, launch)
                except FailedRunError as error:
                    failed.append(str(error))
                    bar.write(f"failed: {error}")
            write_study(plan, failed)
    page, table = write_study(plan, failed)
    return Conduct(page, tuple(failed), tuple(elsewhere), table)
