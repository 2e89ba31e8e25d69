"""Decontamination in a pipeline: planted evaluation items go, everything else stays."""

import gzip
import json
from dataclasses import replace

import apache_beam as beam
import pytest
from apache_beam.testing.util import assert_that, equal_to

from pipelines.leaks.decontaminate import Decontaminate
from pipelines.leaks.evaluation_sets import (
    EvaluationSetError,
    check_evaluation_sets,
    parse_evaluation_set,
    read_items,
)
from pipelines.leaks.rules import EvaluationItem
from schemas.record import Record

RIVER = "The river Lome rises in the hills of Verd, passes three old mills and ends in a lake."
TOWER = "The tower of Brinn was built by two masons in a single summer, and no one knows why."
HARBOUR = "The harbour of Sorvik freezes each winter, so that ships must wait there until March."
HEX_ID = "56beb4343aeaaa14008c925b"


def check(sets, records, kept, leaked):
    """Decontaminate in a pipeline; compare kept ids, and reason and set of removed ones by id."""
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        identified = pipeline | beam.Create([(f"g{n}", r) for n, r in enumerate(records)])
        out = identified | Decontaminate(sets)
        ids = out.records | "Ids" >> beam.Map(lambda pair: pair[1].record_id)
        told = out.leaked | "Told" >> beam.Map(lambda pair: (pair[1].record_id, pair[1].reason))
        assert_that(ids, equal_to(sorted(kept)), label="kept")
        assert_that(told, equal_to([(i, f"contaminated_{r}") for i, r in leaked]), label="leaked")


def record(record_id, question, passage):
    return Record(record_id, "d", "train", question, passage)


@pytest.fixture
def river(questions):
    path = questions({"id": HEX_ID, "question": "Where does the Lome rise?", "passage": RIVER})
    return parse_evaluation_set(f"rivers={path}")


def test_a_passage_goes_with_all_its_questions_and_a_question_alone(river):
    check(
        [river],
        [
            record("same", "Where does the Lome rise?", RIVER),
            record("other question", "How many mills are there?", RIVER.upper()),
            record("part", "What is old?", f"{TOWER} {RIVER} {HARBOUR}"),
            record("other passage", "where does the lome rise", TOWER),
            record("clean", "Who built it?", TOWER),
        ],
        kept=["clean"],
        leaked=[
            ("same", "passage"),
            ("other question", "passage"),
            ("part", "passage"),
            ("other passage", "question"),
        ],
    )


def test_an_id_of_a_set_takes_the_whole_passage_with_it(river):
    check(
        [river],
        [
            record(HEX_ID, "Rewritten?", TOWER),
            record("sibling", "Who built it?", TOWER),
            record("clean", "What freezes?", HARBOUR),
        ],
        kept=["clean"],
        leaked=[(HEX_ID, "id"), ("sibling", "passage")],
    )


def test_a_short_question_asked_of_everything_is_no_leak(questions):
    path = questions(
        {"question": "What is it?", "passage": RIVER},
        {"question": "Who was Sorvik?", "passage": HARBOUR},
    )
    generic = [record(f"g{n}", "What is it?", f"Entry {n} of the list.") for n in range(9)]
    rare = [record(f"r{n}", "Who was Sorvik?", f"Entry {n} of the list.") for n in range(8)]
    check(
        [parse_evaluation_set(path)],
        generic + rare,
        kept=[r.record_id for r in generic],
        leaked=[(r.record_id, "question") for r in rare],
    )


def test_each_removed_record_counts_once_for_the_first_set_named(questions, river):
    again = parse_evaluation_set(
        "again=" + questions({"question": "Q?", "passage": RIVER}, name="again.jsonl")
    )
    for sets in ([river, again], [again, river]):
        first, second = (evaluation_set.name for evaluation_set in sets)
        with beam.Pipeline(runner="FnApiRunner") as pipeline:
            out = pipeline | beam.Create([("g", record("a", "How?", RIVER))]) | Decontaminate(sets)
            told = out.leaked | beam.MapTuple(lambda name, f: (name, f.detail.split("set ")[1]))
            assert_that(told, equal_to([(first, f"{first}; it is also tied to {second}")]))


def test_the_order_of_the_input_changes_nothing(river):
    clean = [record(f"h{n}", f"What freezes in year {n}?", HARBOUR) for n in range(5)]
    planted = [record(f"r{n}", f"Which mill is number {n}?", RIVER) for n in range(5)]
    siblings = [record(f"t{n}", f"Who built part {n}?", TOWER) for n in range(5)]
    records = [record(HEX_ID, "Rewritten?", TOWER), *siblings, *clean, *planted]
    leaked = [(r.record_id, "passage") for r in siblings + planted] + [(HEX_ID, "id")]
    for order in (records, records[::-1]):
        check([river], order, [r.record_id for r in clean], leaked)


