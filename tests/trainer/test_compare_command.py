"""`tandemqa compare`: two evaluations, question by question, or a sentence that says why not."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tandemqa
from tests.damage import EXAMPLES, byte_edits, json_edits
from tests.trainer.tiny_benchmark import make_parallel, make_vectors
from trainer.evaluation.measures import MEASURES
from trainer.evaluation.question_scores import questions_file, save_question_scores
from trainer.evaluation.results import summarise
from trainer.evaluation.scoring import score


def write_evaluation(path: Path, seed: int, questions: int = 12, **changes: object) -> Path:
    """Write what `tandemqa evaluate` writes; models differ by their seeds."""
    benchmark = make_parallel(questions)
    scores = score(benchmark, make_vectors(benchmark, seed))
    save_question_scores(questions_file(path), scores)
    results = {
        "benchmark": "xquad-r",
        "model": f"model-{seed}",
        "languages": list(benchmark.languages),
        "candidates": {lang: len(of.ids) for lang, of in benchmark.candidates.items()},
        "content": benchmark.content_digest(),
        **summarise(benchmark, scores),
        "settings": {"max_length": 512},
        **changes,
    }
    path.write_text(json.dumps({k: v for k, v in results.items() if v is not None}))
    return path


@pytest.fixture
def first(tmp_path) -> Path:
    return write_evaluation(tmp_path / "a.json", 1)


@pytest.fixture
def second(tmp_path) -> Path:
    return write_evaluation(tmp_path / "b.json", 2)


def compare(*arguments: object) -> int:
    return tandemqa.run(["compare", *map(str, arguments)])


def fail(capsys, *arguments: object) -> str:
    with pytest.raises(SystemExit) as stopped:
        compare(*arguments)
    assert stopped.value.code == 2
    return capsys.readouterr().err


def test_each_setting_and_measure_has_a_difference_with_interval_and_p(first, second, capsys):
    output = first.with_name("comparison.json")
    for _ in range(2):  # its own output is replaced
        assert compare(first, second, "--output", output) == 0
    shown = capsys.readouterr().out
    found = json.loads(output.read_text())["measures"]
    results = [json.loads(path.read_text()) for path in (first, second)]
    for setting in ("monolingual", "crosslingual", "multilingual"):
        one, other = (of[setting]["mean"]["map"] for of in results)
        gain = found[f"{setting}.map"]
        low, high = gain["interval"]
        assert gain["difference"] == pytest.approx(other - one, abs=2e-6)
        assert low <= gain["difference"] <= high and 0 < gain["p"] <= 1
        assert MEASURES[f"{setting}.map"].title in shown
        assert f"{gain['difference']:+.4f}" in shown
    assert {"rank_distance", "consistency@10", "monolingual.recall@10"} <= set(found)
    assert "12 question ids" in shown and "model-2" in shown


def test_a_model_does_not_differ_from_itself(first, capsys):
    assert compare(first, first) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "multilingual mAP" in line)
    assert line.split()[-5:] == ["+0.0000", "+0.0000", "to", "+0.0000", "1.000"]


def test_the_order_of_the_questions_does_not_matter(first, second, tmp_path):
    outputs = [tmp_path / "1.json", tmp_path / "2.json"]
    compare(first, second, "--output", outputs[0])
    file = questions_file(second)
    arrays = dict(np.load(file))
    moved = np.random.default_rng(0).permutation(len(arrays["ids"]))
    arrays["ids"] = arrays["ids"][np.argsort(moved)]
    for key in [key for key in arrays if key.endswith("|ids")]:
        arrays[key] = moved[arrays[key]].astype(np.int32)
    np.savez(file, **arrays)
    compare(first, second, "--output", outputs[1])
    found = [json.loads(path.read_text())["measures"] for path in outputs]
    differences = [{name: of["difference"] for name, of in each.items()} for each in found]
    assert differences[0] == pytest.approx(differences[1], abs=2e-6)


def test_settings_in_which_the_models_differ_are_told(first, tmp_path, capsys):
    cut = write_evaluation(tmp_path / "c.json", 3, settings={"max_length": 64})
    assert compare(first, cut) == 0
    assert "max_length: 512 in the first, 64 in the second" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"benchmark": "mlqa-r"}, "the first is of benchmark xquad-r, the second of mlqa-r"),
        ({"languages": ["en"]}, "the second in en; score both with the same --languages"),
        ({"candidates": {"en": 3}}, "the numbers of candidates differ"),
        ({"content": "0"}, "questions, candidates or judgements differ, though they have"),
        ({"model": None}, "not the results of an evaluation"),
        ({"questions": 11}, "cannot be compared"),
        ({"questions": 11, "content": None, "candidates": None}, "candidates differ"),
    ],
)
def test_what_cannot_be_compared_is_refused(first, tmp_path, capsys, changes, message):
    other = write_evaluation(tmp_path / "c.json", 2, **changes)
    assert message in fail(capsys, first, other)


def test_questions_that_only_one_has_are_named(first, second, capsys):
    file = questions_file(second)
    arrays = dict(np.load(file))
    arrays["ids"] = np.array([f"x{name}" if name == "q3" else name for name in arrays["ids"]])
    np.savez(file, **arrays)
    assert f"question xq3 is only in {questions_file(second)}" in fail(capsys, first, second)


def test_a_setting_that_only_one_has_is_named(first, second, capsys):
    file = questions_file(second)
    arrays = {k: v for k, v in np.load(file).items() if not k.startswith("multilingual|es|")}
    np.savez(file, **arrays)
    results = json.loads(second.read_text())
    second.write_text(json.dumps({**results, "multilingual": None}))
    assert f"setting multilingual es is only in {questions_file(first)}" in fail(
        capsys, first, second
    )


def test_results_without_scores_of_questions_are_refused(first, second, capsys):
    questions_file(second).unlink()
    assert "it is written beside the results" in fail(capsys, first, second)
    second.write_text(json.dumps({"benchmark": "mteb:XNLI", "model": "m", "main_score": 0.5}))
    assert "of MTEB's tasks only retrieval has scores of questions" in fail(capsys, first, second)


def test_scores_of_other_results_are_noticed(first, second, capsys):
    shutil.copy(questions_file(first), questions_file(second))
    assert "belongs to other results than" in fail(capsys, first, second)


def test_no_file_of_a_user_is_replaced(first, second, tmp_path, capsys):
    notes = tmp_path / "notes.json"
    notes.write_text("{}")
    for path in (notes, first, questions_file(first)):
        before = path.read_bytes()
        assert "is no comparison" in fail(capsys, first, second, "--output", path)
        assert path.read_bytes() == before


@settings(deadline=None, max_examples=4 * EXAMPLES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_files_end_in_a_sentence(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    first = write_evaluation(folder / "a.json", 1, questions=4)
    second = write_evaluation(folder / "b.json", 2, questions=4)
    path = data.draw(st.sampled_from([second, questions_file(second)]))
    if path == second and data.draw(st.booleans()):
        path.write_text(data.draw(json_edits(path.read_text())))
    else:
        path.write_bytes(data.draw(byte_edits(path.read_bytes())))
    try:
        assert compare(first, second) in (0, 1)
    except SystemExit as stopped:
        assert stopped.code == 2


@pytest.mark.parametrize(
    "arrays",
    [
        {"ids": np.array(["a", "a"])},
        {"ids": np.arange(2)},
        {"ids": np.array(["a"]), "monolingual|en|ids": np.array([5]), "monolingual|en|map": [0.5]},
        {"ids": np.array(["a"]), "monolingual|en|ids": np.array([0]), "monolingual|en|map": [[1]]},
        {"ids": np.array(["a"]), "monolingual|en|ids": np.array([0]), "monolingual|en|map": ["x"]},
        {"ids": np.array(["a"]), "monolingual|en|map": np.array([0.5])},
        {"ids": np.array(["a"]), "monolingual": np.array([0.5])},
    ],
)
def test_scores_that_make_no_sense_are_refused(first, second, capsys, arrays):
    np.savez(questions_file(second), **arrays)
    assert "not the scores of questions" in fail(capsys, first, second)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: None])
def test_what_is_no_file_is_refused(first, tmp_path, capsys, make):
    path = tmp_path / "c.json"
    make(path)
    assert f"{path}: not a file" in fail(capsys, first, path)


def test_a_single_array_is_refused(first, second, capsys):
    with questions_file(second).open("wb") as file:
        np.save(file, np.arange(3))
    assert "not the scores of questions (a single array)" in fail(capsys, first, second)
