"""The loss is InfoNCE over the batch, cached or not."""

import pytest
import torch
import torch.nn.functional as F

from schemas.command import UsageError
from tests.trainer.tiny_encoder import make_rows, write_encoder
from trainer.fine_tuning.loss import make_loss
from trainer.fine_tuning.loss_settings import LossSettings


@pytest.fixture
def model(tmp_path):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(write_encoder(tmp_path / "encoder", dropout=0.0), device="cpu")


def columns(model, negatives: int = 0):
    rows = make_rows(32)
    texts = [
        [row["question"] for row in rows[0:24:6]],
        [row["passage"] for row in rows[0:24:6]],
        *([row["passage"] for row in rows[48 + 6 * n : 72 + 6 * n : 6]] for n in range(negatives)),
    ]
    return [model.preprocess(column) for column in texts]


@pytest.mark.parametrize("negatives", [0, 2])
@pytest.mark.parametrize("cached", [0, 3])
def test_it_is_the_cross_entropy_of_scaled_cosines(model, negatives, cached):
    features = columns(model, negatives)
    vectors = [F.normalize(model(dict(f))["sentence_embedding"], dim=1) for f in features]
    scores = 50 * vectors[0] @ torch.cat(vectors[1:]).T
    wanted = F.cross_entropy(scores, torch.arange(4))
    loss = make_loss(model, LossSettings(scale=50, cached=cached), 1)
    assert loss(columns(model, negatives), None).item() == pytest.approx(wanted.item(), abs=1e-5)


def test_symmetric_is_the_mean_of_both_ways(model):
    vectors = [F.normalize(model(f)["sentence_embedding"], dim=1) for f in columns(model)]
    scores = 20 * vectors[0] @ vectors[1].T
    right = torch.arange(4)
    wanted = (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)) / 2
    loss = make_loss(model, LossSettings(symmetric=True), 1)
    assert loss(columns(model), None).item() == pytest.approx(wanted.item(), abs=1e-5)


def test_matryoshka_adds_the_loss_of_shorter_embeddings(model):
    full = make_loss(model, LossSettings(), 1)(columns(model), None)
    both = make_loss(model, LossSettings(matryoshka=(8,)), 1)(columns(model), None)
    total = sum(both.values()) if isinstance(both, dict) else both
    assert total.item() > full.item()


@pytest.mark.parametrize("size", [0, 32, 100])
def test_matryoshka_sizes_beyond_the_model_are_refused(model, size):
    with pytest.raises(UsageError, match=f"size {size}: wanted sizes below the model's 32"):
        make_loss(model, LossSettings(matryoshka=(size,)), 1)
