"""Which translators there are, and how one is made from plain options."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, Literal

from schemas.options import ADVANCED, BASIC, Options, option, settings_of
from translators.translator import Translator

Backend = Literal["apertium", "marian", "nllb"]
Device = Literal["auto", "cpu", "cuda"]
Engine = Literal["ctranslate2", "transformers"]

# Import path of each: naming a backend must not import torch.
BACKENDS: Final[dict[str, str]] = {
    "apertium": "translators.apertium:Apertium",
    "marian": "translators.marian:Marian",
    "nllb": "translators.nllb:NLLB",
}
_APERTIUM: Final = ("apertium",)
_NEURAL: Final = ("marian", "nllb")

# Backends whose library runs inside the process that asks; a crash there would end it.
IN_PROCESS: Final = frozenset(_NEURAL)


def _option(
    text: str,
    metavar: str = "",
    takers: tuple[str, ...] = _NEURAL,
    group: str = ADVANCED,
    **limits: Any,  # noqa: ANN401 - those of pydantic's Field
) -> Any:  # noqa: ANN401 - a field of any type
    field = option(None, f"{text} ({', '.join(takers)})", metavar, group=group, **limits)
    field.json_schema_extra["takers"] = takers
    return field


class BackendOptions(Options):
    """What backends can be told; what is not given is left to the backend."""

    model: str | None = _option("hub name or folder of the model", "NAME|DIR", group=BASIC)
    device: Device | None = _option("what computes; auto by default", group=BASIC)
    engine: Engine | None = _option("library that computes; ctranslate2 by default")
    compute_type: str | None = _option(
        "number format: auto (default: int8 on CPU, float16 on GPU), float32, ...", "NAME"
    )
    beam_size: int | None = _option(
        "hypotheses kept while decoding; 1, greedy, by default", "N", ge=1
    )
    batch_tokens: int | None = _option(
        "padded tokens in a batch; 2048 on CPU and 8192 on GPU by default", "N", ge=0
    )
    inter_threads: int | None = _option(
        "batches translated at a time on CPU; all cores by default", "N", ge=0
    )
    intra_threads: int | None = _option("threads for each batch on CPU; 1 by default", "N", ge=1)
    cache: str | None = _option("folder for converted models; ~/.cache/tandemqa by default", "DIR")
    processes: int | None = _option(
        "processes per language pair; one for each core by default", "N", _APERTIUM, ge=1
    )
    timeout: float | None = _option(
        "time for a hundred segments; 60 or (neural) 300 by default",
        "SECONDS",
        (*_APERTIUM, *_NEURAL),
        gt=0,
    )

    def given(self) -> tuple[tuple[str, str | int | float], ...]:
        """Return what was given, sorted by name."""
        values = self.model_dump(include=set(BackendOptions.model_fields), exclude_none=True)
        return tuple(sorted(values.items()))


def _options_of(backend: str) -> set[str]:
    settings = settings_of(BackendOptions)
    return {name for name, setting in settings.items() if backend in setting.shown["takers"]}


@dataclass(frozen=True, slots=True)
class TranslatorConfig:
    """A translator by name with its options; hashable, picklable and cheap.

    Attributes:
        backend: A key of `BACKENDS`.
        options: Keyword arguments of the backend, sorted by name.
    """

    backend: str
    options: tuple[tuple[str, str | int | float], ...] = ()


def open_translator(config: TranslatorConfig) -> Translator:
    """Return the translator that `config` names; no model is loaded yet.

    Raises:
        ValueError: If the backend or one of its options is unknown.
    """
    if config.backend not in BACKENDS:
        raise ValueError(
            f"unknown translator {config.backend!r}; choose one of: {', '.join(sorted(BACKENDS))}"
        )
    known = _options_of(config.backend)
    unknown = sorted(name for name, _ in config.options if name not in known)
    if unknown:
        raise ValueError(
            f"translator {config.backend} has no option {', '.join(unknown)}; "
            f"it has: {', '.join(sorted(known))}"
        )
    module, name = BACKENDS[config.backend].split(":")
    try:
        backend = getattr(import_module(module), name)
        options = dict(config.options)
        if config.backend in IN_PROCESS:
            options.pop("timeout", None)  # for who watches the process: see isolation
        translator: Translator = backend(**options)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"translator {config.backend} needs {error.name}: pip install 'tandemqa[translate]'"
        ) from error
    return translator
