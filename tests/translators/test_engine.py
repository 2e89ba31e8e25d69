from hypothesis import given
from hypothesis import strategies as st

from translators.engine import length_limit, plan_batches

LENGTHS = st.lists(st.integers(1, 200), max_size=60)


@given(LENGTHS, st.integers(1, 500))
def test_every_source_is_in_exactly_one_batch(lengths, budget):
    batches = plan_batches(lengths, budget, 512)
    assert sorted(i for batch in batches for i in batch.indices) == list(range(len(lengths)))


@given(LENGTHS, st.integers(1, 500))
def test_a_batch_with_its_padding_keeps_the_budget_unless_one_source_exceeds_it(lengths, budget):
    for batch in plan_batches(lengths, budget, 512):
        padded = len(batch.indices) * max(lengths[i] for i in batch.indices)
        assert padded <= budget or len(batch.indices) == 1


@given(LENGTHS, st.integers(1, 500))
def test_a_sources_limit_does_not_depend_on_its_neighbours(lengths, budget):
    for batch in plan_batches(lengths, budget, 512):
        assert {length_limit(lengths[i], 512) for i in batch.indices} == {batch.limit}


@given(st.integers(1, 1024))
def test_the_limit_leaves_room_for_longer_languages_and_fits_the_model(length):
    assert length_limit(length, 1024) >= min(3 * length, 1024)
    assert length_limit(length, 1024) <= 1024


def test_the_longest_come_first():
    batches = plan_batches([3, 90, 20], 100, 512)
    assert [batch.indices for batch in batches] == [(1,), (2,), (0,)]
