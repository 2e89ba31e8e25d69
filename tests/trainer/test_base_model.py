"""The model to train: encoders and decoders, pooling, adapters, precision, prompts."""

from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import (
    Dense,
    Normalize,
    Pooling,
    Transformer,
)
from transformers import LlamaConfig, LlamaForCausalLM, XLMRobertaConfig, XLMRobertaModel, set_seed

from schemas.command import UsageError
from tests.trainer.tiny_encoder import make_tokenizer, write_encoder, write_static
from trainer.fine_tuning.base_model import open_base_model
from trainer.fine_tuning.training import train

INSTRUCTION = "Instruct: find the answer\nQuery: "


@pytest.fixture
def decoder(tmp_path) -> str:
    """A tiny random Llama."""
    set_seed(0)
    tokenizer = make_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        pad_token_id=0,
    )
    folder = tmp_path / "decoder"
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_a_plain_encoder_is_mean_pooled_and_trained_in_float32(settings, tmp_path):
    model, _ = open_base_model(settings(), bf16=True)
    assert model[1].pooling_mode == "mean"
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_a_model_keeps_the_pooling_and_normalisation_it_states(settings, tmp_path):
    """As BGE-M3 and LaBSE: cls, then normalised."""
    source = Transformer(write_encoder(tmp_path / "plain"))
    modules = [source, Pooling(32, "cls"), Normalize()]
    folder = str(tmp_path / "stated")
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(folder)
    model, _ = open_base_model(settings(model=folder), bf16=False)
    assert model[1].pooling_mode == "cls"
    assert torch.allclose(model.encode("en1", convert_to_tensor=True).norm(), torch.tensor(1.0))


def test_a_dense_layer_after_the_pooling_is_trained_and_saved(settings, tmp_path):
    """As LaBSE: cls, a layer with tanh, then normalised."""
    source = Transformer(write_encoder(tmp_path / "plain"))
    modules = [source, Pooling(32, "cls"), Dense(32, 32), Normalize()]
    folder = str(tmp_path / "LaBSE")
    SentenceTransformer(modules=modules, device="cpu").save_pretrained(folder)
    run = settings(model=folder)
    train(run)
    before, after = (SentenceTransformer(path, device="cpu") for path in (folder, run.output))
    assert [type(module) for module in after] == [type(module) for module in before]
    assert not torch.equal(before[2].linear.weight, after[2].linear.weight)


def test_static_embeddings_are_trained_and_have_no_longest_input(settings, tmp_path):
    folder = write_static(tmp_path / "static")
    run = settings(model=folder, learning_rate=0.1)
    train(run)
    before, after = (SentenceTransformer(path, device="cpu") for path in (folder, run.output))
    assert not torch.equal(before[0].embedding.weight, after[0].embedding.weight)
    assert "read in full" in (Path(run.output) / "README.md").read_text()


@pytest.mark.parametrize("options", [{"max_length": 8}, {"lora": 4}])
def test_static_embeddings_refuse_what_only_transformers_have(settings, tmp_path, options):
    with pytest.raises(UsageError, match="leave"):
        open_base_model(settings(model=write_static(tmp_path / "static"), **options), bf16=False)


def test_xlm_roberta_is_loaded_by_path(settings, tmp_path):
    tokenizer = make_tokenizer()
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=40, pad_token_id=0,
    )  # fmt: skip
    folder = tmp_path / "xlm-r"
    XLMRobertaModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    run = settings(model=str(folder))
    assert train(run, quiet=True)["steps"] == 10


def test_weights_in_bfloat16_are_trained_in_float32_unless_they_are_frozen(settings, decoder):
    whole, _ = open_base_model(settings(model=decoder), bf16=True)
    assert {weight.dtype for weight in whole.parameters()} == {torch.float32}
    adapted, _ = open_base_model(settings(model=decoder, lora=4), bf16=True)
    trained = {w.dtype for w in adapted.parameters() if w.requires_grad}
    frozen = {w.dtype for w in adapted.parameters() if not w.requires_grad}
    assert (trained, frozen) == ({torch.float32}, {torch.bfloat16})


def test_a_decoder_is_trained_with_adapters_on_its_last_token_and_instructions(settings, decoder):
    run = settings(
        model=decoder,
        lora=4,
        precision="bf16",
        gradient_checkpointing=True,
        cached=4,
        question_prompt=INSTRUCTION,
    )
    train(run, quiet=True)
    folder = Path(run.output)
    assert (folder / "adapter_model.safetensors").exists()
    assert not (folder / "model.safetensors").exists()
    model = SentenceTransformer(run.output, device="cpu")
    assert model[1].pooling_mode == "lasttoken"
    assert model.prompts["query"] == INSTRUCTION
    plain = SentenceTransformer(decoder, device="cpu")
    assert (model.encode("en1 en2") != plain.encode("en1 en2")).any()


def test_the_last_token_is_the_last_one_whatever_the_padding(settings, decoder):
    model, _ = open_base_model(settings(model=decoder), bf16=False)
    alone = model.encode("en1 en2", convert_to_tensor=True)
    beside = model.encode(["en1 en2", "en1 en2 en3 en4 en5 en6"], convert_to_tensor=True)[0]
    assert torch.allclose(alone, beside, atol=1e-5)


def test_a_model_without_pooling_cannot_be_given_another(settings, tmp_path, monkeypatch):
    source = Transformer(write_encoder(tmp_path / "plain"))
    bare = SentenceTransformer(modules=[source, Normalize()], device="cpu")
    monkeypatch.setattr("trainer.fine_tuning.base_model.load_model", lambda _: bare)
    with pytest.raises(UsageError, match="has no pooling"):
        open_base_model(settings(pooling="cls"), bf16=False)


def test_an_e5_model_gets_its_prompts_by_its_name(settings, tmp_path):
    folder = write_encoder(tmp_path / "intfloat" / "multilingual-e5-small")
    model, _ = open_base_model(settings(model=folder), bf16=False)
    assert model.prompts == {"query": "query: ", "document": "passage: "}
    without, _ = open_base_model(settings(model=folder, question_prompt=""), bf16=False)
    assert without.prompts == {"query": "", "document": "passage: "}


def test_adapters_are_not_trained_on_adapters(settings, decoder):
    train(run := settings(model=decoder, lora=4), quiet=True)
    for lora in (0, 4):
        with pytest.raises(UsageError, match="has LoRA adapters, which cannot be trained on"):
            open_base_model(settings(model=run.output, lora=lora), bf16=False)
