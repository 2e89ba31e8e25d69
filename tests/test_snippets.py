"""The Python that README and cards show is run as it stands there, without a network."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines.corpus.card import write_card
from schemas.manifest import Manifest
from tests.pipelines.report_corpus import make_corpus
from tests.trainer.tiny_encoder import write_encoder

ROOT = Path(__file__).parents[1]
ENCODER = '"intfloat/multilingual-e5-small"'
BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("corpus")
    manifest = make_corpus(folder)
    (folder / "README.md").write_text(write_card(manifest), encoding="utf-8")
    return folder, manifest


@pytest.fixture
def run_snippet(tmp_path, monkeypatch, corpus):
    """Run Python that reads a corpus at `path`; return its variables."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")

    def run(code: str, path: str) -> dict:
        modules = re.findall(r"^(?:import|from) (\w+)", code, re.MULTILINE)
        if absent := [name for name in modules if not find_spec(name)]:
            pytest.skip(f"not installed: {', '.join(absent)}")
        if ENCODER in code:
            code = code.replace(ENCODER, repr(write_encoder(tmp_path / "encoder")))
        names: dict = {}
        exec(code.replace(path, str(corpus[0])), names)
        return names

    return run


def snippets(text: str, word: str) -> list[str]:
    found = [code for code in BLOCK.findall(text) if word in code]
    assert found, word
    return found


@pytest.mark.parametrize(
    "word", ['corpus["', "streaming=True", "pd.", "pl.", "duckdb", "Trainer(", "merge("]
)
def test_what_a_card_shows_runs(word, corpus, run_snippet):
    for code in snippets(write_card(corpus[1]), word):
        names = run_snippet(code, "path/to/this/folder")
        if "pairs" in names:
            assert names["pairs"].column_names == ["question", "passage"]


@pytest.mark.parametrize("word", ["everything =", "Trainer(", "pd."])
def test_what_the_readme_shows_runs(word, run_snippet):
    for code in snippets((ROOT / "README.md").read_text(encoding="utf-8"), word):
        run_snippet(code, "corpora/squad")


def test_all_languages_are_the_default_and_pairs_are_what_may_be_trained_on(corpus, tmp_path):
    from datasets import load_dataset

    folder, manifest = corpus
    kept = {lang: counts.kept for lang, counts in manifest.counts.items() if counts.kept}

    def load(*names: str):
        return load_dataset(str(folder), *names, cache_dir=str(tmp_path))

    everything = load()
    assert sum(part.num_rows for part in everything.values()) == sum(kept.values())
    assert set(everything["train"]["lang"]) == set(kept)
    for lang, rows in kept.items():
        assert sum(part.num_rows for part in load(lang).values()) == rows
    served = sum(sum(part["mono"]) for part in everything.values())
    assert 0 < sum(part.num_rows for part in load("pairs").values()) == served
