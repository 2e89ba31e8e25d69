"""What batches to make: how many monolingual ones, of which languages, of which datasets."""

import math
from dataclasses import dataclass
from typing import Final, Literal, get_args

from schemas.command import UsageError

CrossMode = Literal["mixed", "pair", "xx"]

CROSS_MODES: Final[tuple[str, ...]] = get_args(CrossMode)

# What stands for each baseline of the literature (LAReQA, arXiv 2004.05484; arXiv 2408.10536).
BASELINES: Final[dict[str, dict[str, object]]] = {
    "mono": {"mono_ratio": 1.0},
    "cross": {"mono_ratio": 0.0},
    "xx": {"mono_ratio": 0.0, "cross_mode": "xx"},
}


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """How batches are drawn.

    Attributes:
        batch_size: Pairs in one global batch: those of all processes together.
        mono_ratio: Share of monolingual batches, 0 to 1; the others are made by `cross_mode`.
        cross_mode: `mixed` (each pair draws its own two languages, as in arXiv 2408.10536),
            `pair` (one pair of languages for the whole batch) or `xx` (each pair draws one
            language for both question and passage: LAReQA's X-X).
        language_temperature: A language (or pair) with n groups is drawn in proportion to
            n ** (1 / temperature): 1 is by size, infinity is uniform.
        dataset_temperature: The same for the datasets within a language.
        seed: Of everything that is drawn.

    Raises:
        UsageError: If a value makes no sense.
    """

    batch_size: int = 64
    mono_ratio: float = 0.5
    cross_mode: CrossMode = "mixed"
    language_temperature: float = math.inf
    dataset_temperature: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values that make no sense, all at once."""
        faults = []
        if self.batch_size < 2:
            faults.append(f"batch_size is {self.batch_size}: wanted 2 or more, for negatives")
        if not 0 <= self.mono_ratio <= 1:
            faults.append(f"mono_ratio is {self.mono_ratio}: wanted 0 to 1")
        if self.cross_mode not in CROSS_MODES:
            faults.append(f"cross_mode is {self.cross_mode!r}: wanted {', '.join(CROSS_MODES)}")
        for name in ("language_temperature", "dataset_temperature"):
            value = getattr(self, name)
            if not value > 0:
                faults.append(f"{name} is {value}: wanted more than 0 (1 by size, inf uniform)")
        if not 0 <= self.seed < 2**32:  # numpy takes no larger ones
            faults.append(f"seed is {self.seed}: wanted 0 to {2**32 - 1}")
        if faults:
            raise UsageError("; ".join(faults))
