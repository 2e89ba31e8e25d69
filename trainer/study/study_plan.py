"""What a study has to do: its runs, those that are finished, and how long the others take."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from schemas.command import UsageError
from schemas.options import make_options
from schemas.wording import counted, duration
from trainer.corpora.corpus_facts import read_facts
from trainer.fine_tuning.training_options import TrainOptions
from trainer.study.grid import (
    Cell,
    Run,
    answer_labels,
    baseline_labels,
    plan_cells,
    plan_untrained,
)
from trainer.study.run_folder import RunFolder, open_folder
from trainer.study.study_file import Options, StudyFile

# For each weight and token: forward, backward to activations and to weights; with recomputed
# activations instead of gradients of weights, as with LoRA, it comes to the same.
_FLOPS_PER_TOKEN: Final = 6
_FLOPS_PER_SECOND: Final = 125e12  # 40 % of what an A100 can do in bfloat16


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """A study and its runs.

    Attributes:
        study: The study.
        cells: Its grid.
        baseline: Labels of what cells are compared with.
        answer: Labels of the cells whose differences answer the question.
        untrained: What is evaluated without training.
        folders: The folder of each run, by its key; untrained models first.
        absent: Corpora that are not there yet.
    """

    study: StudyFile
    cells: list[Cell]
    baseline: dict[str, str]
    answer: dict[str, str]
    untrained: list[Cell]
    folders: dict[str, RunFolder]
    absent: tuple[str, ...]

    def unfinished(self) -> list[RunFolder]:
        """Return the folders of the runs that are still to do."""
        return [folder for folder in self.folders.values() if not folder.is_done()]


def plan_study(study: StudyFile) -> StudyPlan:
    """Return the plan.

    Raises:
        UsageError: If the options of a run make no sense, or no cell is the baseline.
    """
    absent: dict[str, None] = {}

    @lru_cache
    def digest(path: str) -> str:
        if not Path(path).exists():
            absent[path] = None
            return f"absent: {path}"
        return read_facts(path).digest

    cells = plan_cells(study, digest)
    untrained = plan_untrained(study, cells)
    output = Path(study.output).expanduser()
    runs = [cell.run for cell in [*untrained, *cells]]
    folders = {
        run.key: open_folder(output, run, _evaluations(study, run, bool(untrained))) for run in runs
    }
    return StudyPlan(
        study=study,
        cells=cells,
        baseline=baseline_labels(study, cells),
        answer=answer_labels(study, cells),
        untrained=untrained,
        folders=folders,
        absent=tuple(absent),
    )


def _evaluations(study: StudyFile, run: Run, untrained: bool) -> dict[str, Options]:
    """Return the options of a run's evaluations; floors are measured with untrained models."""
    extra = {"floors": "none"} if run.trained and untrained else {}
    return {name: {**options, **extra} for name, options in study.evaluate.items()}


def check_inputs(plan: StudyPlan) -> None:
    """Raise UsageError if a corpus of the study, or what a benchmark reads, is not there."""
    if plan.absent:
        raise UsageError(
            f"no corpus at {', '.join(plan.absent)}; build it with `tandemqa build`, or name "
            "another one under train.corpora"
        )
    wanted = plan.study.evaluate if plan.unfinished() else {}
    for name, options in wanted.items():
        if options.get("data") and not Path(options["data"]).exists():
            raise UsageError(f"evaluate.{name}.data: {options['data']} does not exist")


def describe_plan(plan: StudyPlan) -> str:
    """Return what the study would do: each run, the counts, and an estimate."""
    lines = [plan.study.title, ""]
    left = {id(folder) for folder in plan.unfinished()}
    for folder in plan.folders.values():
        lines.append(f"  {'to do' if id(folder) in left else 'done':5}  {folder.run.name}")
    trained = [f for f in plan.folders.values() if f.run.trained]
    lines += [
        "",
        f"{counted(len(plan.cells), 'cell')} (each seed counts), "
        f"{counted(len(trained), 'run')} to train and evaluate, "
        f"{counted(len(plan.untrained), 'untrained model')} to evaluate; {len(left)} still to do",
        f"benchmarks: {', '.join(plan.study.evaluate)}",
        *_estimate(plan),
    ]
    lines += [f"corpus {path} does not exist yet" for path in plan.absent]
    return "\n".join(lines) + "\n"


def _estimate(plan: StudyPlan) -> Iterator[str]:
    left = [folder for folder in plan.unfinished() if folder.run.trained]
    if not left:
        return
    yield "training that is left:"
    for model, folders in _by_model(left).items():
        yield _estimate_model(model, [folder.run for folder in folders])
    speeds = _seconds_per_pair(plan)
    known = [folder for folder in left if folder.run.options["model"] in speeds]
    if known:
        seconds = sum(count_pairs(f.run) * speeds[f.run.options["model"]] for f in known)
        rest = "" if len(known) == len(left) else f" for {len(known)} of {len(left)} runs"
        yield f"time left, judging by the finished runs: {duration(seconds)}{rest}"
    else:
        yield "time left: known once the first run of a model is finished"


def _by_model(folders: list[RunFolder]) -> dict[str, list[RunFolder]]:
    found: dict[str, list[RunFolder]] = {}
    for folder in folders:
        found.setdefault(str(folder.run.options["model"]), []).append(folder)
    return found


def _estimate_model(model: str, runs: list[Run]) -> str:
    """Return what the runs of a model train on, and what that costs for its size."""
    pairs = sum(count_pairs(run) for run in runs)
    line = f"  {model}: {counted(len(runs), 'run')}, {counted(pairs, 'pair')}"
    lengths = [_read_options(run).model.max_length for run in runs]
    if None in lengths:
        return line
    tokens = sum(
        2 * count_pairs(run) * length for run, length in zip(runs, lengths, strict=True) if length
    )
    seconds = tokens * _FLOPS_PER_TOKEN * 1e9 / _FLOPS_PER_SECOND
    amount = f"{tokens / 1e6:,.0f} million" if tokens >= 1e7 else f"{tokens:,}"
    return (
        f"{line} of at most {amount} tokens: {duration(seconds)} on an A100 for each billion of "
        "the model's weights"
    )


def _read_options(run: Run) -> TrainOptions:
    return make_options(TrainOptions, {**run.options, "output": "model"})


def count_pairs(run: Run) -> int:
    """Return how many pairs a run trains on."""
    options = _read_options(run)
    return options.steps * options.batches.batch_size


def _seconds_per_pair(plan: StudyPlan) -> dict[str, float]:
    """Return the time for each pair, evaluation included, of each model with finished runs."""
    totals: dict[str, tuple[float, int]] = {}
    for folder in plan.folders.values():
        seconds = folder.seconds()
        if folder.run.trained and seconds is not None:
            model = str(folder.run.options["model"])
            before = totals.get(model, (0.0, 0))
            totals[model] = (before[0] + seconds, before[1] + count_pairs(folder.run))
    return {model: seconds / pairs for model, (seconds, pairs) in totals.items()}
