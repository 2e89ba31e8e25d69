"""Sources as the user names them, and what is refused before any work."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.formats.dialect import parse_dialect
from pipelines.ingest.preview import describe, describe_example
from pipelines.ingest.source import Source, check_sources, parse_source

PAIR = '{"question": "q", "context": "c"}\n'


@pytest.mark.parametrize(
    ("text", "path", "format"),
    [
        ("a/set.jsonl", "a/set.jsonl", "jsonl"),
        ("a/set.jsonlines.gz", "a/set.jsonlines.gz", "jsonl"),
        ("a/train-v2.0.json.zst", "a/train-v2.0.json.zst", "json"),
        ("a/*.CSV.bz2", "a/*.CSV.bz2", "csv"),
        ("a/set.pq", "a/set.pq", "parquet"),
        ("squad:a/set.json", "a/set.json", "squad"),
        ("s3://bucket/set.tsv", "s3://bucket/set.tsv", "tsv"),
        ("tsv:gs://bucket/set", "gs://bucket/set", "tsv"),
        ("hf:nq:pair#train[:1%]", "nq:pair", "hf"),
        ("sqaud:a.json", "a.json", "sqaud"),
        ("a/12:30.jsonl", "a/12:30.jsonl", "jsonl"),
        ("no-such-thing", "no-such-thing", ""),
    ],
)
def test_format_and_path_are_told_apart(text, path, format):
    source = parse_source(text)
    assert (source.path, source.format) == (path, format)


@pytest.mark.parametrize(
    ("text", "dataset", "split"),
    [
        ("a/medquad.jsonl.gz", "medquad", ""),
        ("a/my_set-v2.jsonl", "my_set-v2", ""),
        ("squad/train-v2.0.json", "squad", ""),
        ("a/qed-dev.jsonlines#dev", "qed", "dev"),
        ("squad/*.json#test", "squad", "test"),
        ("a/part-[0-9]*.jsonl", "part", ""),
        ("a/set#1.jsonl", "set#1", ""),
        ("*.jsonl", "dataset", ""),
        ("beir:data/scifact/", "scifact", ""),
        ("hf:org/name:config#validation_matched", "name", "validation_matched"),
    ],
)
def test_dataset_and_split_are_read_from_the_name(text, dataset, split):
    source = parse_source(text)
    assert (source.dataset, source.split) == (dataset, split)


def test_directories_are_recognised_by_what_is_in_them(tmp_path):
    for folder, names in {
        "scifact": ["corpus.jsonl.gz", "queries.jsonl"],
        "msmarco": ["collection.tsv"],
        "saved": ["dataset_dict.json"],
        "other": ["a.txt"],
    }.items():
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / name).touch()
    found = {p.name: parse_source(str(p)).format for p in tmp_path.iterdir()}
    assert found == {"scifact": "beir", "msmarco": "msmarco", "saved": "hf", "other": ""}


def test_a_source_survives_pickle_and_json():
    source = parse_source("a.jsonl", fields=(("question", "Q"),), license="MIT", split="dev")
    assert pickle.loads(pickle.dumps(source)) == source
    again = json.loads(json.dumps(source.as_json()))
    fields = tuple((target, path) for target, path in again.pop("fields"))
    assert Source(**again, fields=fields) == source


def test_what_the_user_says_of_a_dialect_is_part_of_the_source():
    dialect = parse_dialect("windows-1252", "semicolon")
    facts = parse_source("a.csv", dialect=dialect, strict=True).as_json()
    assert facts["strict"]
    assert facts["dialect"] == {"encoding": "windows-1252", "separator": ";", "columns": ()}


def test_ids_start_with_the_path_below_what_the_files_have_in_common():
    source = parse_source("data/*/part.jsonl#dev")
    origin = source.origin("data/a/part.jsonl")
    assert (origin.name, origin.split) == ("a/part.jsonl", "validation")
    assert parse_source("data/a/part.jsonl").origin("data/a/part.jsonl").name == "part.jsonl"


def problems(*sources):
    with pytest.raises(ValueError) as error:
        check_sources(sources)
    return str(error.value)


def test_good_sources_are_accepted(tmp_path):
    (tmp_path / "a.jsonl").write_text(PAIR)
    check_sources(
        [parse_source(str(tmp_path / "a.jsonl")), parse_source(f"{tmp_path}/*.jsonl#dev")]
    )


def test_a_file_with_one_good_record_is_accepted_whatever_the_others_are(tmp_path):
    (tmp_path / "a.jsonl").write_text("{}\n{\n" + PAIR)
    check_sources([parse_source(str(tmp_path / "a.jsonl"))])


def test_all_problems_are_reported_at_once(tmp_path):
    (tmp_path / "medquad.jsonl").write_text(PAIR)
    (tmp_path / "odd.jsonl").write_text('{"prompt": "p", "reply": "r"}\n')
    (tmp_path / "list.jsonl").write_text("[1]\n")
    (tmp_path / "data.parquet.gz").touch()
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "a.txt").touch()
    message = problems(
        parse_source(f"{tmp_path}/medqaud.jsonl"),
        parse_source(f"{tmp_path}/*.csv"),
        parse_source(f"sqaud:{tmp_path}/medquad.jsonl"),
        parse_source(f"{tmp_path}/medquad.jsonl", fields=(("question", "a..b"),)),
        parse_source(f"{tmp_path}/medquad.jsonl", split="holdout"),
        parse_source(f"{tmp_path}/odd.jsonl"),
        parse_source(f"{tmp_path}/list.jsonl"),
        parse_source(f"{tmp_path}/data.parquet.gz"),
        parse_source(f"{tmp_path}/dir"),
        parse_source(f"jsonl:{tmp_path}/dir"),
        parse_source("hf:./no-such-directory"),
        parse_source("what"),
    )
    for expected in (
        "medqaud.jsonl: no such file; did you mean medquad.jsonl?",
        "*.csv: no file matches",
        "unknown format 'sqaud'; did you mean squad?",
        "question=a..b: expected a name",
        "unknown split 'holdout'",
        "found: prompt, reply",
        "list.jsonl: none of the first 1 items can be used; the item is a list",
        "decompress it first",
        "dir: is a directory of no known layout",
        "dir: is a directory; name its files",
        "no-such-directory: there is no such directory",
        "what: cannot tell the format",
    ):
        assert expected in message


def test_the_same_place_twice_is_refused(tmp_path):
    (tmp_path / "a.jsonl").write_text(PAIR)
    source = parse_source(str(tmp_path / "a.jsonl"))
    assert "named more than once" in problems(source, source)


def test_how_a_source_was_understood_is_told(tmp_path):
    table = "QUESTION;CONTEXTS;final_decision;LONG_ANSWER\nwhy?;because;yes;long\n"
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(table, encoding="utf-16")
    (tmp_path / "c.csv").write_text("question,context\nq,c\n")
    fields = (("answers", "final_decision"),)
    first, second = check_sources([parse_source(f"{tmp_path}/*.csv", fields=fields)])
    assert describe(first) == (
        f"{tmp_path}/*.csv (csv, 2 files, UTF-16-LE by its byte order mark, columns separated by "
        "semicolon): question <- QUESTION, passage <- CONTEXTS (guessed), "
        "answers <- final_decision; ignored: LONG_ANSWER"
    )
    assert describe_example(first.example) == [
        "  id        a.csv:2",
        "  question  why?",
        "  passage   because",
        "  answers   yes",
    ]
    assert [f.path for f in second.fields] == ["question", "context", "final_decision"]


def test_a_layout_that_is_known_is_named_and_a_table_with_odd_bytes_gets_advice(tmp_path):
    line = {"question_text": "q", "paragraph_text": "p", "original_nq_answers": []}
    (tmp_path / "qed.jsonl").write_text(json.dumps(line))
    (tmp_path / "odd.csv").write_bytes(b"question,context\nq,c\nq,caf\xe9\n")
    qed, odd = check_sources(map(parse_source, (f"{tmp_path}/qed.jsonl", f"{tmp_path}/odd.csv")))
    assert "laid out as Natural Questions" in describe(qed)
    assert "1 of the first 2 items are not UTF-8: add --encoding windows-1252" in describe(odd)


def test_guesses_are_refused_where_only_the_users_own_words_count(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"query": "q", "context": "c"}\n')
    strict = parse_source(f"{tmp_path}/a.jsonl", strict=True)
    assert "--strict-fields allows no guesses" in problems(strict)
    assert "--fields question=query" in problems(strict)
    check_sources([parse_source(strict.path, fields=(("question", "query"),), strict=True)])


def test_a_set_without_passages_is_refused_with_what_is_missing(tmp_path):
    (tmp_path / "nq.jsonl").write_text('{"question": "which?", "answer": ["blue", "red"]}\n')
    message = problems(parse_source(f"{tmp_path}/nq.jsonl"))
    assert "no passage, a text that answers the question" in message
    assert "only short answers in 'answer'" in message


def test_a_table_without_a_header_is_refused_with_what_to_type(tmp_path):
    (tmp_path / "a.csv").write_text("q1,Where?,There.\nq2,Who?,He.\n")
    assert "--columns id,question,passage" in problems(parse_source(f"{tmp_path}/a.csv"))
    dialect = parse_dialect(columns=("id", "question", "passage"))
    (reading,) = check_sources([parse_source(f"{tmp_path}/a.csv", dialect=dialect)])
    assert reading.example.record_id == "q1"


def test_a_saved_dataset_is_looked_at_too(tmp_path):
    datasets = pytest.importorskip("datasets", reason="the datasets package is not installed")
    rows = datasets.Dataset.from_list([{"query": "q", "context": "c"}])
    rows.save_to_disk(str(tmp_path / "saved"))
    (reading,) = check_sources([parse_source(str(tmp_path / "saved"))])
    assert "question <- query (guessed), passage <- context" in describe(reading)


def test_an_unknown_file_system_is_a_problem_not_a_crash():
    assert "cannot be opened" in problems(parse_source("jsonl:weird://bucket/a"))


def test_no_source_is_a_problem():
    assert "there is no source" in problems()


def test_a_collection_names_every_part_it_misses(tmp_path):
    (tmp_path / "corpus.jsonl").touch()
    message = problems(parse_source(f"beir:{tmp_path}"))
    assert "no queries: wanted queries.jsonl" in message
    assert "no judgements: wanted qrels/*.tsv" in message


def test_a_collection_without_the_wanted_split_says_which_there_are(tmp_path):
    (tmp_path / "qrels").mkdir()
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "qrels/dev.tsv"):
        (tmp_path / name).touch()
    message = problems(parse_source(f"{tmp_path}#train"))
    assert "no judgements for train; found: test, validation" in message


@given(st.text(max_size=20))
def test_any_text_can_be_parsed(text):
    assert isinstance(parse_source("./no/" + text), Source)
