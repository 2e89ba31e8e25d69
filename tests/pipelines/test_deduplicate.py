from itertools import permutations

from pipelines.ingest.deduplicate import group_id, merge_copies
from schemas.record import Answer, Record


def record(record_id, split="train", answers=()):
    return Record(record_id, "d", split, "Who?", "Ann did.", answers=tuple(answers))


COPIES = [
    record("b", answers=[Answer("Ann", 0)]),
    record("a", answers=[Answer("did", 4)]),
    record("c", split="test"),
]


def test_one_copy_is_kept_whatever_the_order_and_no_answer_is_lost():
    for order in permutations(COPIES):
        kept, duplicates = merge_copies(order)
        assert kept.record_id == "c"  # the copy in the test split must not be trained on
        assert kept.split == "test"
        assert kept.answers == (Answer("did", 4), Answer("Ann", 0))
        assert [d.record_id for d in duplicates] == ["a", "b"]
        assert {d.reason for d in duplicates} == {"duplicate"}


def test_groups_depend_on_question_and_passage_alone():
    assert len({group_id(copy) for copy in COPIES}) == 1
    other = Record("a", "d", "train", "Who? Ann", " did.")
    assert group_id(other) != group_id(COPIES[0])
