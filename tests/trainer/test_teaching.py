"""A teacher's scores of the English texts, followed in all languages."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sentence_transformers import CrossEncoder, SentenceTransformer
from transformers import BertConfig, BertForSequenceClassification

from schemas.command import UsageError
from schemas.files import cache_folder
from tests.trainer.tiny_encoder import make_tokenizer, write_encoder
from trainer.fine_tuning.dry_run import plan_run
from trainer.fine_tuning.loss import make_loss
from trainer.fine_tuning.loss_settings import LossSettings
from trainer.fine_tuning.training import train
from trainer.fine_tuning.training_data import open_training_data
from trainer.model_settings import ModelSettings
from trainer.teaching import teacher as reading
from trainer.teaching.cross_encoder import CrossEncoder as Reader
from trainer.teaching.teacher import Teacher, load_teacher
from trainer.teaching.teacher_scores import PairScores, PlacedVectors, pair_keys


def write_cross_encoder(folder: Path, labels: int = 1) -> str:
    torch.manual_seed(3)
    tokenizer = make_tokenizer()
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(vocab_size=len(tokenizer), intermediate_size=32, num_labels=labels, **shape)
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


class Table:
    """Scores that are known beforehand."""

    def __init__(self, scores: np.ndarray) -> None:
        self.scores = scores

    def between(self, questions, passages):
        return self.scores[questions][:, passages]


@pytest.fixture
def model(tmp_path):
    return SentenceTransformer(write_encoder(tmp_path / "encoder", dropout=0.0), device="cpu")


def columns(model, texts=("en1 en2", "es3", "en4 ca5")):
    asked = [f"{text} en9" for text in texts]
    return [model.preprocess(list(column)) for column in (asked, texts, texts[::-1])]


GROUPS = torch.tensor([[0, 3], [1, 4], [2, 5]])  # passage and negative of each pair
SCORES = np.random.default_rng(0).normal(size=(6, 6)).astype(np.float32)


def teach(model, cached: int, scores=SCORES, **options):
    teacher = Teacher(Table(scores), scale=2.0, weight=0.5, record={})
    loss = make_loss(model, LossSettings(scale=10, cached=cached, **options), 1, teacher)
    model.zero_grad()
    value = loss(columns(model), GROUPS)
    value.backward()
    return value.item(), [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize("cached", [0, 2])
def test_the_distance_to_the_teachers_distribution_is_added(model, cached):
    vectors = [F.normalize(model(dict(f))["sentence_embedding"], dim=1) for f in columns(model)]
    student = 10 * vectors[0] @ torch.cat(vectors[1:]).T
    own = F.cross_entropy(student, torch.arange(3))
    wanted = 2 * torch.from_numpy(SCORES)[[0, 1, 2]][:, [0, 1, 2, 3, 4, 5]]
    target = wanted.softmax(dim=1)
    distance = (target * (target.log() - student.log_softmax(dim=1))).sum(dim=1).mean()
    found, _ = teach(model, cached)
    assert found == pytest.approx((own + 0.5 * distance).item(), abs=1e-5)


def test_cached_gradients_are_those_of_the_whole_batch(model):
    (_, whole), (_, pieces) = teach(model, 0), teach(model, 2)
    assert all(torch.allclose(*pair, atol=1e-6) for pair in zip(whole, pieces, strict=True))


def test_what_the_teacher_has_not_read_is_left_to_the_pairs(model):
    some, none = SCORES.copy(), np.full_like(SCORES, np.nan)
    some[0] = np.nan
    some[1, 1:] = np.nan
    plain = make_loss(model, LossSettings(scale=10), 1)(columns(model), None).item()
    assert teach(model, 0, none)[0] == pytest.approx(plain, abs=1e-5)
    value, gradients = teach(model, 0, some)
    assert value > plain
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_vectors_are_those_of_the_groups_and_unknown_ones_are_nan():
    parts = [np.arange(2048 * 2, dtype=np.float32).reshape(-1, 2), np.ones((1, 2), np.float32)]
    found = PlacedVectors(np.array([2048, -1, 5]), parts).of(np.array([2, 0, 1]))
    assert found[:2].tolist() == [[10, 11], [1, 1]]
    assert np.isnan(found[2]).all()


def test_pairs_that_were_not_read_have_no_score():
    keys = pair_keys(np.array([0, 0, 2]), np.array([0, 2, 1]), 3)
    scores = PairScores(keys, np.array([5, 6, 7], np.float32), 3)
    found = scores.between(np.array([2, 0]), np.array([0, 1, 2]))
    assert np.array_equal(found, [[np.nan, 7, np.nan], [5, np.nan, 6]], equal_nan=True)


def open_corpus_of(run):
    return open_training_data(run)[0]


def test_a_bi_encoder_gives_the_similarity_of_the_english_texts(settings, tmp_path, monkeypatch):
    run = settings(teacher=write_encoder(tmp_path / "teacher", seed=1))
    corpus = open_corpus_of(run)
    teacher = load_teacher(run.teaching, corpus, 0).read(list, progress=False)
    groups, lang = corpus.column("group"), corpus.column("lang")
    english = [
        int(np.flatnonzero((groups == group) & (lang == corpus.languages.index("en")))[0])
        for group in (3, 7)
    ]
    texts = corpus.table[english]
    student = SentenceTransformer(run.teaching.teacher, device="cpu")
    vectors = [
        student.encode(texts[name], normalize_embeddings=True) for name in ("question", "passage")
    ]
    found = teacher.scores.between(np.array([3, 7]), np.array([3, 7]))

    def scores_again():
        again = load_teacher(run.teaching, corpus, 0).read(list, progress=False)
        return again.scores.between(np.array([3, 7]), np.array([3, 7]))

    assert np.allclose(found, vectors[0] @ vectors[1].T, atol=1e-5)
    assert teacher.scale == 20
    assert len(list((cache_folder() / "teachers").iterdir())) == 2
    kept = next((cache_folder() / "teachers").iterdir())
    kept.write_bytes(kept.read_bytes()[:-9])  # damage: computed again
    assert np.array_equal(scores_again(), found)
    monkeypatch.delattr(reading.Encoder, "_encode")  # read once
    assert np.array_equal(scores_again(), found)


def test_a_cross_encoder_reads_passages_and_negatives_of_the_planned_batches(settings, tmp_path):
    run = settings(teacher=write_cross_encoder(tmp_path / "teacher"), negatives=1)
    corpus = open_corpus_of(run)
    rows = np.array([[4, 9], [5, 10], [30, 33]])  # any language: groups 1, 3; negatives 10, 11
    teacher = load_teacher(run.teaching, corpus, 1).read(lambda: iter([rows]), progress=False)
    groups, lang = corpus.column("group"), corpus.column("lang")
    english = np.flatnonzero(lang == corpus.languages.index("en"))
    texts = {int(groups[row]): corpus.table[int(row)] for row in english}
    asked, given = groups[rows[1]], groups[rows[1:]].ravel()
    found = teacher.scores.between(asked, given)
    reader = CrossEncoder(run.teaching.teacher, device="cpu")
    for pair, group in enumerate(asked):
        for place, other in enumerate(given):
            if place % 2 != pair:
                assert np.isnan(found[pair, place])
                continue
            texts_of_pair = [(texts[int(group)]["question"], texts[int(other)]["passage"])]
            wanted = reader.predict(texts_of_pair, activation_fn=torch.nn.Identity())[0]
            assert found[pair, place] == pytest.approx(wanted, abs=1e-5)
    assert teacher.scale == 1
    assert teacher.record["kind"] == "cross-encoder"


def test_what_cannot_be_followed_is_refused_with_a_sentence(settings, tmp_path):
    reader = write_cross_encoder(tmp_path / "reader")
    with pytest.raises(UsageError, match="add --negatives, such as --negatives 4"):
        plan_run(settings(teacher=reader))
    with pytest.raises(UsageError, match="add en to --languages"):
        plan_run(settings(teacher=str(tmp_path / "encoder"), languages="es,ca"))
    with pytest.raises(UsageError, match="--teacher-weight: needs --teacher"):
        settings(teacher_weight=2)
    with pytest.raises(UsageError, match="gives 3 scores"):
        Reader(ModelSettings(model=write_cross_encoder(tmp_path / "classes", 3)))


def test_the_dry_run_and_the_record_tell_what_is_followed(settings, tmp_path):
    run = settings(teacher=write_encoder(tmp_path / "teacher", seed=1), teacher_weight=2, steps=2)
    assert f"Teacher: {run.teaching.teacher}, a bi-encoder" in plan_run(run).as_text()
    assert "English texts of 60 of 60 groups. Weight 2, scale 20." in plan_run(run).as_text()
    record = train(run, quiet=True)
    assert record["teacher"]["kind"] == "bi-encoder"
    assert record["teacher"]["weight"] == 2
    assert record == json.loads((Path(run.output) / "training.json").read_text())
    card = (Path(run.output) / "README.md").read_text()
    assert "`teacher`, a bi-encoder; weight 2, scale 20" in card


def test_dot_products_are_logits_already(settings, tmp_path):
    model = SentenceTransformer(
        write_encoder(tmp_path / "plain", seed=1), device="cpu", similarity_fn_name="dot"
    )
    model.save_pretrained(str(tmp_path / "teacher"))
    for given, wanted in ((None, 1), (5, 5)):
        run = settings(teacher=str(tmp_path / "teacher"), teacher_scale=given)
        loaded = load_teacher(run.teaching, open_corpus_of(run), 0)
        assert loaded.read(list, progress=False).scale == wanted
