"""Vectors that are kept beside a memory: found again, never when they are not as written."""

import sys
from types import ModuleType

import pytest

from translators.kept_vectors import EMBEDDINGS, VectorStore, open_store, vector_key
from translators.scorers import load_scorer, score_pairs

KEYS = [vector_key(name) for name in "abcdef"]


def store(memory):
    return VectorStore(str(memory), EMBEDDINGS, "model")


def filled(memory):
    store(memory).add({key: bytes([i] * 6) for i, key in enumerate(KEYS)})
    (file,) = (memory / EMBEDDINGS / "model").iterdir()
    return file


def test_a_later_run_finds_what_was_kept(tmp_path):
    filled(tmp_path)
    store(tmp_path).add({vector_key("g"): b"another size"})
    found = store(tmp_path).find([KEYS[4], vector_key("g"), vector_key("absent"), KEYS[4]])
    assert found == {KEYS[4]: bytes([4] * 6), vector_key("g"): b"another size"}


def test_texts_that_belong_together_are_not_mistaken_for_others():
    assert vector_key("ab", "c") != vector_key("a", "bc")
    assert vector_key("a\ud800") != vector_key("a")


@pytest.mark.parametrize("at", [0, 20, 45, 60])
def test_a_changed_head_or_key_costs_the_file(tmp_path, at, caplog):
    file = filled(tmp_path)
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)
    assert store(tmp_path).find(KEYS) == {}
    assert file.name in caplog.text


def test_a_changed_vector_costs_itself(tmp_path):
    file = filled(tmp_path)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert set(store(tmp_path).find(KEYS)) == set(KEYS[:-1])


@pytest.mark.parametrize("size", [0, 10, 100])
def test_a_cut_file_is_left_out(tmp_path, size):
    file = filled(tmp_path)
    file.write_bytes(file.read_bytes()[:size])
    assert store(tmp_path).find(KEYS) == {}


def test_links_and_files_of_others_are_not_read(tmp_path):
    memory, other = tmp_path / "memory", tmp_path / "other"
    file = filled(other)
    folder = memory / EMBEDDINGS / "model"
    folder.mkdir(parents=True)
    (folder / "link.vectors").symlink_to(file)
    (folder / "notes.txt").write_text("mine")
    assert store(memory).find(KEYS) == {}
    (folder / "gone.vectors").write_bytes(file.read_bytes())
    opened = store(memory)
    (folder / "gone.vectors").unlink()
    assert opened.find(KEYS) == {}


def test_a_memory_elsewhere_keeps_none():
    assert open_store("gs://bucket/memory", EMBEDDINGS, "model") is None
    assert open_store("", EMBEDDINGS, "model") is None


def test_a_scorer_with_a_fingerprint_is_asked_once_for_a_pair(tmp_path, monkeypatch):
    asked = []

    def scorer(pairs, lang):
        asked.extend(pairs)
        return [float("nan") if source == "?" else len(source) for source, _ in pairs]

    module = ModuleType("kept_scorer")
    module.score = scorer
    monkeypatch.setitem(sys.modules, "kept_scorer", module)
    load_scorer.cache_clear()

    def scores(*pairs, lang="es"):
        open_store.cache_clear()  # as in another run
        asked.clear()
        return score_pairs("kept_scorer:score", pairs, lang, str(tmp_path)), list(asked)

    assert scores(("a", "b")) == scores(("a", "b")) == ([1.0], [("a", "b")])  # it promises nothing
    scorer.fingerprint = "1"
    assert scores(("a", "b"), ("a", "b"), ("?", "c"))[1] == [("a", "b"), ("?", "c")]
    assert scores(("a", "b"))[1] == []
    assert scores(("?", "c"))[1] == [("?", "c")]  # perhaps it can say now
    assert scores(("a", "b"), lang="gl")[1] == [("a", "b")]
    scorer.fingerprint = "2"
    assert scores(("a", "b"))[1] == [("a", "b")]
    load_scorer.cache_clear()
