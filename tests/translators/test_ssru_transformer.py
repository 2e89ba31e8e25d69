import math

import numpy as np
import pytest
import torch
import yaml

from tests.translators.tiny_bergamot import CONFIG, HEADS, PIECES, WIDTH, make_weights
from translators.bergamot_files import UNKNOWN
from translators.marian_format import BadModel, Shortlist
from translators.ssru_transformer import SsruTransformer

SOURCES = [[5, 9, 0], [7, 0], [3, 8, 12, 30, 11, 6, 0], [21, 21, 0], [2, 39, 17, 0]]


def make_model(shortlist=None, seed=0):
    return SsruTransformer(make_weights(seed), yaml.safe_load(CONFIG), shortlist)


def everything():
    every = np.tile(np.arange(PIECES), PIECES)
    return Shortlist(0, np.arange(PIECES + 1) * PIECES, every, shared=False)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shortlist", [None, everything()])
def test_no_sentence_depends_on_its_neighbours(seed, shortlist):
    model = make_model(shortlist, seed)
    together = model.translate(SOURCES, 20)
    for source, found in zip(SOURCES, together, strict=True):
        (alone,) = model.translate([source], 20)
        assert alone.pieces == found.pieces
        assert alone.finished == found.finished
        assert alone.score == pytest.approx(found.score, abs=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_published_network(seed):
    weights = {name: torch.from_numpy(value) for name, value in make_weights(seed).items()}
    for source, found in zip(SOURCES, make_model(seed=seed).translate(SOURCES, 12), strict=True):
        pieces, score, finished = plainly(weights, source, 12)
        assert (found.pieces, found.finished) == (pieces, finished)
        assert found.score == pytest.approx(score, abs=1e-3)


def test_sentences_stay_within_their_shortlists_and_unknown_is_never_chosen():
    lists = Shortlist(1, np.arange(PIECES + 1), np.arange(PIECES), shared=False)
    for source, found in zip(SOURCES, make_model(lists).translate(SOURCES, 20), strict=True):
        assert set(found.pieces) <= set(source) - {UNKNOWN}


def test_a_limit_is_told_from_an_end():
    (found,) = make_model().translate([[5, 9, 0]], 1)
    assert found.finished == (not found.pieces)


@pytest.mark.parametrize(
    ("change", "told"),
    [({"dec-cell": "gru"}, "dec-cell"), ({"type": "s2s"}, "type: 's2s'")],
)
def test_other_architectures_are_refused(change, told):
    with pytest.raises(BadModel, match=told):
        SsruTransformer(make_weights(), {**yaml.safe_load(CONFIG), **change}, None)


def test_a_missing_weight_is_named():
    weights = make_weights()
    del weights["decoder_l1_rnn_Wf"]
    with pytest.raises(BadModel, match="decoder_l1_rnn_Wf"):
        SsruTransformer(weights, yaml.safe_load(CONFIG), None)


def plainly(weights, source, limit):
    """Translate one sentence, step by step, with torch's own functions and no cache."""

    def norm(x, name):
        scale, bias = weights[f"{name}_ln_scale"].ravel(), weights[f"{name}_ln_bias"].ravel()
        return torch.nn.functional.layer_norm(x, (WIDTH,), scale, bias, eps=1e-9)

    def dense(x, name, part):
        return x @ weights[f"{name}_W{part}"] + weights[f"{name}_b{part}"]

    def heads(x):
        return x.reshape(len(x), HEADS, -1).transpose(0, 1)

    def attend(x, memory, name):
        q, k, v = dense(x, name, "q"), dense(memory, name, "k"), dense(memory, name, "v")
        mixed = torch.nn.functional.scaled_dot_product_attention(heads(q), heads(k), heads(v))
        return norm(dense(mixed.transpose(0, 1).reshape(len(x), -1), name, "o") + x, f"{name}_Wo")

    def feed(x, name):
        hidden = torch.relu(dense(x, f"{name}_ffn", "1"))
        return norm(dense(hidden, f"{name}_ffn", "2") + x, f"{name}_ffn_ffn")

    def position(n):
        speeds = [10_000 ** (-i / (WIDTH // 2 - 1)) for i in range(WIDTH // 2)]
        return torch.tensor([math.sin(n * s) for s in speeds] + [math.cos(n * s) for s in speeds])

    def embed(piece, n):
        own = torch.zeros(WIDTH) if piece is None else weights["Wemb"][piece] * math.sqrt(WIDTH)
        return own + position(n)

    x = torch.stack([embed(piece, n) for n, piece in enumerate(source)])
    for n in (1, 2):
        x = feed(attend(x, x, f"encoder_l{n}_self"), f"encoder_l{n}")
    pieces, total, cells = [], 0.0, [torch.zeros(WIDTH)] * 2
    for step in range(limit):
        y = embed(pieces[-1] if pieces else None, step)
        for n in (1, 2):
            name = f"decoder_l{n}"
            gate = torch.sigmoid(dense(y, f"{name}_rnn", "f")).ravel()
            cells[n - 1] = gate * cells[n - 1] + (1 - gate) * (y @ weights[f"{name}_rnn_W"])
            y = norm(torch.relu(cells[n - 1]) + y, f"{name}_rnn_ffn")
            y = feed(attend(y[None], x, f"{name}_context"), name)[0]
        logits = weights["Wemb"] @ y + weights["decoder_ff_logit_out_b"].ravel()
        logits[UNKNOWN] = -1e9
        best = int(logits.argmax())
        total += float(torch.log_softmax(logits, 0)[best])
        if best == 0:
            return pieces, total / (len(pieces) + 1), True
        pieces.append(best)
    return pieces, total / limit, False
