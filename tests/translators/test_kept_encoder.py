import numpy as np
import pytest

pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")

from sentence_transformers import SentenceTransformer

from tests.trainer.tiny_encoder import write_encoder
from translators import kept_encoder
from translators.kept_encoder import KeptEncoder
from translators.kept_vectors import open_store
from translators.sentence_encoder import EncoderSettings, UnusableEncoder, open_encoder

TEXTS = [f"en{n} es{n}" for n in range(40)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    SentenceTransformer(write_encoder(folder / "plain")).save(str(folder / "model"))
    return str(folder / "model")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_kept_embedding_is_the_one_that_the_model_gave(tmp_path, model, precision, monkeypatch):
    settings = EncoderSettings(model, "cpu", precision)
    encoder = open_encoder(settings)
    kept = KeptEncoder(settings, encoder.fingerprint, str(tmp_path))
    wanted = encoder.encode(TEXTS)
    assert (kept.encode(TEXTS[:30]) == wanted[:30]).all()
    open_store.cache_clear()  # as in another run
    assert (kept.encode([*TEXTS, TEXTS[0]]) == np.concatenate([wanted, wanted[:1]])).all()

    open_store.cache_clear()
    monkeypatch.setattr(kept_encoder, "open_encoder", None)  # nobody asks for the model
    assert (kept.encode(TEXTS[::-1])[::-1] == wanted).all()
    assert len(kept.encode([])) == 0
    (size,) = {len(v) for v in open_store(*_place(kept)).find(map(_key, TEXTS)).values()}
    assert size == 1 + wanted.shape[1] * (2 if precision == "bfloat16" else 4)


def _place(kept):
    return kept.memory, "embeddings", kept.fingerprint


def _key(text):
    return kept_encoder.vector_key(text)


def test_another_model_than_was_named_is_refused(tmp_path, model):
    kept = KeptEncoder(EncoderSettings(model, "cpu", "float32"), "0" * 32, str(tmp_path))
    with pytest.raises(UnusableEncoder, match="another one"):
        kept.encode(TEXTS)
