"""Do one run of a study: the commands `train` and `evaluate`, each in a process of its own.

Memory is free again after each, a crash costs one run, and what was run can be repeated by hand.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from schemas.command import FailedRunError
from schemas.files import write_text
from trainer.study.run_folder import RECORD_NAME, RunFolder
from trainer.study.study_file import Options, StudyFile

Launch = Callable[[Sequence[str], RunFolder, int, int], int]
"""Runs a command of tandemqa in so many processes that inherit a lock; returns its exit code."""


def launch(command: Sequence[str], folder: RunFolder, processes: int, lock: int) -> int:
    """Run a command of tandemqa, with what it says added to the run's log.

    Args:
        command: Its arguments.
        folder: Of the run.
        processes: That share the command, by torchrun.
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


def execute(study: StudyFile, folder: RunFolder, lock: int, launch: Launch = launch) -> None:
    """Train what is not trained and evaluate what is not evaluated.

    Args:
        study: The study.
        folder: Of the run.
        lock: The run's lock.
        launch: Runs the commands.

    Raises:
        FailedRunError: If a command failed; the next call goes on there.
    """
    started = time.monotonic()
    # A model that was not kept is needed again for a benchmark that was added later.
    if folder.run.trained and not (folder.is_trained() and folder.model.exists()):
        options = {**folder.run.options, "output": str(folder.model)}
        _write_options(folder.training_options, options)
        command = ["train", "--config", str(folder.training_options), "--resume"]
        _run(command, folder, study.processes, lock, launch)
        shutil.copyfile(folder.model / RECORD_NAME, folder.path / RECORD_NAME)
    for name in folder.missing():
        _evaluate(name, folder, lock, launch)
    folder.finish(time.monotonic() - started)
    if not study.keep_models:
        shutil.rmtree(folder.model, ignore_errors=True)


def _evaluate(name: str, folder: RunFolder, lock: int, launch: Launch) -> None:
    results, options = folder.results(name), folder.evaluation_options(name)
    results.unlink(missing_ok=True)  # of other options
    _write_options(options, folder.evaluations[name])
    command = ["evaluate", *_model(folder), "--config", str(options), "--output", str(results)]
    _run(command, folder, 1, lock, launch)


def _model(folder: RunFolder) -> list[str]:
    """Return the model to evaluate, and how it is loaded."""
    if folder.run.trained:
        return [str(folder.model)]
    options = dict(folder.run.options)
    flags = [str(options.pop("model"))]
    for option, value in options.items():
        flag = f"--{option.replace('_', '-')}"
        if value is True:
            flags.append(flag)
        elif value is not False:
            flags.append(f"{flag}={value}")
    return flags


def _run(
    command: Sequence[str], folder: RunFolder, processes: int, lock: int, launch: Launch
) -> None:
    code = launch(command, folder, processes, lock)
    if code:
        raise FailedRunError(
            f"{folder.path.name}: `{command[0]}` ended with exit code {code}; the log is "
            f"{folder.log}{_last_words(folder)}"
        )


def _last_words(folder: RunFolder) -> str:
    if not folder.log.exists():
        return ""
    lines = folder.log.read_text(encoding="utf-8", errors="replace").splitlines()
    told = [line.strip() for line in lines if line.strip()]
    return f", which ends: {told[-1][-300:]}" if told else ""


def _write_options(path: Path, options: Options) -> None:
    write_text(path, yaml.safe_dump(options, allow_unicode=True, sort_keys=False))
