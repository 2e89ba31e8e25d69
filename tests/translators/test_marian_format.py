from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.translators.tiny_bergamot import make_weights, model_bytes, shortlist_bytes
from translators.marian_format import BadModel, read_shortlist, read_weights

MODEL = model_bytes(make_weights())
LISTS = [[n, n + 1] for n in range(39)] + [[]]


def test_weights_and_configuration_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(MODEL)
    weights, config = read_weights(path)
    assert config["dec-cell"] == "ssru"
    wanted = make_weights()
    assert weights.keys() == wanted.keys()
    assert all(np.array_equal(weights[name], wanted[name]) for name in wanted)


def test_weights_in_8_bits_come_back_within_half_a_step(tmp_path):
    wanted = make_weights()
    names = ("Wemb", "encoder_l1_ffn_W1", "decoder_l2_rnn_W")
    path = tmp_path / "model.bin"
    path.write_bytes(model_bytes(wanted, quantised=names))
    weights, _ = read_weights(path)
    for name in names:
        step = np.abs(wanted[name]).max() / 127
        assert np.abs(weights[name] - wanted[name]).max() <= step * 0.51


def test_shortlists_give_frequent_own_and_listed_pieces(tmp_path):
    path = tmp_path / "lex.bin"
    path.write_bytes(shortlist_bytes(LISTS))
    source = np.array([10, 20])
    assert list(read_shortlist(path, shared=False).candidates(source, 40)) == (
        [0, 1, 2, 3, 10, 11, 20, 21]
    )
    assert list(read_shortlist(path, shared=True).candidates(np.array([39]), 40)) == [
        0,
        1,
        2,
        3,
        39,
    ]


@given(st.integers(0, len(MODEL) - 1))
def test_a_model_that_was_cut_is_named(tmp_path_factory, size):
    path = tmp_path_factory.mktemp("cut") / "model.bin"
    path.write_bytes(MODEL[:size])
    with pytest.raises(BadModel, match=r"model\.bin: not a whole Marian model"):
        read_weights(path)


@given(st.binary(max_size=400), st.integers(0, 400))
def test_a_damaged_head_is_a_bad_model_or_another_one(tmp_path_factory, noise, at):
    path = tmp_path_factory.mktemp("noise") / "model.bin"
    path.write_bytes(MODEL[:at] + noise + MODEL[at + len(noise) :])
    with suppress(BadModel):
        read_weights(path)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_a_damaged_shortlist_is_a_bad_model_or_another_one(tmp_path_factory, noise, at):
    content = shortlist_bytes(LISTS)
    path = tmp_path_factory.mktemp("noise") / "lex.bin"
    path.write_bytes(content[:at] + noise + content[at + len(noise) :])
    with suppress(BadModel):
        read_shortlist(path, shared=True)
