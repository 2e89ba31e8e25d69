from itertools import permutations

import apache_beam as beam
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.splits import SeparateSplits, passage_key, protected_split
from schemas.record import Record


def record(record_id, split, passage):
    return Record(record_id, "d", split, f"Question {record_id}?", passage)


def keep_apart(records, expected, moved):
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        out = pipeline | beam.Create([(r.record_id, r) for r in records]) | SeparateSplits()
        splits = out.records | beam.MapTuple(lambda key, r: (key, r.split))
        assert_that(splits, equal_to(expected), label="records")
        assert_that(out.moved, equal_to(moved), label="moved")


def test_a_passage_stands_in_one_split_the_most_protected_and_moves_are_counted():
    records = [
        record("a", "train", "One passage."),
        record("b", "test", "One passage."),
        record("c", "validation", "one  passage"),
        record("d", "train", "Another passage."),
        record("e", "validation", "A third one."),
        record("f", "train", "A third one."),
    ]
    expected = [
        ("a", "test"), ("b", "test"), ("c", "test"),
        ("d", "train"), ("e", "validation"), ("f", "validation"),
    ]  # fmt: skip
    moved = [("train", "test"), ("validation", "test"), ("train", "validation")]
    keep_apart(records, expected, moved)
    keep_apart(records[::-1], expected, moved)


def test_passages_without_letters_are_not_thrown_together():
    keep_apart(
        [record("a", "train", "\U0001f600"), record("b", "test", "\U0001f680")],
        [("a", "train"), ("b", "test")],
        [],
    )


@given(st.text(st.characters(max_codepoint=0x24F), min_size=1))
def test_case_does_not_tell_passages_apart(passage):
    folded = passage.casefold()
    if passage_key(passage) != passage_key(folded):
        assert not any(c.isalnum() for c in passage)  # then the passage itself is the key


def test_the_order_of_records_does_not_choose_the_split():
    for order in permutations(("train", "test", "validation")):
        assert protected_split(order) == "test"
        assert protected_split(split for split in order if split != "test") == "validation"
