"""What is known of a model before it is loaded, from its name, its card or its files."""

import json
import os
from pathlib import Path

import pytest

from schemas.model_recognition import recognise, resembles
from schemas.options import make_options
from trainer.fine_tuning.training_options import TrainOptions


def write_like_e5(folder: Path, **changes: object) -> str:
    """Write the files that tell how a multilingual E5 is built, but for its weights."""
    kinds = ("Transformer", "Pooling", "Normalize")
    files = {
        "config.json": {"model_type": "bert", "vocab_size": 250037, "hidden_size": 384},
        "modules.json": [{"type": f"sentence_transformers.models.{kind}"} for kind in kinds],
        "1_Pooling/config.json": {"pooling_mode_mean_tokens": True},
        "sentence_bert_config.json": {"max_seq_length": 512},
    }
    (folder / "1_Pooling").mkdir(parents=True)
    for name, content in {**files, **changes}.items():
        (folder / name).write_text(json.dumps(content))
    return str(folder)


@pytest.mark.parametrize(
    ("model", "family", "scale"),
    [
        ("intfloat/multilingual-e5-small", "E5", 100),
        ("/models/e5-base-v2/", "E5", 100),
        ("./E5-small/.", "E5", 100),
        ("/hub/models--intfloat--multilingual-e5-base/snapshots/d1/", "E5", 100),
        ("BAAI/bge-small-en-v1.5", "BGE", 100),
        ("BAAI/bge-m3", "BGE-M3", 50),
        ("Alibaba-NLP/gte-multilingual-base", "GTE", 100),
        ("thenlper/gte-base-zh", "GTE", 100),
        ("Alibaba-NLP/gte-Qwen2-1.5B-instruct", "GTE", 100),
        ("sentence-transformers/LaBSE", "LaBSE", 20),
        ("minishlab/potion-multilingual-128M", "static embeddings", 20),
        ("static-similarity-mrl-multilingual-v1", "static embeddings", 20),
        ("FacebookAI/xlm-roberta-base", "language models", 20),
        ("sentence-transformers/all-MiniLM-L6-v2", "sentence-transformers", 20),
    ],
)
def test_models_are_known_by_name(model, family, scale):
    found = recognise(model)
    assert found is not None
    assert (found.name, found.scale) == (family, scale)


@pytest.mark.parametrize(
    "model",
    [
        "Snowflake/snowflake-arctic-embed-m-v2.0",
        "intfloat/multilingual-e5-large-instruct",
        "e5-squad",
        "all-notes",
    ],
)
def test_other_models_are_not_taken_for_known_ones(model):
    assert recognise(model) is None


def test_a_copy_is_known_by_its_card(tmp_path):
    card = "---\ntags:\n- mteb\nmodel-index:\n- name: e5-large-v2\n  results: []\n---\n# A copy\n"
    (tmp_path / "README.md").write_text(card)
    assert recognise(str(tmp_path)).name == "E5"


def test_a_copy_without_its_card_is_known_by_its_files(tmp_path):
    assert recognise(write_like_e5(tmp_path / "copied")).name == "E5"


def test_static_embeddings_are_known_by_their_files_and_learn_faster(tmp_path):
    kinds = ("StaticEmbedding", "Normalize")
    modules = [{"type": f"sentence_transformers.models.{kind}"} for kind in kinds]
    found = recognise(write_like_e5(tmp_path / "own", **{"modules.json": modules}))
    assert (found.name, found.learning_rate) == ("static embeddings", 1e-3)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", {"model_type": "bert", "vocab_size": 501153, "hidden_size": 768}),
        ("config.json", {"model_type": "xlm-roberta", "vocab_size": 250002, "hidden_size": 768}),
        ("sentence_bert_config.json", {"max_seq_length": 128}),
        ("1_Pooling/config.json", {"pooling_mode_cls_token": True}),
        ("modules.json", {"not": "a list"}),
        ("config.json", ["not an object"]),
    ],
)
def test_a_folder_that_is_built_otherwise_is_not(tmp_path, file, content):
    assert recognise(write_like_e5(tmp_path / "other", **{file: content})) is None


XLM_R = {"model_type": "xlm-roberta", "vocab_size": 250002, "hidden_size": 768}


def test_what_any_xlm_r_may_look_like_is_only_named(tmp_path):
    """E5-base, E5-instruct and many people's own encoders have the same files."""
    folder = write_like_e5(tmp_path / "copied", **{"config.json": XLM_R})
    assert recognise(folder) is None
    assert resembles(folder).name == "E5"
    assert resembles("intfloat/unheard-of") is None


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("config.json", {**XLM_R, "_name_or_path": "intfloat/multilingual-e5-base"}),
        ("tokenizer_config.json", {"name_or_path": "/old/models/multilingual-e5-base/"}),
        (
            "config_sentence_transformers.json",
            {"prompts": {"query": "query: ", "passage": "passage: "}},
        ),
    ],
)
def test_files_that_name_the_model_or_its_prompts_are_evidence(tmp_path, file, content):
    files = {"config.json": XLM_R, file: content}
    assert recognise(write_like_e5(tmp_path / "copied", **files)).name == "E5"


def record_of(**settings: object) -> dict[str, object]:
    usual = {"model": {"model": "some/model"}, "loss": {"scale": 70.0}, "learning_rate": 2e-5}
    return {"identity": {"settings": {**usual, **settings}}}


def test_a_model_of_ours_is_known_by_its_record_before_its_family(tmp_path):
    folder = tmp_path / "multilingual-e5-small"
    prompts = {"prompts": {"query": "q: ", "document": "p: "}}
    files = {"training.json": record_of(), "config_sentence_transformers.json": prompts}
    found = recognise(write_like_e5(folder, **files))
    assert (found.scale, found.learning_rate) == (70, 2e-5)
    assert (found.question_prompt, found.passage_prompt) == ("q: ", "p: ")
    assert found.source == "its training.json"


@pytest.mark.parametrize(
    "record",
    [
        [],
        {"identity": 3},
        record_of(loss={"scale": "70"}),
        record_of(loss=None),
        record_of(learning_rate=float("nan")),
        record_of(learning_rate=True),
        record_of(model=None, learning_rate=-1),
    ],
)
def test_a_damaged_record_is_not_read(tmp_path, record):
    folder = write_like_e5(tmp_path / "model", **{"training.json": record})
    assert recognise(folder).name == "E5"


def test_files_that_are_no_files_are_not_waited_for(tmp_path):
    folder = Path(write_like_e5(tmp_path / "odd"))
    (folder / "config.json").unlink()
    os.mkfifo(folder / "config.json")
    os.mkfifo(folder / "README.md")
    (folder / "modules.json").write_text("[" * 100_000)
    assert recognise(str(folder)) is None


def test_a_run_takes_scale_and_rate_of_its_model_unless_told(tmp_path):
    def run(**options: object) -> tuple[float | None, float]:
        values = {"corpora": ["c"], "output": str(tmp_path), **options}
        made = make_options(TrainOptions, values)
        return made.loss.scale, made.learning_rate

    assert run(model="intfloat/e5-small") == (100, 1e-5)
    assert run(model="FacebookAI/xlm-roberta-base") == (20, 3e-5)
    assert run(model="intfloat/e5-small", scale=30, learning_rate=2e-5) == (30, 2e-5)
