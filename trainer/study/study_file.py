"""The file that describes a study: what is varied, what stays the same, what is measured."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.command import UsageError
from schemas.language import canonical_code
from schemas.options import make_options, settings_of, suggest
from trainer.evaluation.evaluation_options import EvaluateOptions
from trainer.evaluation.measures import DEFAULT_MEASURES, MEASURES
from trainer.fine_tuning.training_options import TrainOptions

SEED: Final = "seed"
LANGUAGES: Final = "languages"
SAMPLING: Final = "sampling"
"""Axis of the baselines of the literature: `hybrid`, `mono`, `cross`, `xx`."""
BASE_MODEL: Final = "base model"
"""As a baseline: the model that training started from. In tables, the axis of these models."""

# These are the study's own business.
_NOT_TRAINING: Final = {
    "output",
    "dry_run",
    "as_json",
    "resume",
    "overwrite",
    "quiet",
    "push_to_hub",
    "private",
}
_NOT_EVALUATION: Final = {"model", "output"}
OF_THE_MODEL: Final = (
    *("model", "revision", "trust_remote_code", "max_length"),
    *("question_prompt", "passage_prompt"),
)
"""The options of `train` that say how a model is loaded; `evaluate` has them, too."""
_WANTED: Final = {
    "dict_type": "wanted `name: value` lines",
    "string_type": "wanted a text",
    "bool_type": "wanted true or false",
    "int_type": "wanted a whole number",
}
_SAFE_NAME: Final = re.compile(r"[\w.-]+")

Options = dict[str, Any]
Measures = Annotated[tuple[str, ...], Field(min_length=1)]


class StudyFile(BaseModel):
    """A study.

    Attributes:
        title: What the page is called.
        question: The question the study answers, in a sentence or two.
        note: What readers of the page must know, such as that data stand in for others.
        train: Options of `tandemqa train` that all runs share.
        vary: Axes of the grid; each combination of their values is one run. An axis is an
            option of `tandemqa train` with the list of its values, or any name with named sets
            of options (`size: {small: {...}, large: {...}}`). `languages: {order, counts}` takes
            the first so many languages of an order, so that each set holds the smaller ones.
            `sampling` takes `hybrid`, `mono`, `cross` and `xx`.
        evaluate: Options of `tandemqa evaluate` by the name that results have in tables.
        baseline: What others are compared with, by axis: each cell with the one that has these
            values, and its own on axes that are not named. The first cell by default. Or `base
            model`: each cell is compared with the model that its training started from.
        answer: The cells whose difference from the baseline answers the question, by axis; all
            others by default.
        base_models: Whether to evaluate the models that training starts from as well.
        untouched: Other models to evaluate as they are, by the name that tables show: options of
            `tandemqa train` that say how to load them.
        measures: What tables and plots show, of each benchmark what it has, or by the name of the
            benchmark. The files have all.
        answering: How many of the measures of a benchmark answer the question, from the first on.
        processes: That train together, each with a GPU of its own.
        keep_models: Whether to keep the weights of a run after it was evaluated.
        output: Folder of the study.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, Field(min_length=1)]
    question: str = ""
    note: str = ""
    train: Options
    vary: Annotated[dict[str, list[Any] | Options], Field(min_length=1)]
    evaluate: Annotated[dict[str, Options], Field(min_length=1)]
    baseline: dict[str, Any] | Literal["base model"] = {}
    answer: dict[str, Any] = {}
    base_models: bool = True
    untouched: dict[str, Options] = {}
    measures: Measures | dict[str, Measures] = DEFAULT_MEASURES
    answering: Annotated[int, Field(ge=1)] = 1
    processes: Annotated[int, Field(ge=1)] = 1
    keep_models: bool = True
    output: Annotated[str, Field(min_length=1)]

    def measures_of(self, benchmark: str) -> tuple[str, ...]:
        """Return what tables and plots show of a benchmark, as far as it has it."""
        if isinstance(self.measures, dict):
            return self.measures.get(benchmark, DEFAULT_MEASURES)
        return self.measures


def read_study(path: str) -> StudyFile:
    """Return the study that a YAML file describes.

    Raises:
        UsageError: If it cannot be read, or a key is unknown or has a wrong value; each fault
            is named by its key.
    """
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: {error}") from error
    if not isinstance(content, Mapping):
        raise UsageError(f"{path}: wanted `key: value` lines, as in examples/studies")
    try:
        study = StudyFile.model_validate({"output": f"studies/{Path(path).stem}", **content})
    except ValidationError as error:
        raise UsageError(f"{path}: {'; '.join(_tell(error))}") from error
    faults = [
        *_unknown_options(study),
        *_wrong_axes(study),
        *_wrong_models(study),
        *_unknown_measures(study),
    ]
    if faults:
        raise UsageError(f"{path}: {'; '.join(faults)}")
    return study


def training_options() -> set[str]:
    """Return the options of `tandemqa train` that a study may set."""
    return set(settings_of(TrainOptions)) - _NOT_TRAINING


