import os

import pytest

from translators.model_files import find_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def local(tmp_path):
    directory = tmp_path / "my-model"
    directory.mkdir()
    (directory / "config.json").write_text("{}")
    (directory / "model.safetensors").write_bytes(b"weights")
    return directory


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An offline Hugging Face cache that holds one model, without weights."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    model = tmp_path / "hub" / "models--org--name"
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(COMMIT)
    snapshot = model / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    return snapshot


def test_the_revision_of_a_directory_follows_its_content_and_not_its_place(local, tmp_path):
    first = find_model(str(local), tmp_path / "cache")
    moved = local.rename(tmp_path / "elsewhere")
    assert find_model(str(moved), tmp_path / "cache").revision == first.revision
    (moved / "model.safetensors").write_bytes(b"other weights")
    assert find_model(str(moved), tmp_path / "cache").revision != first.revision
    assert first.revision.startswith("sha256:")


def test_a_large_file_is_read_once_until_it_is_written_to(local, tmp_path, monkeypatch):
    monkeypatch.setattr("schemas.files._SETTLED", -(10**18))
    revision = find_model(str(local), tmp_path / "cache").revision
    with monkeypatch.context() as patch:
        patch.setattr("schemas.files.file_digest", lambda path: pytest.fail("read again"))
        assert find_model(str(local), tmp_path / "cache").revision == revision
    weights = local / "model.safetensors"
    stat = weights.stat()
    weights.write_bytes(b"WEIGHTS")
    os.utime(weights, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert find_model(str(local), tmp_path / "cache").revision != revision


def test_safetensors_are_preferred(local, tmp_path):
    before = find_model(str(local), tmp_path / "cache").revision
    (local / "pytorch_model.bin").write_bytes(b"pickle")
    assert find_model(str(local), tmp_path / "cache").revision == before


@pytest.mark.parametrize(
    ("card", "license"),
    [
        ("---\nlanguage: en\nlicense: apache-2.0\n---\n# Model", "Apache-2.0"),
        ("---\nlicense: 'cc-by-4.0'\n---\n", "CC-BY-4.0"),
        ("---\nlanguage: en\n---\nlicense: mit", ""),
        ("no header", ""),
    ],
)
def test_the_licence_is_that_of_the_model_card(local, tmp_path, card, license):
    (local / "README.md").write_text(card)
    assert find_model(str(local), tmp_path).license == license


def test_a_directory_without_weights_is_refused_when_they_are_needed(local, tmp_path):
    (local / "model.safetensors").unlink()
    with pytest.raises(ValueError, match="no weights"):
        find_model(str(local), tmp_path).with_weights()


def test_a_directory_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"no config\.json"):
        find_model(str(tmp_path), tmp_path)


def test_the_revision_of_a_hub_model_is_its_commit(hub, tmp_path):
    files = find_model("org/name", tmp_path)
    assert (files.name, files.revision, files.directory) == ("org/name", COMMIT, hub)
    assert find_model(f"org/name@{COMMIT}", tmp_path) == files


def test_a_hub_model_that_is_not_here_says_what_to_do(hub, tmp_path):
    with pytest.raises(ValueError, match=r"or give the directory.*hf download org/other"):
        find_model("org/other", tmp_path)


def test_missing_weights_of_a_hub_model_say_what_to_do(hub, tmp_path):
    files = find_model("org/name", tmp_path)
    with pytest.raises(ValueError, match=f"hf download org/name --revision {COMMIT}|no model"):
        files.with_weights()


@pytest.mark.parametrize("name", ["/no/such/directory", "./none", "justaname", "a/b/c"])
def test_a_name_that_is_neither_directory_nor_hub_name_is_refused(name, tmp_path):
    with pytest.raises(ValueError, match=f"model {name}: no such directory"):
        find_model(name, tmp_path)
