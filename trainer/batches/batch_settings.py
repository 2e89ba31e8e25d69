"""What batches to make: how many monolingual ones, of which languages, of which datasets."""

import math
from typing import Final, Literal, get_args

from schemas.options import Options, option

BATCHES: Final = "batches"

CrossMode = Literal["mixed", "pair", "xx"]

CROSS_MODES: Final[tuple[str, ...]] = get_args(CrossMode)

# The settings of each baseline of the literature (LAReQA, arXiv 2004.05484; arXiv 2408.10536).
BASELINES: Final[dict[str, dict[str, object]]] = {
    "mono": {"mono_ratio": 1.0},
    "cross": {"mono_ratio": 0.0},
    "xx": {"mono_ratio": 0.0, "cross_mode": "xx"},
}


class BatchSettings(Options):
    """How batches are drawn."""

    batch_size: int = option(
        64, "pairs in a batch, of all processes together", "N", group=BATCHES, ge=2
    )
    mono_ratio: float = option(
        0.5, "share of monolingual batches", "SHARE", group=BATCHES, ge=0, le=1
    )
    cross_mode: CrossMode = option(
        "mixed",
        "the other batches: mixed (each pair draws its two languages, as in arXiv 2408.10536), "
        "pair (one pair of languages for the batch) or xx (each pair draws one language, as "
        "LAReQA's X-X)",
        group=BATCHES,
    )
    # A language, or pair of them, with n groups is drawn in proportion to n ** (1 / temperature).
    language_temperature: float = option(
        math.inf, "of languages: 1 draws by size, inf evenly", "T", group=BATCHES, gt=0
    )
    dataset_temperature: float = option(
        1.0,
        "of the datasets within a language: 1 draws by size, inf evenly",
        "T",
        group=BATCHES,
        gt=0,
    )
    # numpy takes no larger ones
    seed: int = option(
        0, "of batches, dropout and new weights", "N", group=BATCHES, ge=0, le=2**32 - 1
    )
