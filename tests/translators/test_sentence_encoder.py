import numpy as np
import pytest

pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")

from sentence_transformers import SentenceTransformer

from schemas.command import UsageError
from tests.trainer.tiny_encoder import write_encoder
from translators.scorers import UnusableScorer, load_scorer
from translators.sentence_encoder import (
    EncoderSettings,
    UnusableEncoder,
    open_encoder,
    resolve_precision,
)

TEXTS = [f"en{n} es{n} " * (1 + n % 9) for n in range(50)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder") / "tiny"
    SentenceTransformer(write_encoder(folder / "plain")).save(str(folder / "model"))
    return str(folder / "model")


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_text_has_one_embedding_whatever_is_encoded_with_it(model, precision):
    encoder = open_encoder(EncoderSettings(model, "cpu", precision))
    together = encoder.encode(TEXTS)
    assert encoder.precision == precision
    alone = np.stack([encoder.encode([text])[0] for text in TEXTS[::7]])
    assert (together[::7] == alone).all()
    assert (encoder.encode(TEXTS[::-1])[::-1] == together).all()
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, 1e-3)


def test_padding_does_not_change_what_the_model_says(model):
    encoder = open_encoder(EncoderSettings(model, "cpu", "float32"))
    plain = encoder.model.encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode(TEXTS), plain, atol=1e-5)


def test_no_texts_are_no_embeddings(model):
    assert len(open_encoder(EncoderSettings(model, "cpu", "float32")).encode([])) == 0


def test_a_model_is_opened_once_in_a_process(model):
    settings = EncoderSettings(model, "cpu", "float32")
    assert open_encoder(settings) is open_encoder(settings)


def test_weights_precision_and_prompt_are_in_the_fingerprint(model):
    plain = open_encoder(EncoderSettings(model, "cpu", "float32"))
    assert plain.fingerprint != open_encoder(EncoderSettings(model, "cpu", "bfloat16")).fingerprint


def test_the_prompt_is_that_of_the_model_or_of_its_family(tmp_path, model):
    tiny = SentenceTransformer(model)
    tiny.prompts = {"query": "en1 ", "document": "en2 "}
    tiny.save(str(tmp_path / "stated"))
    assert open_encoder(EncoderSettings(str(tmp_path / "stated"))).prompt == "en1 "
    tiny.prompts = {}
    tiny.save(str(tmp_path / "e5-small"))
    assert open_encoder(EncoderSettings(str(tmp_path / "e5-small"))).prompt == "query: "


def test_auto_precision_is_decided_before_the_work_is_handed_out(model):
    assert resolve_precision(EncoderSettings(model)).precision in ("float32", "bfloat16")
    assert resolve_precision(EncoderSettings(model, "", "float16")).precision == "float16"


def test_a_model_that_would_run_code_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(UsageError, match="pickled"):
        open_encoder(EncoderSettings(str(tmp_path)))
    with pytest.raises(UnusableScorer, match="pickled"):
        load_scorer(f"embedding:{tmp_path}")


def test_what_is_no_model_is_named(tmp_path):
    with pytest.raises(UnusableEncoder, match="cannot be loaded"):
        open_encoder(EncoderSettings(str(tmp_path / "absent")))
