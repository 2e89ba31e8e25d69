"""Collections as sources of a build: every layout, and what contradicts itself."""

import json

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.ingest.read import Read
from pipelines.ingest.source import check_sources, parse_source
from tests.collection_layouts import DOCUMENTS, JUDGED, LAYOUTS, QUESTIONS, beir
from tests.trainer.tiny_benchmark import write_beir


def read(source, records, failed=()):
    """Read in a pipeline; compare id, question, passage and title, and what failed."""
    check_sources([source])
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        out = pipeline | Read([source])
        found = out.records | beam.Map(
            lambda r: (r.record_id, r.split, r.question, f"{r.title} {r.passage}".strip())
        )
        reasons = out.failed | beam.Map(lambda f: (f.reason, f.line, f.record_id))
        assert_that(found, equal_to(records), label="records")
        assert_that(reasons, equal_to(list(failed)), label="failed")


@pytest.mark.parametrize("write", LAYOUTS)
def test_every_layout_is_recognised_and_read(tmp_path, write):
    path = write(tmp_path / "set") or tmp_path / "set"
    source = parse_source(str(path))
    assert source.dataset == "set"
    dev = write.__name__ == "ms_marco"
    read(
        parse_source(f"{path}#{'dev' if dev else 'test'}"),
        [
            (f"{q}:{d}", "validation" if dev else "test", QUESTIONS[q], f"Title {d} {DOCUMENTS[d]}")
            for q, d, _ in JUDGED
        ],
    )


def test_of_several_languages_the_english_one_is_read(tmp_path):
    for lang in ("en", "es"):
        write_beir(tmp_path / lang, {"d1": f"a passage in {lang}"}, {"q1": f"what in {lang}?"})
    passage = "Title d1 a passage in en"
    read(parse_source(str(tmp_path)), [("q1:d1", "test", "what in en?", passage)])
    (tmp_path / "en").rename(tmp_path / "de")
    with pytest.raises(ValueError, match="it holds de, es, but nothing in English"):
        check_sources([parse_source(str(tmp_path))])


def test_judgements_that_contradict_each_other_fail(tmp_path):
    beir(tmp_path / "set")
    rows = ["query_id\tcorpus_id\tscore", "q0\td0\t1.0", "q1\td1\t1", "q0\td0\t0", "q2\td2\t-1"]
    (tmp_path / "set" / "qrels" / "test.tsv").write_text("\n".join(rows), "utf-8-sig")
    read(
        parse_source(str(tmp_path / "set")),
        [("q1:d1", "test", QUESTIONS["q1"], f"Title d1 {DOCUMENTS['d1']}")],
        [("contradictory_judgement", 2, "q0:d0")],
    )


@pytest.mark.parametrize("text", [None, "", float("nan"), ...])
def test_judged_texts_that_are_missing_fail(tmp_path, text):
    beir(tmp_path / "set")
    added = json.dumps({"_id": "new"} | ({} if text is ... else {"text": text}))
    for name in ("corpus", "queries"):
        with (tmp_path / "set" / f"{name}.jsonl").open("a") as lines:
            lines.write(added + "\n")
    judged = "new\td1\t1\nq1\tnew\t1\nq1\td1\t1\n"
    (tmp_path / "set" / "qrels" / "test.tsv").write_text(judged)
    read(
        parse_source(str(tmp_path / "set")),
        [("q1:d1", "test", QUESTIONS["q1"], f"Title d1 {DOCUMENTS['d1']}")],
        [("empty_question", 1, "new:d1"), ("empty_passage", 2, "q1:new")],
    )


def test_a_zip_file_without_a_collection_is_refused_by_name(tmp_path):
    path = tmp_path / "set.zip"
    path.write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match=r"set\.zip: cannot be opened: not a zip file"):
        check_sources([parse_source(str(path))])
