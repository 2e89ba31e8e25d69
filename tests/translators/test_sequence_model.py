import json

import pytest

from translators import sequence_model
from translators.decoding import Decoding
from translators.engine import Hypothesis
from translators.model_files import ModelFiles
from translators.sequence_model import SequenceModel
from translators.translator import Translation, TranslationError


class Words:
    """A tokenizer: words are tokens."""

    vocabulary = ()

    def encode(self, texts, token):
        return [text.split() for text in texts]

    def decode(self, sequences):
        return [" ".join(tokens) for tokens in sequences]


class Copier:
    """An engine that copies, and fails in the ways it is told to."""

    def __init__(self, capacity=1000, failure="", first=None):
        self.capacity, self.failure, self.first, self.budgets = capacity, failure, first, []

    def generate(self, sources, target_token, batch_tokens):
        self.budgets.append(batch_tokens)
        if self.failure:
            raise RuntimeError(self.failure)
        if min(batch_tokens, sum(map(len, sources))) > self.capacity:
            raise RuntimeError("CUDA failed with error out of memory")
        start = [self.first or target_token] if target_token else []
        return [Hypothesis([*start, *source], -0.5, True) for source in sources]

    def close(self):
        pass


@pytest.fixture
def open_model(monkeypatch, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 4}))
    files = ModelFiles("copier", tmp_path, "0", on_hub=False)

    def make(engine, batch_tokens=64):
        monkeypatch.setattr(sequence_model, "_open_engine", lambda *_: engine)
        return SequenceModel(files, Words(), Decoding(device="cpu", batch_tokens=batch_tokens))

    return make


def test_what_is_too_long_for_the_model_is_refused_alone_and_never_cut(open_model):
    answers = open_model(Copier()).translate(["a b c d", "a b c d e", "f"])
    assert [a.text for a in answers] == ["a b c d", "", "f"]
    assert [a.error for a in answers] == ["", "input_too_long", ""]


def test_score_and_finish_are_the_engines(open_model):
    assert open_model(Copier()).translate(["a"]) == [Translation("a", -0.5, True)]


def test_a_target_that_begins_with_another_language_is_an_error(open_model):
    (good,) = open_model(Copier()).translate(["a"], target_token="spa_Latn")
    (bad,) = open_model(Copier(first="<unk>")).translate(["a"], target_token="spa_Latn")
    assert (good.text, good.error) == ("a", "")
    assert (bad.text, bad.error) == ("", "wrong_language_token")


def test_out_of_memory_halves_the_batch_and_remembers_it(open_model):
    engine = Copier(capacity=20)
    model = open_model(engine)
    texts = ["a b c d"] * 16
    assert [a.text for a in model.translate(texts)] == texts
    assert engine.budgets == [64, 32, 16]
    model.translate(texts)
    assert engine.budgets[3:] == [16]


def test_a_sentence_that_exceeds_memory_alone_is_a_translation_error(open_model):
    with pytest.raises(TranslationError, match="does not fit into memory"):
        open_model(Copier(capacity=2)).translate(["a b c d"])


def test_another_failure_of_the_engine_is_a_translation_error(open_model):
    with pytest.raises(TranslationError, match="No position encodings"):
        open_model(Copier(failure="No position encodings are defined")).translate(["a"])


def test_a_broken_device_is_not_blamed_on_the_texts(open_model):
    with pytest.raises(RuntimeError, match="illegal memory access"):
        open_model(Copier(failure="CUDA error: an illegal memory access")).translate(["a"])
