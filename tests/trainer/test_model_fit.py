"""What a run takes for its model, where each value is from, and what is not known of it."""

import json

import pytest

import tandemqa
from tests.schemas.test_model_families import XLM_R, write_like_e5
from tests.trainer.tiny_encoder import write_encoder
from trainer.fine_tuning.model_fit import describe_doubt, fit


def sources(run) -> dict[str, str]:
    return {name: found.source for name, found in fit(run).items()}


def test_values_are_given_or_from_the_family_or_the_model_itself(settings, tmp_path):
    model = write_like_e5(tmp_path / "e5-small")
    run = settings(model=model, learning_rate=2e-5, passage_prompt="p: ")
    assert sources(run) == {
        "scale": "the E5 family",
        "learning_rate": "given",
        "max_length": "the model's own",
        "question_prompt": "the E5 family",
        "passage_prompt": "given",
    }
    assert fit(run)["question_prompt"].value == "query: "
    prompts = {"prompts": {"query": "ask: "}}
    own = write_like_e5(tmp_path / "e5-base", **{"config_sentence_transformers.json": prompts})
    assert fit(settings(model=own))["question_prompt"].value == "ask: "
    assert sources(settings(model=own))["question_prompt"] == "the model's own"
    assert not describe_doubt(run)


def test_what_is_not_known_of_an_encoder_is_told_and_what_it_looks_like(settings, tmp_path):
    looks = write_like_e5(tmp_path / "mine", **{"config.json": XLM_R})
    told = describe_doubt(settings(model=looks))
    assert "give --scale (1 / temperature), --question-prompt and --passage-prompt" in told
    assert "--scale 100 --learning-rate 1e-05 --question-prompt 'query: '" in told
    known = {"scale": 50, "question_prompt": "", "passage_prompt": ""}
    assert not describe_doubt(settings(model=looks, **known))
    assert not describe_doubt(settings(model=write_encoder(tmp_path / "language-model")))
    assert "built like" not in describe_doubt(settings(model="somebody/encoder"))


def test_training_says_what_was_guessed_before_it_begins(run_options, tmp_path, capsys):
    folder = write_like_e5(tmp_path / "mine", **{"config.json": XLM_R})
    config = tmp_path / "run.yaml"
    config.write_text(json.dumps(run_options(model=folder)))
    with pytest.raises(SystemExit):
        tandemqa.run(["train", "--config", str(config)])
    assert "is not a model that tandemqa knows" in capsys.readouterr().err


def test_a_dry_run_can_be_read_by_programs(run_options, tmp_path, capsys):
    config = tmp_path / "run.yaml"
    config.write_text(json.dumps(run_options(model="intfloat/multilingual-e5-small")))
    arguments = ("train", "--config", str(config), "--dry-run")
    assert tandemqa.run([*arguments, "--as-json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model"]["known_as"] == "E5"
    assert found["model"]["scale"] == {"value": 100, "source": "the E5 family"}
    assert found["model"]["passage_prompt"]["value"] == "passage: "
    assert found["groups"] == 60
    assert found["batches"]["mono"] + found["batches"]["mixed"] == found["batches"]["steps"] == 10
    assert found["warning"] is None
    assert tandemqa.run(arguments) == 0
    shown = capsys.readouterr().out
    assert "scale: 100 (the E5 family)" in shown
    assert "question prompt: 'query: ' (the E5 family)" in shown
