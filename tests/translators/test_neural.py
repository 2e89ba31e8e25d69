"""Both engines with tiny real models: what they translate, and that they agree."""

import shutil
from pathlib import Path

import pytest

from tests.tiny_models import TINY_PAIRS
from translators import engine
from translators.marian import Marian

pytestmark = pytest.mark.slow

UNSEEN = [
    "Where does the river cross the mountains?",
    "The queen collects water and salt from the sea.",
    "about two million flowers",
    "Honey bees return to the old library every autumn.",
    "What is the light of France made from?",
]


@pytest.mark.parametrize("engine_name", ["ctranslate2", "transformers"])
@pytest.mark.parametrize("beam_size", [1, 4])
def test_every_language_is_known_by_heart(open_backend, engine_name, beam_size):
    translator = open_backend(engine=engine_name, beam_size=beam_size)
    for lang, pairs in TINY_PAIRS.items():
        answers = translator.translate([english for english, _ in pairs], lang)
        assert [a.text for a in answers] == [translation for _, translation in pairs]
        assert all(a.finished and not a.error and -0.1 < a.score < 0 for a in answers)


@pytest.mark.parametrize("beam_size", [1, 3])
def test_they_agree_on_texts_they_never_saw(open_backend, beam_size):
    options = {"compute_type": "float32", "beam_size": beam_size}
    ours = open_backend(engine="ctranslate2", **options).translate(UNSEEN, "es")
    reference = open_backend(engine="transformers", **options).translate(UNSEEN, "es")
    assert [(a.text, a.finished) for a in ours] == [(a.text, a.finished) for a in reference]
    assert [a.score for a in ours] == pytest.approx([a.score for a in reference], rel=0.02)


def test_a_translation_that_is_cut_says_so(open_backend, monkeypatch):
    monkeypatch.setattr(engine, "length_limit", lambda tokens, positions: 4)
    texts = ["Salmon return to it every autumn.", "What is bread made from?"]
    options = {"compute_type": "float32"}
    ours = open_backend(engine="ctranslate2", **options).translate(texts, "es")
    reference = open_backend(engine="transformers", **options).translate(texts, "es")
    assert [a.finished for a in ours] == [a.finished for a in reference] == [False, False]
    assert [a.text for a in ours] == [a.text for a in reference]
    assert [a.score for a in ours] == pytest.approx([a.score for a in reference], rel=0.02)


@pytest.mark.parametrize("engine_name", ["ctranslate2", "transformers"])
def test_a_text_longer_than_the_model_is_translated_in_pieces(open_backend, engine_name):
    english, spanish = TINY_PAIRS["es"][0]
    translator = open_backend(engine=engine_name)
    short, long = translator.translate([english, " ".join([english] * 30)], "es")
    assert short.text == spanish
    assert long.text.count("Mont Blanc") >= 2  # once for each piece: the model knows no more
    assert (long.error, long.score is None) == ("", False)


def test_batches_do_not_change_the_order(open_backend):
    texts = [english for english, _ in TINY_PAIRS["ca"]]
    whole = open_backend().translate(texts, "ca")
    pieces = open_backend(batch_tokens=20).translate(texts, "ca")
    assert [a.text for a in whole] == [a.text for a in pieces]


@pytest.mark.parametrize("engine_name", ["ctranslate2", "transformers"])
def test_marian_never_generates_padding(tiny_marian, tmp_path, engine_name):
    from transformers import MarianMTModel

    english, spanish = TINY_PAIRS["es"][0]
    model = MarianMTModel.from_pretrained(tiny_marian)
    model.final_logits_bias[0, model.config.pad_token_id] = 100.0
    copy = Path(shutil.copytree(tiny_marian, tmp_path / "copy"))
    model.save_pretrained(copy)
    translator = Marian(str(copy), engine=engine_name, cache=str(tmp_path), device="cpu")
    assert [a.text for a in translator.translate([english], "es")] == [spanish]
    translator.close()
