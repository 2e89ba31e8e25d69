"""The folder of one run of a study: what it holds, what is missing, which process works on it.

train.yaml          options of the command, to repeat it by hand
model/              the trained model
training.json       its record: it is trained
scores/NAME.yaml    options of the evaluation on one benchmark
scores/NAME.json    its results; beside it NAME.questions.npz, question by question
log.txt             output of the commands
run.json            what the run was and how long it took, written last
"""

import fcntl
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from schemas.command import UsageError
from schemas.files import read_json, write_json
from schemas.plain_text import one_line
from trainer.evaluation.question_scores import questions_file
from trainer.evaluation.saved_results import is_finished
from trainer.study.grid import Run
from trainer.study.study_file import Options
from trainer.study.study_folder import RUNS_NAME

RECORD_NAME: Final = "training.json"
_RUN_NAME: Final = "run.json"
_LOCK_NAME: Final = "lock"
_SCORES_NAME: Final = "scores"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a run.

    Attributes:
        path: Where it is.
        run: The run.
        evaluations: Options of each evaluation that is wanted, by its name in the study.
    """

    path: Path
    run: Run
    evaluations: Mapping[str, Options]

    @property
    def model(self) -> Path:
        """Folder of the trained model."""
        return self.path / "model"

    @property
    def log(self) -> Path:
        """Output of the commands."""
        return self.path / "log.txt"

    def is_trained(self) -> bool:
        """Whether nothing is left to train."""
        return not self.run.trained or (self.path / RECORD_NAME).exists()

    @property
    def training_options(self) -> Path:
        """Options of the training."""
        return self.path / "train.yaml"

    def evaluation_options(self, name: str) -> Path:
        """Return the file of the options of an evaluation."""
        return self.path / _SCORES_NAME / f"{name}.yaml"

    def results(self, name: str) -> Path:
        """Return the file of the results of a benchmark."""
        return self.path / _SCORES_NAME / f"{name}.json"

    def questions(self, name: str) -> Path:
        """Return the file of what each question of a benchmark scored."""
        return questions_file(self.results(name))

    def is_scored(self, name: str) -> bool:
        """Whether there are results of an evaluation with these options."""
        if not is_finished(self.results(name)):
            return False
        return bool(_read_options(self.evaluation_options(name)) == self.evaluations[name])

    def missing(self) -> list[str]:
        """Return the evaluations that have no results yet."""
        return [name for name in self.evaluations if not self.is_scored(name)]

    def is_done(self) -> bool:
        """Whether nothing is left to do; a model that was not kept is not needed."""
        return self.is_trained() and not self.missing()

    def finish(self, seconds: float) -> None:
        """Record what the run was, and how long it took this time."""
        record = {
            "name": self.run.name,
            "options": self.run.options,
            "trained": self.run.trained,
            "seconds": round(seconds, 1),
        }
        write_json(self.path / _RUN_NAME, record)

    def seconds(self) -> float | None:
        """Return how long the run took; None if it is not finished."""
        path = self.path / _RUN_NAME
        if not path.exists():
            return None
        try:
            seconds = read_json(path).get("seconds")
        except (OSError, ValueError) as error:
            raise UsageError(f"{path}: cannot be read ({error})") from error
        if not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
            raise UsageError(f"{path}: seconds is not a number of seconds")
        return float(seconds)


def _read_options(path: Path) -> object:
    """Return the options of an evaluation that was made."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{path}: cannot be read ({one_line(str(error))})") from error


def open_folder(output: Path, run: Run, evaluations: Mapping[str, Options]) -> RunFolder:
    """Return the folder of a run: the existing one, whatever its name, or else a new one."""
    runs = output / RUNS_NAME
    found = sorted(runs.glob(f"*-{run.key}"))
    return RunFolder(found[0] if found else runs / run.name, run, evaluations)


@contextmanager
def claim(folder: RunFolder) -> Iterator[int | None]:
    """Yield a lock on the folder, or None while another process works on the run.

    The lock is a file descriptor. Programs that inherit it hold the lock, too, so that a run
    whose study was killed is not started twice.
    """
    folder.path.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder.path / _LOCK_NAME, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield lock
    finally:
        os.close(lock)


@contextmanager
def exclusive_lock(folder: Path) -> Iterator[None]:
    """Wait until no other process holds the lock of this folder, then hold it."""
    lock = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
