"""TF-IDF and BM25 as models of their own."""

import json
from pathlib import Path

import bm25s
import numpy as np
import pytest

import tandemqa
from tests.trainer.tiny_benchmark import write_lareqa
from tests.trainer.tiny_encoder import write_encoder
from trainer.benchmarks.benchmark import Benchmark, Candidates, Questions
from trainer.evaluation.lexical import LEXICAL, split_words


@pytest.fixture
def mlqa_r(tmp_path) -> str:
    return str(write_lareqa(tmp_path / "mlqa-r"))


def run(*arguments: str) -> dict:
    *given, output = arguments
    assert tandemqa.run(["evaluate", *given, "--output", output]) == 0
    return json.loads(Path(output).read_text())


@pytest.mark.parametrize("name", ["tfidf", "bm25"])
def test_a_search_engine_is_scored_like_a_model(name, mlqa_r, tmp_path, capsys):
    arguments = (
        "--benchmark",
        "mlqa-r",
        "--data",
        mlqa_r,
        "--with-context",
        "--floors",
        "tfidf,bm25",
    )
    results = run(name, *arguments, str(tmp_path / "r.json"))
    (other,) = {"tfidf", "bm25"} - {name}
    assert set(results["floors"]) == {other}
    assert results["model"] == name
    assert name[-2:].upper() in results["settings"]["method"]
    assert (tmp_path / "r.questions.npz").exists()
    assert "mAP beside floors" in capsys.readouterr().out
    again = run(other, *arguments, str(tmp_path / "other.json"))
    for setting in ("monolingual", "multilingual"):
        assert again["floors"][name][setting]["mean"] == results[setting]["mean"]


def test_a_folder_of_that_name_is_the_model(mlqa_r, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_encoder(tmp_path / "bm25")
    results = run("bm25", "--benchmark", "mlqa-r", "--data", mlqa_r, "--max-length", "8", "r.json")
    assert results["settings"]["max_length"] == 8


@pytest.mark.parametrize(
    "arguments",
    [("--max-length", "64"), ("--floors", "untrained"), ("--dtype", "bfloat16"), ()],
)
def test_what_only_models_have_is_refused(arguments, mlqa_r, capsys):
    benchmark = ("--benchmark", "mlqa-r" if arguments else "mteb:XQuADRetrieval")
    with pytest.raises(SystemExit):
        tandemqa.run(["evaluate", "tfidf", *benchmark, "--data", mlqa_r, *arguments])
    wanted = " ".join(arguments[:1] if arguments[:1] != ("--floors",) else arguments)
    assert (
        f"{wanted or '--benchmark mteb:XQuADRetrieval'}: not with tfidf" in capsys.readouterr().err
    )


def test_products_are_the_scores_of_the_library():
    texts = {"en": ["The bees, the bees!", "Bread and salt.", "..."], "es": ["Pan y sal", "Abejas"]}
    asked = ["Do the bees eat salt?", "Salt and SALT", "unheard"]
    numbers = iter("12345")
    benchmark = Benchmark(
        "test",
        questions={"en": Questions(["a", "b", "c"], asked)},
        candidates={
            lang: Candidates(ids := [next(numbers) for _ in of], of, ids)
            for lang, of in texts.items()
        },
        relevance={"a": {}, "b": {}, "c": {}},
    )
    embedded = LEXICAL["bm25"].embed(benchmark)
    index = bm25s.BM25()
    index.index(
        [list(split_words(text)) for of in texts.values() for text in of], show_progress=False
    )
    for question, vector in zip(asked, embedded.questions["en"].toarray(), strict=True):
        known = [word for word in split_words(question) if word in index.vocab_dict]
        wanted = index.get_scores(known) if known else np.zeros(5)
        found = [part.toarray() @ vector for part in embedded.candidates.values()]
        assert np.allclose(np.concatenate(found), wanted, atol=1e-5)


def test_scripts_without_spaces_are_read_by_pairs():
    assert list(split_words("Wer fragt 2 Bienen?")) == ["wer", "fragt", "2", "bienen"]
    assert list(split_words("蜜蜂采蜜 ok 水")) == ["蜜蜂", "蜂采", "采蜜", "ok", "水"]
    assert list(split_words("मधुमक्खी")) == ["मधुमक्खी"]
    assert "น้" in next(split_words("น้ำ"))
