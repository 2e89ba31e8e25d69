"""A second judgement moves rows both ways, translates nothing and loses nothing."""

import json
from pathlib import Path

import pytest

from pipelines.faults import systemic_faults
from pipelines.limit_settings import changed_limits, parse_limits
from schemas.manifest import LanguageCounts, Manifest
from tandemqa import run
from tests.pipelines.test_build import manifest_of, record, shards_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def corpus(tmp_path, build, questions, apertium):
    good = [record(n) for n in range(6)]
    crossed = {
        "id": "odd",
        "question": "Where is the old church of the town?",
        "passage": "Xqzt wvbn krtp, zzyx qwfp ghnt bvcx; plmk jhgt 17 rtyu, nbvc xzas qwer.",
    }
    build("--input", questions(*good, crossed), "--quiet")
    return tmp_path / "corpus"


def revise(corpus: Path, output: Path, *limits: str) -> Manifest:
    arguments = ["--limits", *limits] if limits else []
    code = run(["revalidate", str(corpus), "--output", str(output), "--quiet", *arguments])
    assert code == 0
    assert run(["verify", str(output)]) == 0
    return manifest_of(output)


def test_the_same_limits_give_the_same_shards(tmp_path, corpus):
    before, files = manifest_of(corpus), shards_of(corpus)
    after = revise(corpus, tmp_path / "again")
    assert after.counts == before.counts
    assert after.segments == before.segments
    assert shards_of(tmp_path / "again") == files == shards_of(corpus)


def test_rows_move_to_quarantine_and_back(tmp_path, corpus):
    before = manifest_of(corpus).counts["es"]
    strict = revise(corpus, tmp_path / "strict", "sentence_shorter=1")
    assert strict.counts["es"].kept < before.kept
    assert strict.conservation_faults() == []
    back = revise(tmp_path / "strict", tmp_path / "back")
    assert back.counts["es"] == before
    assert back.config["limits"] == {}


def test_failed_and_cut_rows_are_queued_for_another_build(tmp_path, corpus):
    queue = tmp_path / "queue.jsonl"
    output = ["--output", str(tmp_path / "again"), "--queue", str(queue), "--quiet"]
    assert run(["revalidate", str(corpus), *output]) == 0
    for line in queue.read_text().splitlines():
        assert {"id", "question", "passage", "languages"} <= json.loads(line).keys()


def test_unknown_limits_are_one_error_before_any_work(tmp_path, corpus, capsys):
    output = tmp_path / "again"
    with pytest.raises(SystemExit, match="2"):
        run(["revalidate", str(corpus), "--output", str(output), "--limits", "repeatz=3", "x=y"])
    assert "did you mean repeats" in capsys.readouterr().err
    assert not output.exists()


def test_limits_are_numbers_of_their_own_kind():
    limits = parse_limits(["repeats=4", "passage_spreads=5.5"])
    assert changed_limits(limits) == {"repeats": 4, "passage_spreads": 5.5}
    with pytest.raises(ValueError, match="wanted a number"):
        parse_limits(["repeats=many"])


def test_faults_of_a_whole_language_are_told_with_numbers():
    counts = {
        "es": LanguageCounts(kept=90, rejected=10, reasons={"length_ratio": 10}),
        "ca": LanguageCounts(kept=40, rejected=60, reasons={"length_ratio": 60}),
        "pt": LanguageCounts(kept=97, failed=3, reasons={"wrong_language_token": 3}),
        "gl": LanguageCounts(kept=1, rejected=9, reasons={"untranslated": 9}),
    }
    wrong, token = systemic_faults(counts, 0.5)
    assert "ca: 60 of 100 rows (60.0%)" in wrong and "length_ratio 60" in wrong
    assert token.startswith("pt: wrong_language_token in 3 of 100 rows")
