"""What a neural translator says about itself, and what it refuses before it loads anything."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from translators.marian import Marian
from translators.nllb import NLLB

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.slow


def test_it_tells_all_that_changes_the_output(open_backend, backend):
    info = open_backend().info("ca")
    assert (info.backend, info.engine.split()[0]) == (backend, "ctranslate2")
    assert info.revision.startswith("sha256:")
    parameters = dict(info.parameters)
    assert parameters["target_token"] == {"marian": ">>cat<<", "nllb": "cat_Latn"}[backend]
    assert (parameters["beam_size"], parameters["compute_type"]) == ("1", "int8")
    assert list(info.parameters) == sorted(info.parameters)


def test_batching_and_threads_do_not_count(open_backend):
    one = open_backend().info("es")
    assert one == open_backend(batch_tokens=99, inter_threads=3, intra_threads=2).info("es")
    assert one != open_backend(beam_size=2).info("es")
    assert one != open_backend(compute_type="float32").info("es")
    assert one != open_backend(engine="transformers").info("es")


def test_it_loads_no_model(directory, backend, cache):
    script = (
        f"import sys; from translators.registry import *; "
        f"t = open_translator(TranslatorConfig({backend!r}, (('model', {str(directory)!r}),)));"
        f"t.info('es'); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env={"XDG_CACHE_HOME": str(cache), "PATH": ""},
    )  # fmt: skip
    assert not {"torch", "transformers"} & set(done.stdout.split())


def test_the_licence_of_nllb_is_recorded_and_warned_about_once(tiny_nllb, cache, caplog):
    from translators import nllb

    nllb._warn_license.cache_clear()
    for _ in range(2):
        assert NLLB(str(tiny_nllb), cache=str(cache)).info("es").license == "CC-BY-NC-4.0"
    assert [r.levelname for r in caplog.records if "commercial" in r.message] == ["WARNING"]


def test_the_licence_of_marian_is_that_of_its_card(tiny_marian, tmp_path):
    assert Marian(str(tiny_marian), cache=str(tmp_path)).info("es").license == (
        "unknown, see model card"
    )
    copy = Path(shutil.copytree(tiny_marian, tmp_path / "copy"))
    (copy / "README.md").write_text("---\nlicense: cc-by-4.0\n---\n")
    assert Marian(str(copy), cache=str(tmp_path)).info("es").license == "CC-BY-4.0"


def test_a_language_the_model_has_no_token_for_is_refused(tiny_marian, cache):
    with pytest.raises(ValueError, match=r"no token for German \(de\).*found >>cat<<, >>spa<<"):
        Marian(str(tiny_marian), cache=str(cache)).info("de")


def test_a_model_of_another_architecture_is_refused(tiny_marian, tiny_nllb, cache):
    with pytest.raises(ValueError, match="'marian', want 'm2m_100'"):
        NLLB(str(tiny_marian), cache=str(cache)).info("es")
    with pytest.raises(ValueError, match="'m2m_100', want 'marian'"):
        Marian(str(tiny_nllb), cache=str(cache)).info("es")


def test_separate_vocabularies_are_refused(tiny_marian, tmp_path, cache):
    copy = Path(shutil.copytree(tiny_marian, tmp_path / "copy"))
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    (copy / "tokenizer_config.json").write_text(json.dumps({**settings, "separate_vocabs": True}))
    with pytest.raises(ValueError, match="different vocabularies"):
        Marian(str(copy), cache=str(cache)).info("es")


def test_an_incomplete_tokenizer_is_refused(copy, backend, make_backend, cache):
    (copy / {"marian": "target.spm", "nllb": "tokenizer.json"}[backend]).unlink()
    with pytest.raises(ValueError, match=r"target\.spm missing|no tokenizer\.json"):
        make_backend(str(copy), cache=str(cache)).info("es")


@pytest.mark.parametrize("code", ["spa_Latn", "eng_Latn"])
def test_an_nllb_model_without_the_language_is_refused(tiny_nllb, tmp_path, code):
    copy = Path(shutil.copytree(tiny_nllb, tmp_path / "copy"))
    tokenizer = (copy / "tokenizer.json").read_text(encoding="utf-8")
    (copy / "tokenizer.json").write_text(tokenizer.replace(code, "xxx_Latn"), encoding="utf-8")
    with pytest.raises(ValueError, match=f"no token {code} in its vocabulary"):
        NLLB(str(copy), cache=str(tmp_path)).info("es")


@pytest.mark.parametrize("engine_name", ["ctranslate2", "transformers"])
def test_a_gpu_that_is_not_there_is_refused_when_it_is_needed(
    make_backend, directory, cache, monkeypatch, engine_name
):
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 0)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    translator = make_backend(str(directory), cache=str(cache), device="cuda", engine=engine_name)
    assert dict(translator.info("es").parameters)["compute_type"] == "float16"
    with pytest.raises(ValueError, match="no usable NVIDIA GPU"):
        translator.translate(["nectar"], "es")
