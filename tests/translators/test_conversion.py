"""Models are converted once, whole or not at all, and never when they would translate badly."""

import shutil
from pathlib import Path

import pytest

from translators import conversion
from translators.conversion import converted_model
from translators.marian import Marian, MarianTokens
from translators.model_files import find_model
from translators.nllb import NLLBTokens

pytestmark = pytest.mark.slow


def test_a_model_is_converted_once(open_backend, monkeypatch):
    open_backend().translate(["nectar"], "es")
    monkeypatch.setattr(conversion, "_convert", None)
    assert open_backend().translate(["nectar"], "es")[0].finished


def test_of_two_processes_that_convert_at_once_the_first_wins(tiny_marian, tmp_path, monkeypatch):
    files = find_model(str(tiny_marian), tmp_path)
    vocabulary = MarianTokens(tiny_marian).vocabulary
    convert = conversion._convert
    places = []

    def convert_twice(*arguments):
        monkeypatch.setattr(conversion, "_convert", convert)
        places.append(converted_model(files, vocabulary, "int8", tmp_path))
        convert(*arguments)

    monkeypatch.setattr(conversion, "_convert", convert_twice)
    place = converted_model(files, vocabulary, "int8", tmp_path)
    assert places == [place]
    assert sorted(p.name for p in place.parent.iterdir()) == [place.name]


def test_a_conversion_that_fails_leaves_nothing(copy, make_backend, tmp_path):
    (copy / "model.safetensors").write_bytes(b"not a model")
    translator = make_backend(model=str(copy), cache=str(tmp_path / "c"), device="cpu")
    with pytest.raises(Exception, match=r"header|safetensors|deserializ"):
        translator.translate(["nectar"], "es")
    assert list((tmp_path / "c").glob("ctranslate2-*/*")) == []


def test_a_conversion_that_numbers_tokens_otherwise_is_refused(tiny_nllb, tmp_path):
    vocabulary = dict(NLLBTokens(tiny_nllb).vocabulary)
    vocabulary["spa_Latn"], vocabulary["cat_Latn"] = (
        vocabulary["cat_Latn"],
        vocabulary["spa_Latn"],
    )
    with pytest.raises(ValueError, match=r"2 tokens have another number.*cat_Latn, spa_Latn"):
        converted_model(find_model(str(tiny_nllb), tmp_path), vocabulary, "int8", tmp_path)


def test_a_marian_model_that_ctranslate2_would_misread_is_refused(tiny_marian, tmp_path):
    import torch
    from transformers import MarianMTModel

    copy = Path(shutil.copytree(tiny_marian, tmp_path / "copy"))
    model = MarianMTModel.from_pretrained(copy)
    with torch.no_grad():
        model.get_input_embeddings().weight[model.config.pad_token_id] = 0.1
    model.save_pretrained(copy)
    with pytest.raises(ValueError, match="embedding of <pad> is not zero"):
        Marian(str(copy), cache=str(tmp_path), device="cpu").translate(["nectar"], "es")


def test_weights_that_are_missing_are_not_made_up(copy, make_backend, tmp_path):
    from safetensors.torch import load_file, save_file

    weights = load_file(copy / "model.safetensors")
    del weights["model.encoder.layers.0.fc1.weight"]
    save_file(weights, copy / "model.safetensors", metadata={"format": "pt"})
    translator = make_backend(model=str(copy), cache=str(tmp_path), device="cpu")
    with pytest.raises(ValueError, match=r"1 weights are missing.*fc1"):
        translator.translate(["nectar"], "es")


def test_a_model_with_pytorch_weights_alone_works(copy, make_backend, tmp_path):
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(copy / "model.safetensors"), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    translator = make_backend(model=str(copy), cache=str(tmp_path), device="cpu")
    assert translator.translate(["nectar"], "es")[0].text == "néctar"
    translator.close()
