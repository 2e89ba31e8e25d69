"""The options of the neural translators, and what `auto` means on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, get_args

from schemas.files import cache_folder
from schemas.options import BASIC, Options
from translators.engine import LENGTH_RULE, PATIENCE
from translators.family import backend_option

Device = Literal["auto", "cpu", "cuda"]
Engine = Literal["ctranslate2", "transformers"]
ENGINES: Final = get_args(Engine)
DEVICES: Final = get_args(Device)
COMPUTE_TYPES: Final = {
    "ctranslate2": (
        "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16",
        "int16", "float16", "bfloat16", "float32",
    ),
    "transformers": ("auto", "float16", "bfloat16", "float32"),
}  # fmt: skip

_CPU_BATCH_TOKENS: Final = 2048
_GPU_BATCH_TOKENS: Final = 8192


@dataclass(frozen=True, slots=True)
class Decoding:
    """Options of a neural translator; all are checked when it is made.

    Attributes:
        engine: `ctranslate2` (fast) or `transformers` (the reference).
        device: `cpu`, `cuda`, or `auto`: a GPU where there is one. When workers are other
            machines than the one that launches, name it, as `auto` looks at the launching one.
        compute_type: Number format of weights and arithmetic; `auto` is the fastest that keeps
            quality: int8 on CPU and float16 on GPU, in transformers float32 and float16.
        beam_size: Beams of the search; 1 is greedy and fastest.
        batch_tokens: Source tokens in a batch, padding counted; 0 chooses by device. It is
            halved when GPU memory runs out.
        inter_threads: Batches translated at a time on CPU (CTranslate2); 0 is one for each core.
        intra_threads: Threads for each batch on CPU (CTranslate2). One thread for each of many
            batches beats many threads for one batch.
        cache: Folder for converted models; empty for `tandemqa` in the user's cache folder.
    """

    engine: str = "ctranslate2"
    device: str = "auto"
    compute_type: str = "auto"
    beam_size: int = 1
    batch_tokens: int = 0
    inter_threads: int = 0
    intra_threads: int = 1
    cache: str = ""

    def __post_init__(self) -> None:
        """Refuse what no engine understands."""
        _check("engine", self.engine, ENGINES)
        _check("device", self.device, DEVICES)
        _check("compute_type", self.compute_type, COMPUTE_TYPES[self.engine])
        require(self.engine)
        if self.engine == "transformers":
            require("torch")
        minima = {"beam_size": 1, "batch_tokens": 0, "inter_threads": 0, "intra_threads": 1}
        for name, minimum in minima.items():
            value = getattr(self, name)
            if not isinstance(value, int) or value < minimum:
                raise ValueError(f"{name} must be a whole number from {minimum}, got {value!r}")

    @property
    def cache_folder(self) -> Path:
        """Where converted models and hashes of model files are kept."""
        return Path(self.cache).expanduser() if self.cache else cache_folder()

    def resolve_device(self) -> str:
        """Return `cpu` or `cuda`."""
        if self.device != "auto":
            return self.device
        return "cuda" if self._has_gpu() else "cpu"

    def require_device(self) -> None:
        """Refuse a device that this machine, which is about to use it, does not have.

        Raises:
            ValueError: If it has no usable GPU and one was asked for.
        """
        if self.device == "cuda" and not self._has_gpu():
            raise ValueError(
                f"device cuda: {self.engine} finds no usable NVIDIA GPU on this machine; "
                "check driver and CUDA_VISIBLE_DEVICES, or take device=cpu"
            )

    def _has_gpu(self) -> bool:
        if self.engine == "ctranslate2":
            import ctranslate2

            return bool(ctranslate2.get_cuda_device_count())
        import torch

        return torch.cuda.is_available()

    def resolve_compute_type(self) -> str:
        """Return the number format that `auto` stands for on this machine, or the one named."""
        if self.compute_type != "auto":
            return self.compute_type
        if self.resolve_device() == "cuda":
            return "float16"
        return "int8" if self.engine == "ctranslate2" else "float32"

    def resolve_batch_tokens(self) -> int:
        """Return the token budget of a batch."""
        default = _GPU_BATCH_TOKENS if self.resolve_device() == "cuda" else _CPU_BATCH_TOKENS
        return self.batch_tokens or default

    def parameters(self) -> dict[str, str]:
        """Return what changes the output, for the memory's key; batching and threads do not."""
        facts = {
            "beam_size": str(self.beam_size),
            "compute_type": self.resolve_compute_type(),
            "length_limit": LENGTH_RULE,
        }
        return facts if self.beam_size == 1 else {**facts, "patience": str(PATIENCE)}

    def engine_version(self) -> str:
        """Return the engine's name and version."""
        return f"{self.engine} {version(self.engine)}"


def require(module: str) -> None:
    """Refuse to go on without a package, before work starts.

    Raises:
        ModuleNotFoundError: If it is not installed.
    """
    if find_spec(module) is None:
        raise ModuleNotFoundError(f"{module} is not installed", name=module)


def _check(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


class NeuralOptions(Options):
    """What Marian and NLLB can be told; see `Decoding`."""

    model: str | None = backend_option("hub name or folder of the model", "NAME|DIR", BASIC)
    device: Device | None = backend_option("what computes; auto by default", group=BASIC)
    engine: Engine | None = backend_option("library that computes; ctranslate2 by default")
    compute_type: str | None = backend_option(
        "number format: auto (default: int8 on CPU, float16 on GPU), float32, ...", "NAME"
    )
    beam_size: int | None = backend_option(
        "hypotheses kept while decoding; 1, greedy, by default", "N", ge=1
    )
    batch_tokens: int | None = backend_option(
        "padded tokens in a batch; 2048 on CPU and 8192 on GPU by default", "N", ge=0
    )
    inter_threads: int | None = backend_option(
        "batches translated at a time on CPU; all cores by default", "N", ge=0
    )
    intra_threads: int | None = backend_option(
        "threads for each batch on CPU; 1 by default", "N", ge=1
    )
    cache: str | None = backend_option(
        "folder for converted models; ~/.cache/tandemqa by default", "DIR"
    )
    timeout: float | None = backend_option(
        "time for a hundred segments; 300 by default", "SECONDS", gt=0
    )
