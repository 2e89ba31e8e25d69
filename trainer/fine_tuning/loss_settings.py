"""How the loss of a training run tells pairs apart."""

from typing import Annotated

from pydantic import BeforeValidator

from schemas.model_families import USUAL_SCALE
from schemas.option_values import split_words
from schemas.options import Options, option
from trainer.model_settings import TRAINING


class LossSettings(Options):
    """How pairs are told apart."""

    # Cosines are multiplied by it before the softmax.
    scale: float | None = option(
        None,
        "inverse temperature of the loss; by default that which the model was trained with, such "
        f"as 100 for E5, or {USUAL_SCALE:g} where it is not known",
        "X",
        group=TRAINING,
        gt=0,
    )
    # GradCache (Gao et al. 2021, arXiv:2101.06983): the loss is that of the whole batch.
    cached: int = option(
        0,
        "encode N pairs at a time, for batches beyond the memory; 0 all",
        "N",
        group=TRAINING,
        ge=0,
    )
    symmetric: bool = option(False, "passages must find their questions, too", group=TRAINING)
    # Kusupati et al. 2022, arXiv:2205.13147.
    matryoshka: Annotated[tuple[int, ...], BeforeValidator(split_words)] = option(
        (), "train shorter embeddings as well, such as 256,128", "SIZES", group=TRAINING
    )
