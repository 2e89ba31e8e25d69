"""`tandemqa push` against a server that speaks the hub's protocol."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard

from schemas.corpus_layout import TOP_FILES
from schemas.manifest import Manifest
from tandemqa import run
from tests.hub_server import TOKEN, HubServer

RECORDS = [
    {
        "question": f"How long is the river number {n}?",
        "passage": f"The river is {850 + n} kilometres long, and many boats use it every day.",
        "answers": [str(850 + n)],
    }
    for n in range(4)
]
NAME = "ada/rivers"


@pytest.fixture
def hub(monkeypatch):
    pytest.importorskip("huggingface_hub")
    server = HubServer()
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.address)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    yield server
    server.close()


@pytest.fixture(scope="module")
def built(apertium, tmp_path_factory):
    """Two corpora of the same records, in Spanish and in Catalan."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "rivers.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    for lang in ("es", "ca"):
        arguments = ["build", "--input", str(source), "--license", "CC-BY-4.0", "--languages", lang]
        places = ["--output", str(folder / lang), "--memory", str(folder / "memory")]
        assert run([*arguments, *places]) == 0
    return folder


@pytest.fixture
def corpus(built, tmp_path, capsys):
    capsys.readouterr()
    return Path(shutil.copytree(built / "es", tmp_path / "corpus"))


def files_of(corpus):
    files = {path.relative_to(corpus).as_posix(): path for path in corpus.rglob("*")}
    return {name: path.read_bytes() for name, path in files.items() if path.is_file()}


def test_a_pushed_corpus_is_private_and_whole(hub, corpus, capsys):
    before = files_of(corpus)
    assert run(["push", str(corpus), NAME]) == 0
    assert hub.private[NAME]
    del before[".tandemqa.json"]
    assert hub.files[NAME] == before
    assert "manifest.json" in hub.commits[-1][0]  # the last commit: all is there
    told = capsys.readouterr()
    assert f"{hub.address}/datasets/{NAME}" in told.out
    assert f'load_dataset("{NAME}")' in told.out
    assert TOKEN not in told.out + told.err
    assert run(["verify", str(corpus)]) == 0


def test_what_is_uploaded_already_is_not_uploaded_again(hub, corpus):
    hub.failing = 1
    assert run(["push", str(corpus), NAME]) == 1
    assert "README.md" not in hub.files[NAME]
    assert run(["push", str(corpus), NAME]) == 0
    commits = len(hub.commits)
    assert run(["push", str(corpus), NAME]) == 0
    assert len(hub.commits) == commits


def test_another_corpus_replaces_the_shards_of_the_first(hub, built):
    assert run(["push", str(built / "es"), NAME]) == 0
    assert run(["push", str(built / "ca"), NAME]) == 0
    assert not [path for path in hub.files[NAME] if "lang=es" in path]
    manifest = Manifest.model_validate_json(hub.files[NAME]["manifest.json"])
    for entry in manifest.files:
        assert hashlib.sha256(hub.files[NAME][entry.path]).hexdigest() == entry.sha256


def test_a_dry_run_lists_the_files_and_asks_nothing(hub, corpus, capsys, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    assert run(["push", str(corpus), NAME, "--dry-run"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in files_of(corpus) if name != ".tandemqa.json")
    assert f"would go to {NAME} (private)" in told
    assert not hub.requests


def test_only_a_whole_corpus_is_pushed(hub, corpus, capsys):
    shard = next((corpus / "data").rglob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1])
    assert run(["push", str(corpus), NAME]) == 1
    told = capsys.readouterr().err
    assert shard.name in told and "nothing was uploaded" in told
    assert not hub.requests


def test_public_is_public_only_if_asked_for(hub, corpus, capsys):
    assert run(["push", str(corpus), "ada/open", "--public"]) == 0
    assert not hub.private["ada/open"]
    told = refusal(capsys, str(corpus), "ada/open")
    assert "ada/open is there already, and everybody can see it; add --public" in told


def refusal(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        run(["push", *arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err


def test_the_files_of_others_are_not_replaced(hub, corpus, capsys):
    hub.add(NAME, **{".gitattributes": b"", "data/train.csv": b"a,b"})
    assert "data/train.csv; choose another name" in refusal(capsys, str(corpus), NAME)
    assert not hub.commits


def test_names_and_folders_that_cannot_be_pushed_are_told(hub, corpus, capsys, tmp_path):
    assert "wanted user/name" in refusal(capsys, str(corpus), "rivers")
    assert "ada/ri vers" in refusal(capsys, str(corpus), "ada/ri vers")
    assert "copy it here first" in refusal(capsys, "s3://bucket/corpus", NAME)
    (tmp_path / "training.json").touch()
    assert "--push-to-hub" in refusal(capsys, str(tmp_path), NAME)
    assert run(["push", str(tmp_path / "absent"), NAME]) == 1


def test_a_wrong_or_missing_token_is_told_and_never_shown(hub, corpus, capsys, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert run(["push", str(corpus), NAME]) == 1
    told = capsys.readouterr().err
    assert "hf auth login" in told and "hf_wrong" not in told
    monkeypatch.setattr("huggingface_hub.get_token", lambda: None)
    assert "hf auth login" in refusal(capsys, str(corpus), NAME)


def test_no_connection_is_told_in_one_line(hub, corpus, capsys):
    hub.close()
    assert run(["push", str(corpus), NAME, "--quiet"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"tandemqa: failed: {NAME}: ") and told.count("\n") == 1


def test_the_card_is_valid_by_the_libraries_of_the_hub(corpus):
    card = DatasetCard.load(corpus / "README.md")
    assert card.data.license == ["cc-by-4.0"]
    configs = MetadataConfigs.from_dataset_card_data(card.data)
    assert list(configs) == ["all", "en", "es", "pairs"]
    assert configs.get_default_config_name() == "all"
    assert {name for name in files_of(corpus) if "/" not in name} == set(TOP_FILES)