def test_without_sets_records_pass_untouched():
    check([], [record("a", "Who built it?", TOWER)], kept=["a"], leaked=[])


def test_the_items_of_each_set_are_counted_even_when_nothing_leaks(river):
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        out = pipeline | beam.Create([("g", record("a", "Who?", TOWER))]) | Decontaminate([river])
        assert_that(out.items, equal_to([("rivers", 1)]))


def test_questions_without_passages_are_read_from_lines_of_any_kind(tmp_path):
    (tmp_path / "queries.jsonl").write_text(
        '{"_id": "1", "text": "who built it", "metadata": {}}\n'
    )
    (tmp_path / "open.jsonl.gz").write_bytes(
        gzip.compress(b'{"question": "who built it", "answer": ["a mason"]}\n')
    )
    (tmp_path / "topics.tsv").write_text("17#0\twho built it\r\n")
    (tmp_path / "plain.txt").write_text("who built it\n")
    for path in tmp_path.iterdir():
        found = parse_evaluation_set(f"queries:{path}")
        check_evaluation_sets([found])
        assert list(read_items(found, str(path))) == [EvaluationItem("", "who built it", "")]
    sets = [parse_evaluation_set(f"q=queries:{tmp_path}/*")]
    records = [record("a", "Who built it?", TOWER), record("b", "Why?", RIVER)]
    check(sets, records, kept=["b"], leaked=[("a", "question")])


def test_questions_that_their_passage_does_not_answer_are_protected_too(tmp_path):
    path = tmp_path / "squad2.json"
    question = {"id": "1", "question": "Who sank it?", "is_impossible": True, "answers": []}
    paragraph = {"context": RIVER, "qas": [question]}
    path.write_text(json.dumps({"data": [{"title": "T", "paragraphs": [paragraph]}]}))
    found = parse_evaluation_set(f"squad={path}")
    assert list(read_items(found, str(path))) == [EvaluationItem("1", "Who sank it?", RIVER)]


def test_a_beir_collection_protects_the_judged_pairs_of_its_split(tmp_path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(
        json.dumps({"_id": "d1", "text": RIVER}) + "\n" + json.dumps({"_id": "d2", "text": TOWER})
    )
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "where does the lome rise"}\n')
    (tmp_path / "qrels" / "test.tsv").write_text("q1\td1\t1\nq1\tgone\t1\n")
    beir = parse_evaluation_set(f"rivers=beir:{tmp_path}#test")
    records = [record("a", "Mills?", RIVER), record("b", "Who?", TOWER)]
    check([beir], records, kept=["b"], leaked=[("a", "passage")])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x={}/absent.json", "no such file"),
        ("x=queries:{}/absent.tsv", "no such file"),
        ("x=queries:{}/empty.tsv", "no question"),
        ("x=queries:{}/odd.jsonl", "no text in 'text'; found: words"),
        ("x=squat:{}/empty.tsv", "did you mean squad"),
    ],
)
def test_what_cannot_be_read_is_told_before_any_work(tmp_path, text, message):
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "odd.jsonl").write_text('{"words": 3}\n')
    with pytest.raises(ValueError, match=f"x: .*{message}"):
        check_evaluation_sets([parse_evaluation_set(text.format(tmp_path))])


def test_a_damaged_set_stops_the_run(tmp_path):
    lines = "".join(
        json.dumps({"question": f"Question {n}?", "passage": RIVER}) + "\n" for n in range(99)
    )
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(lines.encode())[:-20])
    with pytest.raises(EvaluationSetError, match="truncated_file"):
        list(read_items(parse_evaluation_set(str(path)), str(path)))


def test_set_names_and_languages_are_understood():
    named = parse_evaluation_set("xquad-r:spa=squad:data/es.json")
    assert (named.name, named.lang) == ("xquad-r", "es")
    assert (named.source.format, named.source.path) == ("squad", "data/es.json")
    bare = parse_evaluation_set("data/lang=en/x.parquet")
    assert (bare.lang, bare.source.path) == ("en", "data/lang=en/x.parquet")


def test_all_of_xquad_is_found_among_other_wikipedia_questions_and_nothing_else(data):
    xquad = parse_evaluation_set(f"xquad-r=squad:{data}/xquad-r/en.json")
    items = list(read_items(xquad, xquad.source.path))
    planted = [record(f"p{n}", item.question, item.passage) for n, item in enumerate(items)]
    lines = (data / "qed-dev.jsonlines").read_text().splitlines()
    clean = [
        record(f"c{n}", item["question_text"], item["paragraph_text"])
        for n, item in enumerate(map(json.loads, lines))
    ]
    alone = [
        replace(c, record_id=f"q{c.record_id}", question=p.question)
        for c, p in zip(clean, planted, strict=False)
    ]
    leaked = [(p.record_id, "passage") for p in planted]
    leaked += [(a.record_id, "question") for a in alone]
    check([xquad], [*clean, *planted, *alone], [c.record_id for c in clean], leaked)
