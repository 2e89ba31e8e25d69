"""The facts of a report: counted right, drawn fairly, bounded, the same every time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.report import sample
from pipelines.report.distribution import LENGTH_SCALE, SHARE_SCALE, describe
from pipelines.report.facts import gather_facts
from schemas.check import PASS, Check
from schemas.command import FailedRunError
from schemas.manifest import SourceCounts
from tests.pipelines.report_corpus import ReportCorpus, make_corpus, make_row, refuse

HAPPY = {"source": SourceCounts(read=2, groups=2), "translators": {}, "segments": {}}


@pytest.fixture
def facts(tmp_path):
    return gather_facts(str(tmp_path), make_corpus(tmp_path))


def rows_of(facts, **wanted):
    return [
        row
        for group in facts["sample"]
        for row in group["rows"]
        if all(row.get(name) == value for name, value in wanted.items())
    ]


def test_counts_are_those_of_the_manifest_and_the_files(facts):
    spanish = facts["languages"]["es"]
    assert (spanish["kept"], spanish["rejected"], spanish["failed"]) == (38, 2, 0)
    assert spanish["reasons"] == {"untranslated": 1, "length_ratio": 1}
    assert spanish["splits"] == {"train": 34, "validation": 4}
    assert facts["corpus"]["rows"] == 184
    assert facts["corpus"]["complete_groups"] == 24
    assert facts["corpus"]["groups_by_languages"] == {"4": 16, "5": 24}
    assert facts["source"]["leaked"] == {"xquad": 3}
    assert facts["source_examples"]["duplicate"][0]["record_id"] == "r99"


def test_every_check_of_every_row_is_counted_also_in_quarantine(facts):
    checks = {(c["name"], c["field"]): c for c in facts["languages"]["es"]["checks"]}
    assert checks["empty", "question"]["pass"] == 40
    assert checks["length_ratio", "question"]["reject"] == 1
    assert checks["number_missing", "passage"]["flag"] == 6
    assert facts["languages"]["es"]["length_ratio"]["question"]["count"] == 40


def test_a_text_is_called_verified_only_when_its_language_was_recognised(facts):
    spanish = facts["languages"]["es"]["language_verdicts"]["question"]
    assert spanish == {
        "verified": 31, "similar": 4, "short": 4, "script_only": 0, "disputed": 0,
        "refused": 1, "wrong_script": 0,
    }  # fmt: skip
    galician = facts["languages"]["gl"]["language_verdicts"]["question"]
    assert (galician["verified"], galician["script_only"]) == (0, 40)
    assert facts["languages"]["ar"]["language_verdicts"]["question"]["wrong_script"] == 1


def test_evidence_is_shown_only_where_a_detector_measured_it(facts):
    assert facts["languages"]["es"]["language_evidence"]["question"]["count"] == 32
    assert facts["languages"]["gl"]["language_evidence"] == {}
    assert facts["languages"]["zh-Hans"]["language_evidence"] == {}


def test_scores_and_unknown_words_are_split_by_fate(facts):
    bins = facts["languages"]["es"]["measures"]["score_mean"]["bins"]
    assert (sum(bins["kept"]), sum(bins["quarantined"])) == (38, 2)
    assert list(facts["languages"]["gl"]["measures"]) == ["unknown_share"]


def test_answers_are_counted_by_how_they_were_found(facts):
    assert facts["languages"]["en"]["methods"] == {"source": 40}
    assert facts["languages"]["es"]["methods"] == {"none": 1, "verbatim": 37}


def test_alarms_name_the_language_the_limit_and_the_numbers(facts):
    told = {(alarm["lang"], alarm["kind"]): alarm["text"] for alarm in facts["alarms"]}
    assert set(told) == {("gl", "rejected"), ("gl", "unverified")}
    assert "30.0% of the rows were rejected (alarm above 20%)" in told["gl", "rejected"]
    assert "100.0% of the questions" in told["gl", "unverified"]


def test_an_alarm_is_raised_for_three_times_the_median_but_not_for_next_to_nothing(tmp_path):
    corpus = ReportCorpus(tmp_path)
    languages = ("en", "es", "ar", "gl")
    refused = {(n, "es") for n in range(8)} | {(0, "ar")}
    corpus.put_rows(
        make_row(n, lang) for n in range(100) for lang in languages if (n, lang) not in refused
    )
    corpus.put_quarantine([refuse(n, lang, "length_ratio") for n, lang in sorted(refused)])
    manifest = corpus.manifest(languages=list(languages), source=SourceCounts(read=100, groups=100))
    alarms = gather_facts(str(tmp_path), manifest)["alarms"]
    assert [a["lang"] for a in alarms if a["kind"] == "rejected"] == ["es"]


def test_lost_records_are_an_alarm(tmp_path):
    manifest = make_corpus(tmp_path)
    short = manifest.model_copy(update={"source": SourceCounts(read=50, groups=41)})
    kinds = [alarm["kind"] for alarm in gather_facts(str(tmp_path), short)["alarms"]]
    assert "conservation" in kinds


def test_faults_and_leaks_after_translation_are_alarms(tmp_path):
    changes = {"faults": ["es: too few"], "alarms": {"es": {"xquad": {"passage": 1_200}}}}
    manifest = make_corpus(tmp_path).model_copy(update=changes)
    alarms = gather_facts(str(tmp_path), manifest)["alarms"]
    assert {
        "lang": "",
        "kind": "fault",
        "text": "The corpus is marked failed: es: too few.",
    } in alarms
    (leak,) = (alarm for alarm in alarms if alarm["kind"] == "leak")
    assert leak["lang"] == "es" and "1,200 passages" in leak["text"] and "xquad" in leak["text"]


def test_the_sample_has_kept_rejected_and_failed_rows_beside_the_english_ones(facts):
    assert all(group["rows"][0]["status"] == "source" for group in facts["sample"])
    assert rows_of(facts, lang="ar", status="kept")
    (failed,) = rows_of(facts, status="failed")
    assert failed["reason"] == "failed" and "question" not in failed
    (rejected,) = rows_of(facts, lang="es", reason="untranslated")
    assert ["untranslated", "question", -40.0, -12.0, "reject"] in rejected["checks"]


def test_long_passages_are_cut_and_say_how_long_they_are(facts):
    (row,) = [row for row in rows_of(facts, lang="es") if "characters" in row]
    assert len(row["passage"]) == sample.LONGEST_TEXT < row["characters"]


def test_the_groups_with_the_smallest_ids_are_drawn_whatever_the_shards(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "GROUPS", 5)
    monkeypatch.setattr("pipelines.corpus.sorted_file.ROW_GROUP_ROWS", 7)
    drawn = []
    for name, shards in (("one", 1), ("three", 3)):
        corpus = ReportCorpus(tmp_path / name)
        rows = [make_row(n, lang) for n in range(60) for lang in ("en", "es")]
        for number in range(shards):
            part = [row for row in rows if int(row.group_id, 16) % shards == number]
            corpus.put_rows(part, number, shards)
        manifest = corpus.manifest(languages=["en", "es"], **HAPPY)
        drawn.append(gather_facts(str(tmp_path / name), manifest)["sample"])
    ids = sorted({make_row(n, "en").group_id for n in range(60)})[:5]
    assert [group["id"] for group in drawn[0]] == ids
    assert all(len(group["rows"]) == 2 for group in drawn[0])
    assert drawn[0] == drawn[1]


def test_a_few_quarantined_rows_are_drawn_for_every_reason_and_language(tmp_path, monkeypatch):
    monkeypatch.setattr(sample, "GROUPS", 1)
    monkeypatch.setattr(sample, "ROWS_PER_REASON", 3)
    corpus = ReportCorpus(tmp_path)
    corpus.put_rows(make_row(n, "en") for n in range(50))
    corpus.put_quarantine(
        [refuse(n, "es", ("length_ratio", "untranslated")[n % 2]) for n in range(50)]
        + [refuse(n, "ar", "wrong_script") for n in range(50)]
    )
    facts = gather_facts(str(tmp_path), corpus.manifest(languages=["en", "es", "ar"], **HAPPY))
    first, *others = facts["sample"]
    assert {row["lang"] for row in first["rows"]} == {"en", "es", "ar"}
    drawn = [(r["lang"], r["reason"]) for g in others for r in g["rows"] if r["lang"] != "en"]
    for key in (("es", "length_ratio"), ("es", "untranslated"), ("ar", "wrong_script")):
        assert 2 <= drawn.count(key) <= 3
    assert len({group["id"] for group in facts["sample"]}) == len(facts["sample"])


def test_the_sample_never_outgrows_its_budget(tmp_path, monkeypatch):
    manifest = make_corpus(tmp_path)
    whole = gather_facts(str(tmp_path), manifest)["sample"]
    monkeypatch.setattr(sample, "BUDGET", 20_000)
    cut = gather_facts(str(tmp_path), manifest)["sample"]
    assert 0 < len(cut) < len(whole)
    assert cut[0] == whole[0]


def test_the_same_corpus_gives_the_same_facts(tmp_path):
    manifest = make_corpus(tmp_path)
    assert gather_facts(str(tmp_path), manifest) == gather_facts(str(tmp_path), manifest)


def test_values_that_are_no_numbers_are_left_out(tmp_path):
    corpus = ReportCorpus(tmp_path)
    strange = (
        Check("length_ratio", "question", float("nan"), 0.7, PASS),
        Check("length_ratio", "question", float("-inf"), 0.7, PASS),
        Check("length_ratio", "question", 0.0, 0.7, PASS),
    )
    rows = [make_row(1, "en"), make_row(2, "en"), make_row(1, "es"), make_row(2, "es")]
    corpus.put_rows(replace(r, checks=strange if r.lang == "es" else ()) for r in rows)
    facts = gather_facts(str(tmp_path), corpus.manifest(languages=["en", "es"], **HAPPY))
    spanish = facts["languages"]["es"]
    assert spanish["length_ratio"]["question"]["count"] == 2
    assert spanish["checks"][0]["pass"] == 6
    assert rows_of(facts, lang="es")[0]["checks"][0][2] is None


def test_a_corpus_without_any_translation_has_facts_too(tmp_path):
    corpus = ReportCorpus(tmp_path)
    corpus.put_rows([make_row(1, "en"), make_row(2, "en")])
    corpus.put_quarantine([refuse(n, "es", "failed", "failed") for n in (1, 2)])
    facts = gather_facts(str(tmp_path), corpus.manifest(languages=["en", "es"], **HAPPY))
    assert facts["languages"]["es"]["checks"] == []
    assert [a["kind"] for a in facts["alarms"]] == ["failed"]


def test_a_missing_file_is_a_failure_that_says_what_to_do(tmp_path):
    manifest = make_corpus(tmp_path)
    (tmp_path / manifest.files[0].path).unlink()
    with pytest.raises(FailedRunError, match=r"missing; `tandemqa verify"):
        gather_facts(str(tmp_path), manifest)


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["pass", "reject"]), st.integers(-3000, 3000)),
        st.integers(1, 10**6),
        min_size=1,
    ),
    st.sampled_from([LENGTH_SCALE, SHARE_SCALE]),
)
def test_a_distribution_loses_no_value_and_its_percentiles_are_values(counts, scale):
    described = describe(counts, scale)
    assert described["count"] == sum(counts.values())
    assert sum(map(sum, described["bins"].values())) == described["count"]
    percentiles = list(described["percentiles"].values())
    assert percentiles == sorted(percentiles)
    assert set(percentiles) <= {step / 100 for _, step in counts}
