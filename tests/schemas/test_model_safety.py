"""Model folders of others: nothing in them is run, and what cannot be loaded is a sentence."""

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense

from schemas.command import UsageError
from tests.trainer.tiny_encoder import open_encoder
from trainer.encoder import load_model
from trainer.model_settings import ModelSettings


class Trap:
    """What writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model = open_encoder(folder / "plain")
    model.append(Dense(32, 16))
    model.save_pretrained(str(folder / "saved"))
    return folder / "saved"


@pytest.fixture
def model(saved, tmp_path):
    return Path(shutil.copytree(saved, tmp_path / "model"))


def load(model: Path) -> SentenceTransformer:
    return load_model(ModelSettings(model=str(model), device="cpu"))


def dense(model: Path) -> Path:
    return next(model.glob("*_Dense"))


def set_module(model: Path, **changes: object) -> None:
    modules = json.loads((model / "modules.json").read_text())
    modules[-1].update(changes)
    (model / "modules.json").write_text(json.dumps(modules))


def test_a_whole_model_is_loaded(model):
    assert load(model).encode("en1").shape == (16,)


@pytest.mark.parametrize("part", ["dense", "encoder"])
def test_pickled_weights_are_refused_and_not_unpickled(model, tmp_path, part):
    folder = dense(model) if part == "dense" else model
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Trap(tmp_path / "sprung")))
    with pytest.raises(UsageError, match=r"pytorch_model\.bin are pickled"):
        load(model)
    assert not (tmp_path / "sprung").exists()


def test_pickled_weights_beside_safetensors_are_left_alone(model):
    torch.save({}, model / "pytorch_model.bin")
    assert load(model).encode("en1").shape == (16,)


def test_classes_of_others_are_not_imported(model, tmp_path, monkeypatch):
    (model / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\nclass Trap: ...\n")
    monkeypatch.syspath_prepend(str(model))
    for kind in ("trap.Trap", "subprocess.Popen", 3, None):
        set_module(model, type=kind)
        with pytest.raises(UsageError, match=r"names the class.*--trust-remote-code"):
            load(model)
    assert not (tmp_path / "sprung").exists()


def test_code_of_an_encoder_is_not_run(model, tmp_path):
    (model / "trap.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')\n")
    config = json.loads((model / "config.json").read_text())
    config |= {"auto_map": {"AutoConfig": "trap.C", "AutoModel": "trap.M"}, "model_type": "trap"}
    (model / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match="cannot be loaded"):
        load(model)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("path", ["../other", "/etc", 3])
def test_modules_elsewhere_are_refused(model, path):
    set_module(model, path=path)
    with pytest.raises(UsageError, match="leads out of it"):
        load(model)


def test_a_pipe_or_device_in_the_folder_is_refused(model):
    (model / "config.json").unlink()
    os.mkfifo(model / "config.json")
    with pytest.raises(UsageError, match=r"config\.json is not a regular file"):
        load(model)
    (model / "config.json").unlink()
    (model / "config.json").symlink_to("/dev/zero")
    with pytest.raises(UsageError, match=r"config\.json is not a regular file"):
        load(model)


@pytest.mark.parametrize("kind", ["sentence_transformers.nothing.X", "sentence_transformers.util"])
def test_a_class_that_is_no_module_is_a_sentence(model, kind):
    set_module(model, type=kind)
    with pytest.raises(UsageError, match="cannot be loaded"):
        load(model)


@pytest.mark.parametrize(
    "name", ["modules.json", "config.json", "tokenizer.json", "1_Pooling/config.json",
             "model.safetensors", "2_Dense/model.safetensors", "2_Dense/config.json",
             "config_sentence_transformers.json", "tokenizer_config.json"],
)  # fmt: skip
@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": NaN}', b"\xff\xfe\x00", b"[" * 5000])
def test_a_damaged_file_is_a_sentence_or_makes_no_difference(model, name, content):
    assert (model / name).is_file()
    (model / name).write_bytes(content)
    try:
        load(model)
    except UsageError as error:
        assert "\n" not in str(error)


def test_adapters_of_an_unsafe_model_are_refused(model, tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text("{}")
    (base / "pytorch_model.bin").write_bytes(b"")
    settings = {"base_model_name_or_path": str(base), "peft_type": "LORA"}
    (model / "adapter_config.json").write_text(json.dumps(settings))
    with pytest.raises(UsageError, match=r"base: the weights in pytorch_model\.bin are pickled"):
        load(model)
