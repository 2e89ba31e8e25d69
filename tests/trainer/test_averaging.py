"""Weights averaged with the untouched ones: all of them, through adapters, and while scored."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer

from tests.trainer.tiny_encoder import write_encoder
from trainer.fine_tuning.averaging import WeightAverage
from trainer.fine_tuning.base_model import open_base_model
from trainer.fine_tuning.training import train


def weights(folder: str) -> dict[str, np.ndarray]:
    return load_file(Path(folder) / "model.safetensors")


def test_the_saved_weights_lie_between_the_untouched_and_the_trained_ones(settings):
    plain, averaged = settings("plain"), settings("averaged", average=0.25)
    train(plain, quiet=True)
    record = train(averaged, quiet=True)
    assert record["identity"]["settings"]["average"] == 0.25
    before, after = weights(plain.model.model), weights(plain.output)
    for name, found in weights(averaged.output).items():
        assert np.allclose(found, 0.25 * before[name] + 0.75 * after[name], atol=1e-6), name


def test_adapters_are_averaged_as_the_weights_they_add_to(settings):
    model = open_base_model(settings(lora=4), bf16=False)[0]
    average = WeightAverage(model, 0.5)
    adapters = dict(model.named_parameters())
    firsts = [name for name in adapters if "lora_A" in name]
    with torch.no_grad():
        for name in firsts:
            adapters[name].add_(1)
            adapters[name.replace("lora_A", "lora_B")].normal_()
    added = {name: _added(adapters, name) for name in firsts}
    average.apply(model)
    assert firsts
    for name in firsts:
        assert torch.allclose(_added(adapters, name), added[name] / 2, atol=1e-6)


def _added(adapters: dict[str, torch.nn.Parameter], first: str) -> torch.Tensor:
    return adapters[first.replace("lora_A", "lora_B")].detach() @ adapters[first].detach()


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_checkpoint_is_scored_as_it_would_be_saved_and_then_trained_on(tmp_path, share):
    model = SentenceTransformer(write_encoder(tmp_path / "encoder"), device="cpu")
    untouched = _copy(model)
    average = WeightAverage(model, share)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(1)
    trained = _copy(model)
    with average.applied(model):
        for name, found in _copy(model).items():
            wanted = share * untouched[name] + (1 - share) * trained[name]
            assert torch.allclose(found, wanted), name
    assert all(torch.equal(found, trained[name]) for name, found in _copy(model).items())


def _copy(model: SentenceTransformer) -> dict[str, torch.Tensor]:
    return {name: weights.detach().clone() for name, weights in model.named_parameters()}
