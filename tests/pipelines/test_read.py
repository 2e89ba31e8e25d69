"""Reading in a pipeline: sources of every kind together, joins, nothing lost."""

import gzip
import json
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.ingest.read import Read, read_unit
from pipelines.ingest.source import check_sources, parse_source
from schemas.record import Answer, FailedRecord, Record

DATA = Path(__file__).parents[3] / "shared" / "data"


def run(sources, records, failed):
    """Read in a pipeline; compare whole records, and reason, line and id of failed ones."""
    check_sources(sources)
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        out = pipeline | Read(sources)
        assert (out.records.element_type, out.failed.element_type) == (Record, FailedRecord)
        keys = out.failed | beam.Map(lambda f: (f.reason, Path(f.source).name, f.line, f.record_id))
        assert_that(out.records, equal_to(records), label="records")
        assert_that(keys, equal_to(failed), label="failed")
    counters = pipeline.result.metrics().query()["counters"]
    return {c.key.metric.name: c.committed for c in counters if c.key.metric.namespace == "read"}


def lines(*objects):
    return "".join(json.dumps(o) + "\n" for o in objects)


def test_every_item_of_every_file_is_a_record_or_a_failure(tmp_path):
    pair = {"question": "q", "context": "a cat", "answers": ["cat"]}
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.jsonl").write_text(lines(pair, {"question": "q"}, pair))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.jsonl").write_text("")
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"q,c\nq1,c1\n" + b"q2,c2\n" * 2)[:-6])
    fields = (("question", "q"), ("passage", "c"))
    counts = run(
        [
            parse_source(f"{tmp_path}/*/x.jsonl#dev", dataset="one"),
            parse_source(f"{tmp_path}/c.csv.gz", fields=fields, license="MIT"),
        ],
        [
            Record("a/x.jsonl:1", "one", "validation", "q", "a cat", "", (Answer("cat"),)),
            Record("a/x.jsonl:3", "one", "validation", "q", "a cat", "", (Answer("cat"),)),
            Record("c.csv.gz:2", "c", "train", "q1", "c1", license="MIT"),
            Record("c.csv.gz:3", "c", "train", "q2", "c2", license="MIT"),
            Record("c.csv.gz:4", "c", "train", "q2", "c2", license="MIT"),
        ],
        [
            ("missing_passage", "x.jsonl", 2, "a/x.jsonl:2"),
            ("empty_file", "x.jsonl", 0, ""),
            ("truncated_file", "c.csv.gz", 0, ""),
        ],
    )
    assert counts == {"records": 5, "missing_passage": 1, "empty_file": 1, "truncated_file": 1}


def make_beir(folder):
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(
        lines(
            {"_id": "d1", "title": "One", "text": "first"},
            {"_id": "d2", "title": "", "text": "second"},
            {"_id": "d3", "title": "Unused", "text": "third"},
            {"_id": "d4", "title": "", "text": " "},
            {"_id": "d5", "text": "this"},
            {"_id": "d5", "text": "that"},
            {"_id": "d1", "title": "One", "text": "first"},
            {"text": "nameless"},
        )
    )
    (folder / "queries.jsonl").write_text(
        lines({"_id": "q1", "text": "which?"}, {"_id": "q2", "text": "unused?"}) + "{\n"
    )
    (folder / "qrels" / "train.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td3\t0\nq9\td1\t1\nq1\td4\t1\nq1\td5\t2\n"
    )
    (folder / "qrels" / "dev.tsv").write_text(
        "query-id\tcorpus-id\tscore\nq1\td2\t2\nq1\td9\t1\nq1\td2\t1\nodd line\n"
    )


TRAIN = Record("q1:d1", "set", "train", "which?", "first", "One")
VALIDATION = Record("q1:d2", "set", "validation", "which?", "second")


def test_beir_gives_a_record_for_each_positive_judgement_and_counts_dangling_ones(tmp_path):
    make_beir(tmp_path / "set")
    run(
        [parse_source(str(tmp_path / "set"))],
        [TRAIN, VALIDATION],
        [
            ("missing_id", "corpus.jsonl", 8, ""),
            ("malformed_json", "queries.jsonl", 3, ""),
            ("missing_query", "train.tsv", 4, "q9:d1"),
            ("empty_passage", "train.tsv", 5, "q1:d4"),
            ("duplicate_id", "train.tsv", 6, "q1:d5"),
            ("missing_passage", "dev.tsv", 3, "q1:d9"),
            ("malformed_judgement", "dev.tsv", 5, ""),
        ],
    )


