"""How the loss of a training run tells pairs apart."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LossSettings:
    """How pairs are told apart.

    Attributes:
        scale: Cosines are multiplied by this before the softmax; the inverse of the temperature.
            20 suits most encoders; multilingual-e5 was trained with 100.
        cached: Pairs that go through the encoder at once, with gradients cached for the whole
            batch (GradCache, Gao et al. 2021, arXiv:2101.06983): memory does not grow with the
            batch, and the loss is the same. 0 encodes the batch in one piece.
        symmetric: Whether passages must find their questions, too.
        matryoshka: Shorter embeddings to train with the full one (Kusupati et al. 2022,
            arXiv:2205.13147), such as (256, 128); empty trains the full one alone.
    """

    scale: float = 20.0
    cached: int = 0
    symmetric: bool = False
    matryoshka: tuple[int, ...] = ()
