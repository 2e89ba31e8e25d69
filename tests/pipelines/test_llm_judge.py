"""The example of a language model that judges, in a build and after it."""

import math

import pytest

from examples.quality.llm_judge import read_score
from schemas.check import REJECT
from tandemqa import run
from tests.pipelines.test_build import manifest_of, record, rows_of, shards_of
from translators.kept_vectors import open_store
from translators.scorers import load_scorer

JUDGED = "judged=examples.quality.llm_judge:score@0.5%"


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        *(("85", 85), ("Score: 85", 85), ("**92.5**", 92.5), ("70/100.", 70)),
        *(("<think>40? No.</think>\n60", 60), ("between 40 and 60", None), ("120", None)),
        *(("", None), ("It is good.", None)),
    ],
)
def test_a_score_is_read_or_missing(reply, score):
    found = read_score(reply)
    assert math.isnan(found) if score is None else found == score


def test_the_judge_says_the_same_in_a_build_and_after_it_and_is_asked_once(
    tmp_path, build, questions, llm_server, monkeypatch
):
    monkeypatch.setenv("JUDGE_ENDPOINT", llm_server.endpoint)
    monkeypatch.setenv("JUDGE_MODEL", "apertium")
    load_scorer.cache_clear()
    open_store.cache_clear()
    llm_server.control()
    source = questions(*map(record, range(60)))
    build("--input", source, "--quiet", output="plain")
    build("--input", source, "--quiet", "--model-checks", JUDGED, output="judged")
    asked = llm_server.stats()["requests"]
    assert asked > 0

    open_store.cache_clear()  # as in another run
    later = tmp_path / "later"
    arguments = ["--output", str(later), "--quiet", "--model-checks", JUDGED]
    assert run(["revalidate", str(tmp_path / "plain"), *arguments]) == 0
    assert llm_server.stats()["requests"] == asked
    assert shards_of(later) == shards_of(tmp_path / "judged")

    usual = manifest_of(later).calibration["es"]["judged_question"]
    assert usual.median == 100 and usual.rows == 60  # it compares with the same Apertium
    checks = [check for row in rows_of(later, "es") for check in row["checks"]]
    judged = [check for check in checks if check["name"] == "judged"]
    assert judged and all(check["value"] == 100 for check in judged)
    assert all(check["verdict"] != REJECT and check["threshold"] < 100 for check in judged)


def test_a_judge_that_has_no_address_is_told_before_any_work(
    tmp_path, build, questions, monkeypatch, capsys
):
    monkeypatch.delenv("JUDGE_ENDPOINT", raising=False)
    load_scorer.cache_clear()
    with pytest.raises(SystemExit, match="2"):
        build("--input", questions(record(1)), "--model-checks", JUDGED)
    assert "JUDGE_ENDPOINT" in capsys.readouterr().err
    assert not (tmp_path / "corpus").exists()
