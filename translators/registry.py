"""Which translators there are, and how one is made from plain options."""

from dataclasses import dataclass, field
from importlib import import_module
from typing import Final

from translators.translator import Translator

_NEURAL: Final = frozenset(
    {
        "model",
        "engine",
        "device",
        "compute_type",
        "beam_size",
        "batch_tokens",
        "inter_threads",
        "intra_threads",
        "cache",
        "timeout",
    }
)

# Import path (naming a backend must not import torch) and the options it takes.
BACKENDS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "apertium": ("translators.apertium:Apertium", frozenset({"processes", "timeout"})),
    "marian": ("translators.marian:Marian", _NEURAL),
    "nllb": ("translators.nllb:NLLB", _NEURAL),
}

# Backends whose library runs inside the process that asks; a crash there would end it.
IN_PROCESS: Final = frozenset({"marian", "nllb"})

# Options of backends: type, metavar, help.
OPTIONS: Final[dict[str, tuple[type, str, str]]] = {
    "model": (str, "NAME|DIR", "model: a hub name or a local folder"),
    "engine": (str, "NAME", "ctranslate2 (default) or transformers"),
    "device": (str, "NAME", "auto (default), cpu or cuda"),
    "compute_type": (str, "NAME", "auto (default: int8 on CPU, float16 on GPU), float32, ..."),
    "beam_size": (int, "N", "hypotheses kept while decoding; 1, greedy, by default"),
    "batch_tokens": (int, "N", "padded tokens in a batch; 2048 on CPU and 8192 on GPU by default"),
    "inter_threads": (int, "N", "batches translated at a time on CPU; all cores by default"),
    "intra_threads": (int, "N", "threads for each batch on CPU; 1 by default"),
    "cache": (str, "DIR", "folder for converted models; ~/.cache/tandemqa by default"),
    "processes": (int, "N", "pipelines per language pair; one for each core by default"),
    "timeout": (float, "SECONDS", "how long a hundred segments may take; 60 or (neural) 300"),
}

Options = tuple[tuple[str, str | int | float], ...]


@dataclass(frozen=True, slots=True)
class TranslatorConfig:
    """A translator by name with its options; hashable, picklable and cheap.

    Attributes:
        backend: A key of `BACKENDS`.
        options: Keyword arguments of the backend, sorted by name.
    """

    backend: str
    options: Options = field(default=())


def open_translator(config: TranslatorConfig) -> Translator:
    """Return the translator that `config` names; no model is loaded yet.

    Raises:
        ValueError: If the backend or one of its options is unknown.
    """
    if config.backend not in BACKENDS:
        raise ValueError(
            f"unknown translator {config.backend!r}; choose one of: {', '.join(sorted(BACKENDS))}"
        )
    path, known = BACKENDS[config.backend]
    unknown = sorted(name for name, _ in config.options if name not in known)
    if unknown:
        raise ValueError(
            f"translator {config.backend} has no option {', '.join(unknown)}; "
            f"it has: {', '.join(sorted(known))}"
        )
    module, name = path.split(":")
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
