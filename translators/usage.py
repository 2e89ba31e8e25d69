"""How much a translator has read, and how well its batches were filled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from translators.engine import Batch


@dataclass(slots=True)
class Usage:
    """What a translator did since it was last asked.

    Attributes:
        batches: Batches, or for Apertium chunks, that went through.
        tokens: Source tokens in them, as `count_tokens` counts.
        positions: Places for source tokens in them, padding counted.
        retries: Batches and chunks that failed and were tried again, in smaller ones; requests to a
            server that were repeated.
        input_tokens: Tokens of the prompts that a server was sent.
        output_tokens: Tokens of what it answered.
    """

    batches: int = 0
    tokens: int = 0
    positions: int = 0
    retries: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

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
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
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


def token_cost(
    input_tokens: float, output_tokens: float, options: Mapping[str, str | int | float]
) -> float | None:
    """Return what tokens cost at a server's prices; None if the options name no price.

    Args:
        input_tokens: Tokens of prompts.
        output_tokens: Tokens of answers.
        options: Options of the translator, `price_per_million_input` and `_output` among them.
    """
    prices = [options.get(f"price_per_million_{side}") for side in ("input", "output")]
    if prices == [None, None]:
        return None
    return (input_tokens * float(prices[0] or 0) + output_tokens * float(prices[1] or 0)) / 1e6
