"""What is not installed is named together, with what to type; a plan does without it."""

import pytest

from pipelines.commands.needs import Needs, merge_commands
from schemas.errors import NotInstalledError, UsageError
from tandemqa import run

EXAMPLES = "examples/encyclopedia.squad.json"
HIDDEN = ("openai", "sentencepiece", "ctranslate2", "sentence_transformers")
OPTIONS = (
    *("--input", EXAMPLES, "--languages", "es,ca,de,fr"),
    *("--translator", "apertium,de=llm,fr=marian", "--endpoint", "http://localhost:1"),
    *("--model", "some/model", "--meaning", "some/encoder"),
)
LACKS = (
    "translator llm needs openai\n",
    "translator marian needs ctranslate2, sentencepiece\n",
    "Apertium cannot translate eng-spa; missing: mode eng-spa",
    "model some/encoder needs sentence-transformers\n",
    "apt-get install apertium apertium-eng-spa apertium-eng-cat\n",
    "pip install 'tandemqa[llm]' 'tandemqa[translate]' 'tandemqa[train]'\n",
)


@pytest.fixture
def bare_machine(tmp_path, monkeypatch):
    """A machine without translators and without what compares meanings."""
    from importlib.util import find_spec

    def find_others(name, package=None):
        return None if name in HIDDEN else find_spec(name, package)

    for module in ("decoding", "registry", "sentence_encoder"):
        monkeypatch.setattr(f"translators.{module}.find_spec", find_others)
    monkeypatch.setenv("APERTIUM_DATADIR", str(tmp_path))


def test_a_plan_tells_what_it_can_and_what_is_not_installed(tmp_path, bare_machine, capsys):
    assert run(["plan", *OPTIONS, "--output", str(tmp_path / "corpus"), "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "70 records, 336 distinct segments" in told
    assert [line.split()[1] for line in told.splitlines()[3:7]] == ["-"] * 4
    for lack in LACKS:
        assert told.count(lack) == 1


def test_a_build_is_refused_for_all_that_is_not_installed(tmp_path, bare_machine, capsys):
    with pytest.raises(SystemExit, match="2"):
        run(["build", *OPTIONS, "--output", str(tmp_path / "corpus")])
    told = capsys.readouterr().err
    assert all(told.count(lack) == 1 for lack in LACKS)
    assert not (tmp_path / "corpus").exists()


def test_inputs_that_nothing_here_can_read_are_told_with_the_rest(
    tmp_path, bare_machine, monkeypatch, capsys
):
    monkeypatch.setattr("pipelines.ingest.source.importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="2"):
        run(["plan", *OPTIONS, "--input", "hf:some/data", "--output", str(tmp_path / "corpus")])
    told = capsys.readouterr().err
    assert "hf:some/data needs datasets\n" in told
    assert "translator llm needs openai\n" in told


def test_commands_that_install_are_one_for_each_installer():
    assert merge_commands(
        [
            "pip install fxtranslate && fxtranslate models add en de",
            "apt-get install apertium apertium-eng-spa",
            "pip install fxtranslate && fxtranslate models add en fr",
            "apt-get install apertium apertium-eng-cat",
        ]
    ) == [
        "apt-get install apertium apertium-eng-spa apertium-eng-cat",
        "pip install fxtranslate",
        "fxtranslate models add en de",
        "fxtranslate models add en fr",
    ]


def test_other_errors_are_not_taken_for_something_that_is_missing():
    needs = Needs()
    with pytest.raises(ValueError, match="a typo"), needs.collect():
        raise ValueError("a typo")
    needs.refuse()
    with needs.collect():
        raise NotInstalledError("the plough needs a horse", "apt-get install horse")
    with pytest.raises(UsageError, match="plough needs a horse\ninstall with:\n  apt-get install"):
        needs.refuse()
