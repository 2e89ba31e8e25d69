"""What a corruption may draw on."""

import random
from dataclasses import dataclass

from benchmarks.quality.gold import GoldRow


@dataclass(frozen=True)
class Spoiler:
    """What a corruption may draw on.

    Attributes:
        random: Seeded per row.
        other: A row with another passage, in the same language.
        neighbour: Another row with the same passage, or the same row when there is none.
        foreign: The same row in another language of the same script, or of another script where
            XQuAD-R has no second one.
    """

    random: random.Random
    other: GoldRow
    neighbour: GoldRow
    foreign: GoldRow
