"""A second judgement moves rows both ways, translates nothing and loses nothing."""

import json
import shutil
from pathlib import Path

import pytest

from pipelines.checks.limit_settings import changed_limits, make_limits
from pipelines.corpus.faults import is_unverified, systemic_faults
from pipelines.corpus.reread import regroup
from schemas.check import Check
from schemas.manifest import LanguageCounts, Manifest
from tandemqa import run
from tests.pipelines.report_corpus import make_row, refuse
from tests.pipelines.test_build import manifest_of, record, rows_of, shards_of

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


def test_badly_decoded_rows_are_queued_translated_again_and_taken_back(tmp_path, corpus, build):
    """A limit that nothing passes stands for a translator that wrote rows of dots."""
    broken, queue = tmp_path / "broken", tmp_path / "queue.jsonl"
    arguments = ["--output", str(broken), "--queue", str(queue), "--quiet"]
    assert run(["revalidate", str(corpus), *arguments, "--limits", "letters=1.1"]) == 0
    assert manifest_of(broken).counts["es"].kept == 0
    queued = [json.loads(line) for line in queue.read_text().splitlines()]
    assert sorted(item["id"] for item in queued) == ["odd", *(f"r{n}" for n in range(6))]
    first = next(item for item in queued if item["id"] == "r3")
    expected = record(3)
    start = expected["answers"][0]["start"]
    assert first["answers"] == [{"text": "853", "answer_start": start}]
    assert "es" in first["languages"] and first["passage"] == expected["passage"]

    retried = tmp_path / "retried"
    build("--input", str(queue), "--output", str(retried), "--quiet")
    mended = tmp_path / "mended"
    arguments = ["--retried", str(retried), "--output", str(mended), "--quiet"]
    assert run(["revalidate", str(broken), *arguments]) == 0
    assert run(["verify", str(mended)]) == 0
    assert manifest_of(mended).counts == manifest_of(corpus).counts
    assert shards_of(mended) == shards_of(corpus)
    assert manifest_of(mended).config["retried"] == [str(retried)]


def test_rows_of_another_licence_do_not_stand_in(tmp_path, corpus, capsys):
    other = tmp_path / "other"
    shutil.copytree(corpus, other)
    text = (other / "manifest.json").read_text()
    licence = manifest_of(corpus).translators["es"].license
    (other / "manifest.json").write_text(text.replace(licence, "CC-BY-NC-4.0"))
    arguments = ["--retried", str(other), "--output", str(tmp_path / "again")]
    with pytest.raises(SystemExit, match="2"):
        run(["revalidate", str(corpus), *arguments])
    assert "CC-BY-NC-4.0" in capsys.readouterr().err


def test_a_row_that_failed_again_stays_as_it_was():
    lost = refuse(1, "es", "decode_limit", "failed")
    again = refuse(1, "es", "wrong_language_token", "failed")
    good = make_row(1, "es", question="¿Otra vez?", split="test")
    rows = [make_row(1, "en"), lost]
    assert regroup("g", rows, [again]).drafts[0].failure == "decode_limit"
    stands = regroup("g", rows, [good]).drafts[0]
    assert (stands.failure, stands.row.question) == ("", "¿Otra vez?")
    assert stands.row.split == make_row(1, "en").split
    kept = [make_row(1, "en"), make_row(1, "es")]
    assert regroup("g", kept, [good]).drafts[0].row.question == make_row(1, "es").question


SCORER = "tests.pipelines.test_revalidate:length_of_translation"


def length_of_translation(pairs, lang):
    return [float(len(target)) for _, target in pairs]


def scores_of(folder: Path) -> list[tuple[float | None, str]]:
    rows = [row for row in rows_of(folder) if row["lang"] == "es"]
    found = [c for row in rows for c in row["checks"] if c["name"] == "odd_length"]
    return [(c["threshold"], c["verdict"]) for c in found if c["field"] == "question"]


def test_a_model_check_is_added_kept_and_judged_again_without_its_model(tmp_path, corpus):
    count = manifest_of(corpus).counts["es"].kept
    scored, kept, judged = (tmp_path / name for name in ("scored", "kept", "judged"))

    def again(before: Path, after: Path, *arguments: str) -> int:
        return run(["revalidate", str(before), "--output", str(after), "--quiet", *arguments])

    assert again(corpus, scored, "--model-checks", f"odd_length={SCORER}") == 0
    assert scores_of(scored) == [(None, "pass")] * count
    assert manifest_of(scored).counts == manifest_of(corpus).counts
    assert again(scored, kept) == 0
    assert scores_of(kept) == scores_of(scored)
    assert again(kept, judged, "--model-checks", "odd_length=@1000") == 0
    assert manifest_of(judged).counts["es"].reasons["odd_length"] > 0
    assert manifest_of(judged).config["model_checks"][0]["scorer"] == SCORER
    assert run(["verify", str(judged)]) == 0


