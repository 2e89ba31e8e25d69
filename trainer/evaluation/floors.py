"""Floors: what is reached without training, to compare results with."""

import copy
from typing import Any, Final

from trainer.encoder import Encoder
from trainer.evaluation.lexical import LEXICAL

UNTRAINED: Final = "untrained"
BASE: Final = "base"

FLOORS: Final = (*LEXICAL, UNTRAINED)
"""Floors that can be chosen by name."""

_SEED: Final = 10536  # not one that small test models are likely to be made with


def with_random_weights(encoder: Encoder) -> Encoder:
    """Return an encoder of the same architecture with random weights."""
    import torch
    from sentence_transformers.base.modules import Transformer

    model = copy.deepcopy(encoder.model)
    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        for module in model:
            if isinstance(module, Transformer):
                module.model = _initialise(module.model)
            else:
                module.apply(_reset)
    return Encoder(model, encoder.prompts, batch_size=encoder.batch_size)


def _initialise(network: Any) -> Any:  # noqa: ANN401
    """Return a new network of the same configuration; adapters are left out."""
    base = network.get_base_model() if hasattr(network, "get_base_model") else network
    return type(base)(base.config).to(device=base.device, dtype=base.dtype).eval()


def _reset(layer: Any) -> None:  # noqa: ANN401
    if hasattr(layer, "reset_parameters"):
        layer.reset_parameters()
