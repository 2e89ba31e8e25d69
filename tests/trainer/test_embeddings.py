"""Each text is encoded once; what is kept on disk is found by model and texts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sentence_transformers import SentenceTransformer

from schemas.command import UsageError
from tests.trainer.tiny_benchmark import make_parallel
from tests.trainer.tiny_encoder import open_encoder, write_encoder
from trainer.encoder import Encoder, Prompts, load_model, model_prompts
from trainer.evaluation.embeddings import embed
from trainer.evaluation.floors import with_random_weights
from trainer.evaluation.lexical import LEXICAL
from trainer.model_settings import ModelSettings


@pytest.fixture
def model(tmp_path) -> SentenceTransformer:
    return open_encoder(tmp_path / "model")


@pytest.fixture
def encoder(model) -> Encoder:
    return Encoder(model, Prompts())


def count_texts(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    counts: list[int] = []
    for name in ("encode_query", "encode_document"):
        original = getattr(encoder.model, name)

        def counting(texts, original=original, **options):
            counts.append(len(texts))
            return original(texts, **options)

        monkeypatch.setattr(encoder.model, name, counting)
    return counts


def test_each_language_is_encoded_once(encoder, monkeypatch):
    benchmark = make_parallel()
    counts = count_texts(encoder, monkeypatch)
    embedded = embed(benchmark, encoder)
    texts = [*benchmark.questions.values(), *benchmark.candidates.values()]
    assert sorted(counts) == sorted(len(of_lang.ids) for of_lang in texts)
    for lang, vectors in embedded.questions.items():
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)
        assert vectors.shape[0] == len(benchmark.questions[lang].ids)


def test_kept_embeddings_are_not_computed_again(encoder, tmp_path, monkeypatch):
    benchmark = make_parallel()
    first = embed(benchmark, encoder, tmp_path / "cache")
    counts = count_texts(encoder, monkeypatch)
    again = embed(benchmark, encoder, tmp_path / "cache")
    assert counts == []
    for lang in benchmark.candidates:
        np.testing.assert_array_equal(again.candidates[lang], first.candidates[lang])


def test_two_evaluations_of_one_model_may_share_a_cache_at_the_same_time(
    encoder, tmp_path, monkeypatch
):
    save = np.save
    overtaken = []

    def save_slowly(*arguments, **options):
        save(*arguments, **options)
        if not overtaken:  # the other one encodes and saves the same texts meanwhile
            overtaken.append(True)
            embed(make_parallel(), encoder, tmp_path)

    monkeypatch.setattr(np, "save", save_slowly)
    embedded = embed(make_parallel(), encoder, tmp_path)
    alone = embed(make_parallel(), encoder)
    for lang, vectors in alone.questions.items():
        np.testing.assert_array_equal(embedded.questions[lang], vectors)


def test_questions_of_another_variant_are_reused(encoder, monkeypatch):
    benchmark = make_parallel()
    known = embed(benchmark, encoder)
    counts = count_texts(encoder, monkeypatch)
    extended = embed(benchmark.with_context(), encoder, questions=known.questions)
    assert sum(counts) == sum(len(of_lang.ids) for of_lang in benchmark.candidates.values())
    assert extended.questions is known.questions


def test_other_weights_prompts_or_lengths_are_another_encoder(model, encoder):
    prints = {encoder.fingerprint, Encoder(model, Prompts("query: ")).fingerprint}
    prints.add(with_random_weights(encoder).fingerprint)
    model.max_seq_length = 7
    prints.add(Encoder(model, Prompts()).fingerprint)
    assert len(prints) == 4


def test_using_a_model_does_not_make_it_another_one(model):
    before = Encoder(model, Prompts()).fingerprint
    model.encode(["en1 en2", "en3"])
    assert Encoder(model, Prompts()).fingerprint == before


def test_a_broken_cache_file_is_no_whole_one(encoder, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        embed(make_parallel(), encoder, tmp_path / "cache")
    monkeypatch.undo()
    assert not [path for path in (tmp_path / "cache").glob("*") if "partial" not in path.name]


def test_prompts_stand_before_the_texts(model):
    model.prompts = {"query": "en9 ", "document": "en8 "}
    prompts = model_prompts(model, "some/model")
    assert prompts == Prompts("en9 ", "en8 ")
    told = Encoder(model, prompts).encode_questions(["en1"])
    np.testing.assert_allclose(told, Encoder(model, Prompts()).encode_questions(["en9 en1"]), 1e-4)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("intfloat/multilingual-e5-small", Prompts("query: ", "passage: ")),
        ("/models/e5-base-v2/", Prompts("query: ", "passage: ")),
        ("intfloat/multilingual-e5-large-instruct", Prompts()),
        ("sentence-transformers/LaBSE", Prompts()),
    ],
)
def test_models_that_do_not_state_the_prompts_they_need_get_them(model, name, expected):
    model.prompts = {"query": "", "document": ""}
    assert model_prompts(model, name) == expected


def test_weights_that_a_checkpoint_lacks_are_the_same_at_every_load(tmp_path):
    folder = Path(write_encoder(tmp_path / "encoder"))
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("pooler")}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    settings = ModelSettings(model=str(folder))
    prints = {Encoder(load_model(settings), Prompts()).fingerprint for _ in range(2)}
    assert len(prints) == 1


def test_a_model_that_cannot_be_had_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"model '.*nothing' cannot be loaded: .*not found\. Name"):
        load_model(ModelSettings(model=str(tmp_path / "nothing")))


def test_distances_are_refused(model):
    model.similarity_fn_name = "euclidean"
    with pytest.raises(UsageError, match="euclidean"):
        Encoder(model, Prompts())


def test_the_untrained_floor_has_the_same_architecture_and_other_weights(encoder):
    import torch

    state = torch.random.get_rng_state()
    floor = with_random_weights(encoder)
    assert torch.equal(torch.random.get_rng_state(), state)
    shapes = {name: weights.shape for name, weights in encoder.model.state_dict().items()}
    assert {n: w.shape for n, w in floor.model.state_dict().items()} == shapes
    assert floor.fingerprint != encoder.fingerprint
    assert with_random_weights(encoder).fingerprint == floor.fingerprint
    texts = ["en1 en2", "es3"]
    np.testing.assert_array_equal(floor.encode_questions(texts), floor.encode_questions(texts))


def test_the_lexical_floor_finds_shared_words_and_nothing_else():
    benchmark = make_parallel()
    english = replace(
        benchmark.candidates["en"],
        texts=[f"bees {row}" if row == 3 else "rain" for row in range(17)],
    )
    benchmark = replace(benchmark, candidates={**benchmark.candidates, "en": english})
    asked = replace(benchmark.questions["en"], texts=["Bees?"] * 12)
    benchmark = replace(benchmark, questions={**benchmark.questions, "en": asked})
    embedded = LEXICAL["tfidf"].embed(benchmark)
    scores = (embedded.questions["en"] @ embedded.candidates["en"].T).toarray()
    assert (scores.argmax(1) == 3).all()
    assert (np.delete(scores, 3, axis=1) == 0).all()