def _tell(error: ValidationError) -> list[str]:
    """Return a sentence for each fault that pydantic found."""
    told = []
    for fault in error.errors():
        # What stands behind a key of `vary` are the kinds that were tried.
        place = fault["loc"][:2] if fault["loc"][0] == "vary" else fault["loc"]
        key = ".".join(map(str, place))
        if fault["type"] == "extra_forbidden":
            told.append(_unknown(key, fault["loc"][-1], StudyFile.model_fields))
        elif fault["type"] == "missing":
            told.append(f"{key}: needed")
        elif fault["loc"][0] == "vary" and len(fault["loc"]) > 1:
            told.append(f"{key}: wanted a list of values, or named sets of options")
        elif key.startswith("baseline"):
            told.append(f"baseline: wanted a value for some axes of vary, or `{BASE_MODEL}`")
        elif fault["loc"][0] == "measures":
            told.append("measures: wanted a list of measures, or one for each benchmark")
        else:
            wanted = _WANTED.get(fault["type"], fault["msg"])
            told.append(f"{key}: {wanted}, found {fault['input']!r}")
    return list(dict.fromkeys(told))


def _unknown(key: str, name: object, known: Collection[str]) -> str:
    return f"{key}: {name!s} is unknown; {suggest(str(name), known)}"


def _unknown_options(study: StudyFile) -> list[str]:
    faults = [
        _unknown(f"train.{name}", name, training_options())
        for name in study.train
        if name not in training_options()
    ]
    allowed = set(settings_of(EvaluateOptions)) - _NOT_EVALUATION
    for name, options in study.evaluate.items():
        if not _SAFE_NAME.fullmatch(name):
            faults.append(f"evaluate.{name}: wanted a name of letters, digits, `.`, `_` and `-`")
        faults += [
            _unknown(f"evaluate.{name}.{option}", option, allowed)
            for option in options
            if option not in allowed
        ]
        if "benchmark" not in options:
            faults.append(f"evaluate.{name}.benchmark: needed")
        else:
            faults += _wrong_values(f"evaluate.{name}", {**options, "model": "model"})
    return faults


def _wrong_values(key: str, options: Options) -> list[str]:
    """Return what `tandemqa evaluate` would say, which would be hours later."""
    try:
        make_options(EvaluateOptions, {**options, "output": "output"})
    except UsageError as error:
        return [f"{key}: {error}"]
    return []


def _unknown_measures(study: StudyFile) -> list[str]:
    if not isinstance(study.measures, dict):
        return [_unknown("measures", m, MEASURES) for m in study.measures if m not in MEASURES]
    return [
        *(
            _unknown("measures", b, study.evaluate)
            for b in study.measures
            if b not in study.evaluate
        ),
        *(
            _unknown(f"measures.{benchmark}", name, MEASURES)
            for benchmark, names in study.measures.items()
            for name in names
            if name not in MEASURES
        ),
    ]


def _wrong_models(study: StudyFile) -> list[str]:
    faults = []
    for name, options in study.untouched.items():
        if not isinstance(options.get("model"), str):
            faults.append(f"untouched.{name}.model: needed, a name on the hub or a folder")
        faults += [
            _unknown(f"untouched.{name}.{option}", option, OF_THE_MODEL)
            for option in options
            if option not in OF_THE_MODEL
        ]
    return faults or [
        fault
        for name, options in study.untouched.items()
        for fault in _wrong_values(f"untouched.{name}", {**options, "benchmark": "beir"})
    ]


def _wrong_axes(study: StudyFile) -> list[str]:
    faults = []
    for axis, values in study.vary.items():
        if not values:
            faults.append(f"vary.{axis}: wanted one value or more")
        elif not _SAFE_NAME.fullmatch(axis):
            faults.append(f"vary.{axis}: wanted a name of letters, digits, `.`, `_` and `-`")
        elif isinstance(values, dict):
            faults += _wrong_sets(axis, values)
        elif axis not in training_options() | {SAMPLING}:
            faults.append(_unknown(f"vary.{axis}", axis, training_options() | {SAMPLING}))
    axes = ", ".join(axis for axis in study.vary if axis != SEED)
    if study.baseline == BASE_MODEL and not study.base_models:
        faults.append(f"baseline: {BASE_MODEL}; `base_models: false` leaves those out")
    for key, cells in (("baseline", study.baseline), ("answer", study.answer)):
        for axis in cells if isinstance(cells, dict) else ():
            if axis not in study.vary or axis == SEED:
                faults.append(f"{key}.{axis}: wanted an axis of vary: {axes}")
    return faults


def _wrong_sets(axis: str, sets: Options) -> list[str]:
    if axis == LANGUAGES and set(sets) == {"order", "counts"}:
        return _wrong_counts(sets["order"], sets["counts"])
    faults = []
    for name, options in sets.items():
        if not isinstance(options, dict):
            faults.append(f"vary.{axis}.{name}: wanted options of tandemqa train")
            continue
        faults += [
            _unknown(f"vary.{axis}.{name}.{option}", option, training_options())
            for option in options
            if option not in training_options()
        ]
    return faults


def _wrong_counts(order: object, counts: object) -> list[str]:
    if not isinstance(order, list) or len({canonical_code(str(of)) for of in order}) != len(order):
        return ["vary.languages.order: wanted a list of language codes, each once"]
    if not isinstance(counts, list) or not counts:
        return ["vary.languages.counts: wanted a list of numbers"]
    return [
        f"vary.languages.counts: {count!r}; wanted 1 to {len(order)}, the languages in order"
        for count in counts
        if not isinstance(count, int) or not 1 <= count <= len(order)
    ]
