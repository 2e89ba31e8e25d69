"""How much a translator has read, and how well its batches were filled."""

from collections.abc import Sequence
from dataclasses import dataclass

from translators.engine import Batch


@dataclass(slots=True)
class Usage:
    """What a translator did since it was last asked.

    Attributes:
        batches: Batches, or for Apertium chunks, that went through.
        tokens: Source tokens in them, as `count_tokens` counts.
        positions: Places for source tokens in them, padding counted.
        retries: Batches and chunks that failed and were tried again, in smaller ones.
    """

    batches: int = 0
    tokens: int = 0
    positions: int = 0
    retries: int = 0

    @property
    def padding_share(self) -> float:
        """Share of positions that held padding, 0 to 1."""
        return 1 - self.tokens / self.positions if self.positions else 0.0

    def __add__(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(
            self.batches + other.batches,
            self.tokens + other.tokens,
            self.positions + other.positions,
            self.retries + other.retries,
        )

    def add_batches(self, batches: Sequence[Batch], lengths: Sequence[int]) -> None:
        """Count batches of sources.

        Args:
            batches: The batches.
            lengths: Tokens of each source they divide.
        """
        for batch in batches:
            own = [lengths[index] for index in batch.indices]
            self.batches += 1
            self.tokens += sum(own)
            self.positions += len(own) * max(own)
