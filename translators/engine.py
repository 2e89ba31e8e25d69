"""How tokens become tokens: what an engine takes and gives, and how sources share a batch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

# CTranslate2 ends a beam search as soon as `beam_size` hypotheses are finished, and hopeless ones
# finish early: with sure models on short texts a stump won over a far likelier full sentence.
# Waiting for twice as many mends it.
PATIENCE: Final = 2

# Model output is seldom longer than twice the source, but three times in scripts that a
# multilingual vocabulary covers badly (Tibetan, Shan). A larger limit costs only when a model
# loops. Rounded so that sources of about one length share a batch and yet each one's limit
# depends on itself alone.
_TARGET_PER_SOURCE: Final = 3
_LIMIT_STEP: Final = 16
LENGTH_RULE: Final = f"{_TARGET_PER_SOURCE} x source tokens rounded up to {_LIMIT_STEP}"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What an engine made of one source.

    Attributes:
        tokens: Target tokens with the forced first one, without the end of sentence.
        score: Sum of log-probabilities of the tokens the model chose (so the end of sentence
            counts, the forced first token does not), divided by their number.
        finished: Whether the model ended the sentence itself.
    """

    tokens: list[str]
    score: float
    finished: bool


class Engine(Protocol):
    """A loaded model. It must not be used in a process forked after loading."""

    def generate(
        self, sources: Sequence[list[str]], target_token: str, batch_tokens: int
    ) -> list[Hypothesis]:
        """Return the best hypothesis for each source.

        Args:
            sources: Tokens, each source short enough for the model.
            target_token: First token of every target; empty for none.
            batch_tokens: Source tokens in a batch, padding counted.

        Raises:
            RuntimeError: If the engine fails, for want of memory or otherwise.
        """
        ...

    def close(self) -> None:
        """Free the model."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Sources that are translated together.

    Attributes:
        indices: Their places in the list of sources.
        limit: Target tokens at most.
    """

    indices: tuple[int, ...]
    limit: int


def length_limit(source_tokens: int, max_positions: int) -> int:
    """Return how many target tokens a source of this many tokens may have."""
    rounded = math.ceil(source_tokens / _LIMIT_STEP) * _LIMIT_STEP
    return min(_TARGET_PER_SOURCE * rounded, max_positions)


def plan_batches(lengths: Sequence[int], batch_tokens: int, max_positions: int) -> list[Batch]:
    """Divide sources into batches, longest first: memory runs out at once or not at all.

    A batch holds sources of one length limit, and at most `batch_tokens` positions, padding
    counted, unless a single source is longer.
    """
    batches: list[Batch] = []
    indices: list[int] = []
    limit = longest = 0
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        own = length_limit(lengths[index], max_positions)
        if indices and (own != limit or (len(indices) + 1) * longest > batch_tokens):
            batches.append(Batch(tuple(indices), limit))
            indices = []
        if not indices:
            limit, longest = own, lengths[index]
        indices.append(index)
    if indices:
        batches.append(Batch(tuple(indices), limit))
    return batches
