"""What crosses a shuffle: the same values come out, in few bytes, and these are counted."""

import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from itertools import chain
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from pipelines.local.runner import LocalRunner
from pipelines.shuffle import group
from pipelines.shuffle.compact import pack, unpack
from pipelines.shuffle.group import (
    GroupInLists,
    GroupPacked,
    JoinPacked,
    SpreadPacked,
    Unpacked,
    shuffled_bytes,
)
from pipelines.translation.segment import segment_record
from schemas.check import Check
from schemas.record import Answer, FailedRecord, Record
from schemas.row import QuarantinedRow, Row, RowAnswer, RowTranslator
from translators.segmentation import Segment
from translators.translator import Translation

KINDS = (Answer, Check, FailedRecord, QuarantinedRow, Record, Row, RowAnswer, RowTranslator)
plain = st.none() | st.booleans() | st.integers() | st.text() | st.binary()
plain |= st.floats()
objects = st.one_of([st.builds(kind) for kind in (*KINDS, Segment, Translation)])
values = st.recursive(
    plain | objects,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.binary() | st.tuples(st.integers(), st.text()), inner)
    ),
    max_leaves=10,
)


@given(values)
def test_what_is_packed_comes_out_again(value):
    unpacked = unpack(pack(value))
    assert repr(unpacked) == repr(value)  # a NaN is no other one's equal
    assert pack(value) == pack(unpacked)


def test_whole_records_come_out_again():
    answers = (Answer("two", 4), Answer("\ud800"))
    record = Record("1", "set", "train", "How many?", "The two.\n- A list.", "A", answers)
    segmented = segment_record(record)
    assert unpack(pack((b"key", segmented))) == (b"key", segmented)


class Pair(NamedTuple):
    first: int
    second: list[Answer]


@pytest.mark.parametrize(
    "value", [{1, 2}, Pair(1, [Answer("a", 1)]), np.float32(0.5), Counter("aab"), (b"", {"a": {1}})]
)
def test_other_values_come_out_again_too(value):
    unpacked = unpack(pack(value))
    assert unpacked == value
    assert type(unpacked) is type(value)


def test_threads_pack_at_the_same_time():
    values = [("text " * n, n) for n in range(300)] * 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda value: unpack(pack(value)), values)) == values


def test_a_row_takes_at_most_half_of_its_pickle():
    checks = tuple(Check(f"length_{n}", "passage", n / 7, 2.5, "pass") for n in range(30))
    texts = dict.fromkeys(("question", "passage"), "Where the river meets the sea, ships wait. ")
    empty = {f.name: () if f.name in ("answers", "languages") else "" for f in fields(Row)}
    spans = tuple((n, n + 1, n, n + 2) for n in range(5))
    row = Row(**{**empty, **texts, "checks": checks, "sentence_map": spans})
    assert 2 * len(pack(row)) < len(pickle.dumps(row, 5))


def listed(item):
    key, found = item
    if isinstance(found, dict):
        return key, {name: sorted(found[name]) + sorted(found[name]) for name in found}
    return key, sorted(found) + sorted(found)  # gone through twice


def test_groups_and_joins_are_those_of_beam():
    with beam.Pipeline() as pipeline:
        texts = pipeline | beam.Create([("a", "one"), ("b", "two"), ("a", "three")])
        numbers = pipeline | "Numbers" >> beam.Create([("a", 1), ("c", 3)])
        grouped = texts | GroupPacked() | "Listed" >> beam.Map(listed)
        joined = {"t": texts, "n": numbers} | JoinPacked() | "ListedToo" >> beam.Map(listed)
        spread = texts | SpreadPacked()
        assert_that(grouped, equal_to([("a", ["one", "three"] * 2), ("b", ["two"] * 2)]), "grouped")
        expected = [
            ("a", {"t": ["one", "three"] * 2, "n": [1, 1]}),
            ("b", {"t": ["two"] * 2, "n": []}),
            ("c", {"t": [], "n": [3, 3]}),
        ]
        assert_that(joined, equal_to(expected), "joined")
        assert_that(spread, equal_to([("a", "one"), ("b", "two"), ("a", "three")]), "spread")


def test_several_collections_are_joined_under_one_name():
    with beam.Pipeline() as pipeline:
        some = pipeline | beam.Create([("a", 1), ("b", 2)])
        others = pipeline | "Others" >> beam.Create([("a", 3)])
        joined = {"n": (some, others)} | JoinPacked() | beam.Map(listed)
        assert_that(joined, equal_to([("a", {"n": [1, 3, 1, 3]}), ("b", {"n": [2, 2]})]))


def test_values_that_nobody_uses_are_not_unpacked(monkeypatch):
    used = []
    monkeypatch.setattr(group, "unpack", lambda value: used.append(value) or unpack(value))
    items = [(key, Answer("text", n)) for key in "ab" for n in range(10)]
    with beam.Pipeline(LocalRunner()) as pipeline:
        created = pipeline | beam.Create(items)
        for grouped in (created | GroupPacked(), created | GroupInLists()):
            grouped | f"Keys{len(used)}{grouped}" >> beam.Map(lambda item: item[0])
        {"a": created} | JoinPacked() | beam.Map(lambda item: item[0])
    assert not used


def test_unpacked_values_can_be_sent_on():
    packed = [b"t" + pack(n) for n in (1, 2)] + [b"u" + pack(3)]
    values = Unpacked(iter(packed), b"t")
    values.register_observer(print)
    assert list(pickle.loads(pickle.dumps(values))) == [1, 2]


def test_values_that_are_alike_come_in_lists_of_few_bytes():
    values = [(f"{number % 2}", f"The text number {number} is long.") for number in range(200)]
    with beam.Pipeline() as pipeline:
        lists = pipeline | beam.Create(values) | GroupInLists()
        merged = lists | beam.MapTuple(lambda key, lists: (key, sorted(chain(*lists))))
        wanted = [(key, sorted(v for k, v in values if k == key)) for key in ("0", "1")]
        assert_that(merged, equal_to(wanted))
        one_by_one = sum(len(key) + len(pack(value)) for key, value in values)
        shuffled = shuffled_bytes(pipeline) | "Few" >> beam.Map(lambda size: size < one_by_one / 2)
        assert_that(shuffled, equal_to([True]), "few bytes")


def test_all_that_is_shuffled_is_counted():
    pairs = [("key", "text"), (b"bytes", 1)]
    with beam.Pipeline() as pipeline:
        items = pipeline | beam.Create(pairs)
        items | GroupPacked()
        {"tag": items} | JoinPacked()
        once = sum(len(key) + len(pack(value)) for key, value in pairs)
        assert_that(shuffled_bytes(pipeline), equal_to([2 * once + len(pairs)]))
    with beam.Pipeline() as pipeline:
        assert_that(shuffled_bytes(pipeline), equal_to([0]))
