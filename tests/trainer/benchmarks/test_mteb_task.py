"""MTEB tasks run offline from local files, and agree with our own evaluation."""

import json

import pytest

from schemas.command import UsageError
from tests.trainer.tiny_benchmark import write_beir
from tests.trainer.tiny_encoder import open_encoder
from trainer.benchmarks.beir import read_beir
from trainer.encoder import Encoder, Prompts
from trainer.evaluation.embeddings import embed
from trainer.evaluation.intervals import mean
from trainer.evaluation.mteb_task import evaluate_task
from trainer.evaluation.question_scores import load_question_scores
from trainer.evaluation.scoring import score

pytest.importorskip("mteb")


@pytest.fixture
def encoder(tmp_path) -> Encoder:
    return Encoder(open_encoder(tmp_path / "model"), Prompts("en9 ", "en8 "))


def write_topics(folder, lang: str, count: int = 25):
    """Write documents of three words, each asked for with two of them."""
    documents = {
        f"d{n}": f"{lang}{n} {lang}{(7 * n + 3) % 60} {lang}{(3 * n + 1) % 60}"
        for n in range(count)
    }
    questions = {f"q{n}": " ".join(text.split()[1:]) for n, text in enumerate(documents.values())}
    return write_beir(folder, documents, questions)


def test_a_retrieval_task_agrees_with_our_own_evaluation(encoder, tmp_path):
    folder = write_topics(tmp_path / "data", "en")
    results = evaluate_task("SciFact", encoder, data=folder)
    benchmark = read_beir(folder)
    ours = score(benchmark, embed(benchmark, encoder)).settings["monolingual"]["en"]
    theirs = results["monolingual"]["mean"]
    for metric in ("map", "ndcg@10", "mrr@10", "recall@1", "recall@10"):
        assert theirs[metric] == pytest.approx(mean([ours], metric), abs=1e-4), metric
    assert results["main_metric"] == "ndcg_at_10"
    assert results["main_score"] == theirs["ndcg@10"]
    assert json.dumps(results, allow_nan=False)  # mteb's nAUC is NaN where all find all


def test_each_question_of_a_retrieval_task_is_scored_as_we_do_it(encoder, tmp_path):
    folder = write_topics(tmp_path / "data", "en")
    file = tmp_path / "r.questions.npz"
    results = evaluate_task("SciFact", encoder, data=folder, questions=file)
    benchmark = read_beir(folder)
    ours = score(benchmark, embed(benchmark, encoder)).settings["monolingual"]["en"]
    saved = load_question_scores(file)
    theirs = saved.parts["monolingual"]["eng"]
    order = [saved.ids.index(f"q{n}") for n in range(25)]
    for metric, value in results["monolingual"]["mean"].items():
        assert theirs.values[metric].mean() == pytest.approx(value, abs=1e-5)
        values = dict(zip(theirs.ids.tolist(), theirs.values[metric], strict=True))
        expected = ours.values[metric]
        assert [values[place] for place in order] == pytest.approx(expected, abs=1e-4)


def test_a_task_of_pairs_has_its_cross_lingual_means(encoder, tmp_path):
    for subset in ("eng-eng", "eng-spa"):
        write_topics(tmp_path / subset, "en", 6)
    results = evaluate_task(
        "MLQARetrieval",
        encoder,
        data=tmp_path,
        languages=["eng-eng", "eng-spa"],
        split="test",
        questions=tmp_path / "r.questions.npz",
    )
    saved = load_question_scores(tmp_path / "r.questions.npz")
    assert {part: list(of) for part, of in saved.parts.items()} == {
        "monolingual": ["eng"],
        "crosslingual": ["eng-spa"],
    }
    assert len(saved.ids) == 6  # asked in both
    assert list(results["monolingual"]["by_language"]) == ["eng"]
    assert list(results["crosslingual"]["by_pair"]) == ["eng-spa"]
    assert set(results["scores"]["test"]) == {"eng-eng", "eng-spa"}


def test_a_task_that_is_no_retrieval_reads_rows(encoder, tmp_path):
    for lang in ("en", "es"):
        rows = [
            {"premise": f"en{n} en{n + 1}", "hypothesis": f"en{n}", "label": label}
            for n, label in enumerate([0, 2, 1] * 6)
        ]
        (tmp_path / lang).mkdir()
        text = "".join(json.dumps(row) + "\n" for row in rows)
        for split in ("validation", "test"):
            (tmp_path / lang / f"{split}.jsonl").write_text(text)
    names = ["English", "spa"]
    results = evaluate_task("XNLI", encoder, data=tmp_path, languages=names, split="test")
    assert results["main_metric"] == "max_ap"
    assert 0 < results["main_score"] <= 1
    assert set(results["scores"]["test"]) == {"en", "es"}
    assert "monolingual" not in results


def test_the_embeddings_have_the_prompts(encoder, tmp_path, monkeypatch):
    seen = []
    original = encoder.model.encode

    def spy(*texts, **options):
        seen.append(options.get("prompt"))
        return original(*texts, **options)

    monkeypatch.setattr(encoder.model, "encode", spy)
    evaluate_task("SciFact", encoder, data=write_topics(tmp_path / "data", "en", 5))
    assert set(seen) == {"en9 ", "en8 "}


def test_unknown_tasks_languages_and_missing_files_are_told(encoder, tmp_path):
    with pytest.raises(UsageError, match="mteb:SciFat"):
        evaluate_task("SciFat", encoder)
    with pytest.raises(UsageError, match="--languages fi: mteb:MLQARetrieval has none of that"):
        evaluate_task("MLQARetrieval", encoder, languages=["fin"])
    (tmp_path / "en").mkdir()
    with pytest.raises(UsageError, match=r"en.test\.jsonl: not there"):
        evaluate_task("XNLI", encoder, data=tmp_path, languages=["en"], split="test")
    write_topics(tmp_path / "pairs" / "eng-eng", "en", 3)
    write_topics(tmp_path / "pairs" / "eng-spa", "en", 3)
    with pytest.raises(UsageError, match="no eng-deu; there is eng-eng, eng-spa"):
        evaluate_task(
            "MLQARetrieval",
            encoder,
            data=tmp_path / "pairs",
            languages=["eng-spa", "eng-deu"],
            split="test",
        )


def test_a_task_of_the_users_own_is_imported_from_the_working_folder(
    encoder, tmp_path, monkeypatch
):
    (tmp_path / "own_tasks.py").write_text(
        "from mteb.tasks.retrieval.eng.sci_fact_retrieval import SciFact\n"
        "class Own(SciFact):\n"
        "    ignore_identical_ids = True\n"
        "NOT_A_TASK = 1\n"
    )
    monkeypatch.chdir(tmp_path)
    folder = write_topics(tmp_path / "data", "en", 5)
    results = evaluate_task("own_tasks:Own", encoder, data=folder)
    assert 0 < results["main_score"] <= 1
    with pytest.raises(UsageError, match="own_tasks has no task class called NOT_A_TASK"):
        evaluate_task("own_tasks:NOT_A_TASK", encoder)
    with pytest.raises(UsageError, match="nowhere cannot be imported: ModuleNotFoundError"):
        evaluate_task("nowhere:Own", encoder)
