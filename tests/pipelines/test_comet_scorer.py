"""The example of a COMET model as a scorer, with a module that stands in for COMET."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import pytest

from translators.scorers import UnusableScorer, check_scorer, load_scorer, score_pairs

SCORER = "examples.quality.comet:score"


class Model:
    def predict(self, texts, batch_size, gpus, progress_bar):
        scores = [len(text["mt"]) / len(text["src"]) for text in texts]
        return SimpleNamespace(scores=scores)


@pytest.fixture
def fresh(monkeypatch):
    for name in ("comet", "examples.quality.comet"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    load_scorer.cache_clear()
    yield monkeypatch
    sys.modules.pop("examples.quality.comet", None)
    load_scorer.cache_clear()


def test_comet_scores_pairs(fresh):
    comet = ModuleType("comet")
    comet.__spec__ = ModuleSpec("comet", None)
    comet.download_model = lambda name: name
    comet.load_from_checkpoint = lambda path: Model()
    fresh.setitem(sys.modules, "comet", comet)
    check_scorer(SCORER)
    assert score_pairs(SCORER, [("abcd", "ab"), ("ab", "ab")], "es") == [0.5, 1.0]


def test_what_has_to_be_installed_is_told(fresh):
    fresh.setitem(sys.modules, "comet", None)
    with pytest.raises(UnusableScorer, match="pip install unbabel-comet"):
        check_scorer(SCORER)
