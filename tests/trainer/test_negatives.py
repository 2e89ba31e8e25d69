"""Hard negatives: in the language of the passage, never a sibling, never one of the batch."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.command import FailedRunError
from tests.trainer.tiny_encoder import make_table
from trainer.batches.batch_settings import BatchSettings
from trainer.batches.sampler import HybridBatchSampler
from trainer.corpora.corpus import CorpusTable
from trainer.fine_tuning.mining import CANDIDATES, mine_negatives
from trainer.fine_tuning.negatives import NONE, Negatives

LANGS = ("en", "es", "ca")


class Directions:
    """Embeds the texts that `make_rows` writes by their words, the same in every language.

    Spanish questions point to the next passage: mining across languages then differs.
    """

    model = SimpleNamespace(device="cpu")

    def encode_questions(self, texts: list[str]) -> np.ndarray:
        return self._encode(texts)

    def encode_candidates(self, texts: list[str]) -> np.ndarray:
        return self._encode(texts)

    def _encode(self, texts: list[str]) -> np.ndarray:
        vectors = np.zeros((len(texts), 60), np.float32)
        for place, text in enumerate(texts):
            for word in text.split():
                vectors[place, int(word[2:])] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def corpus() -> CorpusTable:
    return CorpusTable(make_table(), LANGS, ("tiny",))


@pytest.fixture(scope="module")
def negatives(corpus, tmp_path_factory) -> Negatives:
    folder = tmp_path_factory.mktemp("mined") / "negatives"
    return mine_negatives(corpus, Directions(), folder, per_pair=2, progress=False)


@pytest.mark.parametrize("kind", ["within", "across"])
def test_mined_ones_are_in_the_rows_language_and_never_its_passage(corpus, negatives, kind):
    mined = getattr(negatives, kind)
    lang, passage = corpus.column("lang"), corpus.column("passage_group")
    assert mined.shape == (len(corpus.table), CANDIDATES)
    rows, places = np.nonzero(mined != NONE)
    assert len(rows) > len(mined)
    assert (lang[mined[rows, places]] == lang[rows]).all()
    assert (passage[mined[rows, places]] != passage[rows]).all()


def test_the_hardest_come_first_and_those_as_good_as_the_right_one_are_left_out(corpus, negatives):
    encoder = Directions()
    row = 0
    asked = encoder.encode_questions([corpus.table[row]["question"]])[0]
    passages = encoder.encode_candidates(corpus.table["passage"])
    scores = passages @ asked
    mined = negatives.within[row][negatives.within[row] != NONE]
    assert (np.diff(scores[mined]) <= 1e-6).all()
    assert (scores[mined] <= 0.95 * scores[row] + 1e-6).all()
    same_lang = np.flatnonzero(corpus.column("lang") == 0)
    left_out = set(same_lang) - set(mined.tolist())
    lowest = scores[mined].min()
    assert all(
        scores[other] <= lowest + 1e-6
        or scores[other] > 0.95 * scores[row] - 1e-6
        # Of the rows that share a passage, one stands for all.
        or corpus.column("passage_group")[other] in corpus.column("passage_group")[mined]
        for other in left_out
    )


def test_across_is_mined_with_the_questions_of_the_other_languages(corpus, tmp_path):
    class OneLanguageIsLost(Directions):
        """English questions point at word 0, whatever they ask."""

        def encode_questions(self, texts: list[str]) -> np.ndarray:
            vectors = self._encode(texts)
            for place, text in enumerate(texts):
                if text.startswith("en"):
                    vectors[place] = np.eye(60)[0]
            return vectors

    lost = mine_negatives(corpus, OneLanguageIsLost(), tmp_path / "lost", 1, progress=False)
    whole = mine_negatives(corpus, Directions(), tmp_path / "whole", 1, progress=False)
    english = corpus.column("lang") == 0
    assert (lost.within[english] != whole.within[english]).any()
    assert (lost.within[~english] == whole.within[~english]).all()
    assert (lost.across[english] == whole.across[english]).all()
    assert (lost.across[~english] != whole.across[~english]).any()


@given(seed=st.integers(0, 10**6), ratio=st.sampled_from([0.0, 0.5, 1.0]))
def test_a_batch_never_meets_its_own_passages_as_negatives(corpus, negatives, seed, ratio):
    settings = BatchSettings(batch_size=6, mono_ratio=ratio, seed=seed)
    sampler = HybridBatchSampler(
        corpus.table, 6, settings=settings, steps=3, processes=1, negatives=negatives
    )
    assert sampler.batch_size == 24
    passage, lang = corpus.column("passage_group"), corpus.column("lang")
    for batch in sampler:
        _, passages, first, second = np.array(batch).reshape(4, 6)
        drawn = np.concatenate([first, second])
        assert not np.isin(passage[drawn], passage[passages]).any()
        assert len(set(passage[drawn].tolist())) == len(drawn)
        assert (lang[first] == lang[passages]).all()
        assert (lang[second] == lang[passages]).all()


def test_other_answers_to_a_question_of_the_batch_are_no_negatives(corpus, tmp_path):
    table = corpus.table
    asked = np.array(table["group"]) // 2  # two records each ask the same
    again = CorpusTable(table.add_column("question_group", asked), LANGS, ("tiny",))
    negatives = mine_negatives(again, Directions(), tmp_path / "n", per_pair=2, progress=False)
    passage, generator = again.column("passage_group"), np.random.default_rng(0)
    for row in range(len(table)):
        rows = np.array([row])
        drawn = negatives.draw(rows, rows, generator)
        answers = set(passage[asked == asked[row]].tolist())
        assert not answers & set(passage[drawn[:, 0]].tolist())


def test_a_batch_that_needs_more_passages_than_there_are_is_an_error(corpus, negatives):
    many = Negatives(negatives.folder, per_pair=10)
    rows = np.flatnonzero(corpus.column("lang") == 0)[:20:2]
    with pytest.raises(FailedRunError, match="too few passages"):
        many.draw(rows, rows, np.random.default_rng(0))


def test_it_pickles_as_its_folder(negatives):
    negatives.draw(np.array([0]), np.array([0]), np.random.default_rng(0))
    assert len(pickle.dumps(negatives)) < 1000
    again = pickle.loads(pickle.dumps(negatives))
    assert (again.within == negatives.within).all()


def test_mining_again_reads_what_was_mined(corpus, negatives, tmp_path):
    class NeverAsked:
        pass

    folder = tmp_path / "negatives"
    mine_negatives(corpus, Directions(), folder, 1, progress=False)
    assert mine_negatives(corpus, NeverAsked(), folder, 3, progress=False).per_pair == 3
    assert list(folder.parent.glob("*.partial")) == []
