"""From a study to its runs: one for each combination of the values of all axes."""

import hashlib
import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from schemas.command import UsageError
from schemas.options import make_options
from trainer.batches.batch_settings import BASELINES, BatchSettings
from trainer.fine_tuning.training_options import TrainOptions
from trainer.study.study_file import (
    BASE_MODEL,
    LANGUAGES,
    OF_THE_MODEL,
    SAMPLING,
    SEED,
    Options,
    StudyFile,
)

UNTOUCHED: Final = "untouched"
"""Axis of models that are evaluated as they are, in place of those of the grid."""

_SAMPLINGS: Final[dict[str, dict[str, object]]] = {"hybrid": {}, **BASELINES}
_LONGEST_SLUG: Final = 100


@dataclass(frozen=True, slots=True)
class Run:
    """A model to train and evaluate, or only to evaluate.

    Attributes:
        slug: What it is, to read.
        key: Hash of what decides its weights.
        options: Of `tandemqa train`; without training, those that say how to load the model.
        trained: Whether it is trained.
    """

    slug: str
    key: str
    options: Options
    trained: bool = True

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"{self.slug}-{self.key}"


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the grid, or a model that is only evaluated.

    Several may share a run: with monolingual batches alone, the cross mode does not matter.

    Attributes:
        labels: The value of each axis, as tables show it; the seed is left out. Of a model that
            is only evaluated, its name under `BASE_MODEL` or `UNTOUCHED`.
        seed: Seed of the run; None where nothing is trained.
        run: What is trained and evaluated there.
    """

    labels: Mapping[str, str]
    seed: int | None
    run: Run


def plan_cells(study: StudyFile, digest: Callable[[str], str]) -> list[Cell]:
    """Return the cells of a study's grid in their order; the first axis changes slowest.

    Args:
        study: The study.
        digest: Gives a hash of the corpus at a path: another corpus makes another run.

    Raises:
        UsageError: If the options of a run make no sense.
    """
    axes = {axis: _choices(axis, values) for axis, values in study.vary.items()}
    cells: list[Cell] = []
    runs: dict[str, Run] = {}
    for combination in itertools.product(*(choices.items() for choices in axes.values())):
        labels = dict(zip(axes, (label for label, _ in combination), strict=True))
        options = dict(study.train)
        for _, changes in combination:
            options.update(changes)
        run = _make_run(labels, options, study.processes, digest)
        run = runs.setdefault(run.key, run)
        labels.pop(SEED, None)
        cells.append(Cell(labels, int(options.get(SEED, BatchSettings().seed)), run))
    return cells


def plan_untrained(study: StudyFile, cells: list[Cell]) -> list[Cell]:
    """Return what is evaluated without training: models that training starts from, and others."""
    base = [dict(cell.run.options) for cell in cells] if study.base_models else []
    for options in base:  # that of training: trained models are saved with their full length, too
        options.pop("max_length", None)
    runs = {run.key: run for run in (_untrained(BASE_MODEL, options) for options in base)}
    names = [shorten(str(run.options["model"])) for run in runs.values()]
    found = [
        Cell({BASE_MODEL: name if names.count(name) == 1 else f"{name} ({run.key})"}, None, run)
        for name, run in zip(names, runs.values(), strict=True)
    ]
    for name, options in study.untouched.items():
        run = _untrained(UNTOUCHED, options)
        found.append(Cell({UNTOUCHED: name}, None, runs.get(run.key, run)))
    return found


def _untrained(kind: str, options: Options) -> Run:
    loading = {name: value for name, value in options.items() if name in OF_THE_MODEL}
    slug = _slug(f"{kind.split()[0]}={shorten(str(options['model']))}")
    return Run(slug, _hash(loading), loading, trained=False)


def baseline_labels(study: StudyFile, cells: list[Cell]) -> dict[str, str]:
    """Return the labels that the baseline of each cell has; on other axes it has the cell's own.

    There are none where each cell is compared with the model that its training started from.

    Raises:
        UsageError: If the study names a value that no cell has.
    """
    if not isinstance(study.baseline, dict):
        return {}
    return _find_labels("baseline", study.baseline, cells) or dict(cells[0].labels)


def answer_labels(study: StudyFile, cells: list[Cell]) -> dict[str, str]:
    """Return the labels of the cells whose difference from the baseline answers the question.

    Raises:
        UsageError: If the study names a value that no cell has.
    """
    return _find_labels("answer", study.answer, cells)


def _find_labels(key: str, wanted: Options, cells: list[Cell]) -> dict[str, str]:
    labels = {}
    for axis, value in wanted.items():
        known = dict.fromkeys(cell.labels[axis] for cell in cells)
        if _label(axis, value) not in known:
            raise UsageError(f"{key}.{axis}: {value!r}; wanted one of {', '.join(known)}")
        labels[axis] = _label(axis, value)
    return labels


def _choices(axis: str, values: list[Any] | Options) -> dict[str, Options]:
    """Return the options that each value of an axis stands for, by its label."""
    if isinstance(values, dict):
        if axis == LANGUAGES and set(values) == {"order", "counts"}:
            return {str(n): {LANGUAGES: values["order"][:n]} for n in values["counts"]}
        return {str(label): options for label, options in values.items()}
    if axis == SAMPLING:
        unknown = [value for value in values if value not in _SAMPLINGS]
        if unknown:
            raise UsageError(f"vary.sampling: {unknown[0]!r}; wanted {', '.join(_SAMPLINGS)}")
        return {value: dict(_SAMPLINGS[value]) for value in values}
    choices = {_label(axis, value): {axis: value} for value in values}
    if len(choices) != len(values):
        raise UsageError(f"vary.{axis}: two values are called the same: {', '.join(choices)}")
    return choices


def _label(axis: str, value: object) -> str:
    """Return a value as tables show it."""
    if isinstance(value, list):
        return "+".join(shorten(str(part)) if axis == "corpora" else str(part) for part in value)
    if axis in ("model", "corpora"):
        return shorten(str(value))
    return str(value)


def shorten(path: str) -> str:
    """Return the last part of a path or of a name on the hub."""
    return path.rstrip("/").rsplit("/", 1)[-1]


def _make_run(
    labels: Mapping[str, str], options: Options, processes: int, digest: Callable[[str], str]
) -> Run:
    where = ", ".join(f"{axis}={label}" for axis, label in labels.items())
    for name in ("model", "corpora"):
        if not options.get(name):
            raise UsageError(f"train.{name}: needed, there or as an axis of vary ({where})")
    try:
        settings = make_options(TrainOptions, {**options, "output": "model"})
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error
    identity = settings.identity()
    identity["corpora"] = [digest(path) for path in settings.corpora]
    identity["processes"] = processes
    if settings.batches.mono_ratio == 1:
        del identity["batches"]["cross_mode"]
    slug = _slug(*(f"{axis}={label}" for axis, label in labels.items()))
    return Run(slug, _hash(identity), options)


def _slug(*parts: str) -> str:
    """Return a folder name that a person can read."""
    return re.sub(r"[^\w.=+-]+", "-", "_".join(parts))[:_LONGEST_SLUG]


def _hash(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