def test_two_collections_with_the_same_ids_are_kept_apart_and_a_split_can_be_chosen(tmp_path):
    for name, text in {"one": "first", "two": "other"}.items():
        folder = tmp_path / name
        (folder / "qrels").mkdir(parents=True)
        (folder / "corpus.jsonl").write_text(lines({"_id": "d", "text": text}))
        (folder / "queries.jsonl").write_text(lines({"_id": "q", "text": "which?"}))
        (folder / "qrels" / "train.tsv").write_text("q\td\t1\n")
        (folder / "qrels" / "test.tsv").write_text("q\td\t1\n")
    run(
        [parse_source(f"{tmp_path}/one"), parse_source(f"{tmp_path}/two#test")],
        [
            Record("q:d", "one", "train", "which?", "first"),
            Record("q:d", "one", "test", "which?", "first"),
            Record("q:d", "two", "test", "which?", "other"),
        ],
        [],
    )


def test_ms_marco_is_joined_and_repeated_judgements_count_once(tmp_path):
    (tmp_path / "collection.tsv").write_bytes(b'1\tfirst "quoted\r\n2\tsecond\n3\t\xff\nodd\n')
    (tmp_path / "queries.dev.tsv").write_text("7\twhich?\n")
    (tmp_path / "queries.dev.small.tsv").write_text("7\twhich?\n")
    (tmp_path / "qrels.dev.tsv").write_text("7 0 1 1\n7 0 2 0\n")
    (tmp_path / "qrels.dev.small.tsv").write_text("7\t0\t1\t1\n")
    run(
        [parse_source(f"msmarco:{tmp_path}", dataset="msmarco")],
        [Record("7:1", "msmarco", "validation", "which?", 'first "quoted')],
        [
            ("invalid_utf8", "collection.tsv", 3, ""),
            ("wrong_column_count", "collection.tsv", 4, ""),
        ],
    )


def test_hugging_face_splits_are_read_and_can_be_chosen(tmp_path):
    datasets = pytest.importorskip("datasets", reason="the datasets package is not installed")
    rows = datasets.Dataset.from_list([{"question": "q", "context": "c"}])
    saved = datasets.DatasetDict({"train": rows, "test": rows})
    saved.save_to_disk(str(tmp_path / "saved"))
    train = Record("saved:1", "saved", "train", "q", "c")
    test = Record("saved:1", "saved", "test", "q", "c")
    run([parse_source(str(tmp_path / "saved"))], [train, test], [])
    run([parse_source(f"hf:{tmp_path}/saved#test")], [test], [])


def test_a_file_that_has_gone_is_a_failure(tmp_path):
    source = parse_source(str(tmp_path / "gone.jsonl"))
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        failed = (pipeline | Read([source])).failed | beam.Map(lambda f: f.reason)
        assert_that(failed, equal_to(["no_file"]))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared trial data is not here")
@pytest.mark.parametrize(
    ("text", "fields", "count", "answers"),
    [
        ("medquad.jsonl.gz", ("question=question", "passage=answer", "id=id"), 16407, 0),
        ("qed-dev.jsonlines", (), 1355, 2303),
        ("squad:xquad-r/en.json", (), 1190, 1190),
    ],
)
def test_real_data_is_read_whole_and_every_answer_is_in_its_place(text, fields, count, answers):
    prefix, _, name = text.rpartition(":")
    fields = tuple(tuple(field.split("=")) for field in fields)
    source = parse_source(f"{prefix}:{DATA / name}".lstrip(":"), fields=fields)
    check_sources([source])
    records = list(read_unit(source, source.path))
    assert len(records) == count
    placed = [(r.passage, a) for r in records for a in r.answers]
    assert len(placed) == answers
    assert all(passage.startswith(a.text, a.start) and a.start >= 0 for passage, a in placed)