def test_answers_are_aligned_without_translating_again(
    tmp_path, build, questions, apertium, monkeypatch
):
    monkeypatch.setattr("pipelines.answers.word_alignment.LEAST_PAIRS", 20)

    def item(number: int) -> dict[str, object]:
        passage = f"The old house number {number} in the town was built on 7 May {1824 + number}."
        answer = {"text": f"7 May {1824 + number}", "start": passage.index("7 May")}
        question = f"When was the old house number {number} built?"
        return {"id": str(number), "question": question, "passage": passage, "answers": [answer]}

    build("--input", questions(*map(item, range(12))), "--quiet")
    corpus, output = tmp_path / "corpus", tmp_path / "aligned"
    assert {row["answers"][0]["method"] for row in rows_of(corpus, "es")} == {"none"}
    assert run(["revalidate", str(corpus), "--align-answers", "--output", str(output)]) == 0
    assert manifest_of(output).config["align_answers"]
    assert manifest_of(output).counts == manifest_of(corpus).counts
    for row in rows_of(output, "es"):
        (answer,) = row["answers"]
        assert answer["method"] == "alignment"
        assert row["passage"][answer["start"] :].startswith(answer["text"])
        assert str(1824 + int(row["record_id"])) in answer["text"]


def test_unknown_limits_are_one_error_before_any_work(tmp_path, corpus, capsys):
    output = tmp_path / "again"
    with pytest.raises(SystemExit, match="2"):
        run(["revalidate", str(corpus), "--output", str(output), "--limits", "repeatz=3", "x=y"])
    assert "did you mean repeats" in capsys.readouterr().err
    assert not output.exists()


def test_limits_are_numbers_of_their_own_kind():
    limits = make_limits([("repeats", "4"), ("passage_spreads", "5.5")])
    assert changed_limits(limits) == {"repeats": 4, "passage_spreads": 5.5}
    with pytest.raises(ValueError, match="wanted a whole number"):
        make_limits([("repeats", "many")])


def test_faults_of_a_whole_language_are_told_with_numbers():
    counts = {
        "es": LanguageCounts(kept=90, rejected=10, reasons={"length_ratio": 10}),
        "ca": LanguageCounts(kept=40, rejected=60, reasons={"length_ratio": 60}),
        "pt": LanguageCounts(kept=97, failed=3, reasons={"wrong_language_token": 3}),
        "gl": LanguageCounts(kept=1, rejected=9, reasons={"untranslated": 9}),
    }
    wrong, token = systemic_faults(counts, 0.5, 0.5)
    assert "ca: 60 of 100 rows (60.0%)" in wrong and "length_ratio 60" in wrong
    assert token.startswith("pt: wrong_language_token in 3 of 100 rows")


def test_a_language_that_nobody_verified_is_a_fault_only_where_a_detector_knows_it():
    counts = {"es": LanguageCounts(kept=100, unverified=60)}
    (fault,) = systemic_faults(counts, 0.5, 0.5)
    assert fault.startswith("es: the language of 60 of 100 kept rows (60.0%)")
    assert systemic_faults(counts, 0.5, 0.6) == []

    def row(*names: str, verdict: str = "skipped") -> list[Check]:
        return [Check(name, "question", None, None, verdict) for name in names]

    assert is_unverified(row("unverified_short", "empty"))
    assert is_unverified(row("language_disputed"))
    assert not is_unverified(row("script_only", "unverified_short"))
    assert not is_unverified(row("similar_language"))
    assert not is_unverified([*row("unverified_short"), *row("wrong_language", verdict="pass")])


def test_limits_in_a_file_are_a_mapping_or_a_list(tmp_path, build, questions, apertium):
    source = questions(record(1))
    for output, limits in (("one", "{repeats: 4}"), ("two", "[repeats=4]")):
        config = tmp_path / "options.yaml"
        config.write_text(f"limits: {limits}\n")
        assert build("--config", str(config), "--input", source, "--quiet", output=output) == 0
        assert manifest_of(tmp_path / output).config["limits"] == {"repeats": 4}
