"""Do the runs of a study one after the other, and write after each what is known.

A run is the commands `train` and `evaluate`, each in a process of its own: its memory is free
again afterwards, a crash costs one run, and what was run can be repeated by hand.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml

from schemas.errors import FailedRunError, UsageError
from schemas.files import write_bytes, write_text
from schemas.ownership import mark
from schemas.progress import progress_bar
from trainer.fine_tuning.model_files import remove_model
from trainer.study.run_folder import RECORD_NAME, RunFolder, claim
from trainer.study.study_file import Options, StudyFile
from trainer.study.study_folder import STUDY, check_study_folder
from trainer.study.study_plan import StudyPlan, check_inputs
from trainer.study.write_results import write_results

Launch = Callable[[Sequence[str], RunFolder, int, int], int]
"""Runs a tandemqa command; see `launch`."""


@dataclass(frozen=True, slots=True)
class StudyResult:
    """What came out of a study, as far as it is done.

    Attributes:
        page: The page with the results.
        table: The results as Markdown.
        failed: One sentence for each run that failed.
        elsewhere: Names of the runs that another process is working on.
    """

    page: Path
    table: str
    failed: tuple[str, ...]
    elsewhere: tuple[str, ...]


def launch(command: Sequence[str], folder: RunFolder, processes: int, lock: int) -> int:
    """Run a tandemqa command, append its output to the run's log, and return its exit code.

    Args:
        command: Its arguments.
        folder: Folder of the run.
        processes: Number of processes that share the command, started by torchrun.
        lock: The run's lock, which the command holds as long as it lives.
    """
    python = [sys.executable, "-m"]
    if processes > 1:
        python += ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m"]
    with folder.log.open("ab") as log:
        log.write(f"$ tandemqa {' '.join(command)}\n".encode())
        log.flush()
        return subprocess.run(
            [*python, "tandemqa", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[lock],
            check=False,
        ).returncode


def run_study(plan: StudyPlan, launch: Launch = launch, quiet: bool = False) -> StudyResult:
    """Do the runs that are not done yet.

    A run that fails costs only itself. A run that another process is working on is left to it,
    so that several processes, each with its own GPU, can share a study.

    Args:
        plan: The study.
        launch: Runs the commands.
        quiet: Show no progress.

    Raises:
        UsageError: If a corpus or the data of a benchmark is missing, or the output holds what
            tandemqa did not write; nothing was done.
    """
    output = Path(plan.study.output).expanduser()
    check_study_folder(output)
    check_inputs(plan)
    mark(output, STUDY)
    failed, elsewhere = [], []
    with progress_bar(plan.unfinished(), task="runs", unit="runs", shown=not quiet) as bar:
        for folder in bar:
            bar.set_postfix_str(folder.run.name)
            with claim(folder) as lock:
                if lock is None:
                    elsewhere.append(folder.run.name)
                    continue
                if folder.is_done():
                    continue  # another process was faster
                try:
                    _do_run(plan.study, folder, lock, launch)
                except FailedRunError as error:
                    failed.append(str(error))
                    bar.write(f"failed: {error}")
            write_results(plan, failed)
    page, table = write_results(plan, failed)
    return StudyResult(page, table, tuple(failed), tuple(elsewhere))


def _do_run(study: StudyFile, folder: RunFolder, lock: int, launch: Launch) -> None:
    """Train what is not trained and evaluate what is not evaluated.

    Raises:
        FailedRunError: If a command failed; the next call continues there.
    """
    started = time.monotonic()
    # A model that was not kept is needed again for a benchmark that was added later.
    if folder.run.trained and not (folder.is_trained() and folder.model.exists()):
        _write_options(folder.training_options, {**folder.run.options, "output": str(folder.model)})
        command = ["train", "--config", str(folder.training_options), "--resume"]
        _run_command(command, folder, study.processes, lock, launch)
        write_bytes(folder.path / RECORD_NAME, (folder.model / RECORD_NAME).read_bytes())
    for name in folder.missing():
        _evaluate(name, folder, lock, launch)
    folder.finish(time.monotonic() - started)
    if not study.keep_models:
        with suppress(UsageError):  # somebody edited it, so it stays
            remove_model(folder.model)


def _evaluate(name: str, folder: RunFolder, lock: int, launch: Launch) -> None:
    results, options = folder.results(name), folder.evaluation_options(name)
    for file in (results, results.with_suffix(".png"), folder.questions(name)):
        file.unlink(missing_ok=True)  # they are those of other options
    _write_options(options, folder.evaluations[name])
    command = [
        *("evaluate", *_model_arguments(folder)),
        *("--config", str(options), "--output", str(results)),
    ]
    _run_command(command, folder, 1, lock, launch)


def _model_arguments(folder: RunFolder) -> list[str]:
    """Return the model to evaluate, with the options it is loaded with."""
    if folder.run.trained:
        return [str(folder.model)]
    options = dict(folder.run.options)
    arguments = [str(options.pop("model"))]
    for option, value in options.items():
        flag = f"--{option.replace('_', '-')}"
        if value is True:
            arguments.append(flag)
        elif value is not False:
            arguments.append(f"{flag}={value}")
    return arguments


def _run_command(
    command: Sequence[str], folder: RunFolder, processes: int, lock: int, launch: Launch
) -> None:
    code = launch(command, folder, processes, lock)
    if code:
        raise FailedRunError(
            f"{folder.path.name}: `{command[0]}` ended with exit code {code}; the log is "
            f"{folder.log}{_end_of_log(folder)}"
        )


def _end_of_log(folder: RunFolder) -> str:
    if not folder.log.exists():
        return ""
    lines = folder.log.read_text(encoding="utf-8", errors="replace").splitlines()
    filled = [line.strip() for line in lines if line.strip()]
    return f", which ends: {filled[-1][-300:]}" if filled else ""


def _write_options(path: Path, options: Options) -> None:
    write_text(path, yaml.safe_dump(options, allow_unicode=True, sort_keys=False))
