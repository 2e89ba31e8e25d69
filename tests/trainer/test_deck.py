"""A deck: every group once before any twice, whatever has to be passed over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.batches.deck import Deck

GROUPS = 30


def make_deck(passages: list[int], seed: int = 0) -> Deck:
    generator = np.random.default_rng(seed)
    return Deck(np.arange(len(passages)), [np.array(passages)], generator)


@given(
    passages=st.lists(st.integers(0, 12), min_size=1, max_size=GROUPS),
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=20),
    seed=st.integers(0, 5),
)
def test_a_draw_has_distinct_passages_and_is_short_only_if_there_are_no_more(
    passages, counts, seed
):
    deck = make_deck(passages, seed)
    for count in counts:
        taken: set[int] = set()
        drawn = deck.draw(count, taken)
        assert {passages[group] for group in drawn} == taken
        assert len(drawn) == len(taken) == min(count, len(set(passages)))


@given(
    passages=st.lists(st.integers(0, 12), min_size=1, max_size=GROUPS),
    count=st.integers(1, 6),
    allowed=st.sets(st.integers(0, GROUPS - 1)),
    already=st.sets(st.integers(0, 12), max_size=4),
)
def test_only_allowed_groups_with_new_passages_are_drawn(passages, count, allowed, already):
    mask = np.isin(np.arange(len(passages)), list(allowed))
    taken = set(already)
    drawn = make_deck(passages).draw(count, taken, mask)
    possible = {passages[g] for g in range(len(passages)) if mask[g]} - already
    assert all(mask[group] for group in drawn)
    assert len(drawn) == min(count, len(possible))
    assert taken == already | {passages[group] for group in drawn}


@given(
    passages=st.lists(st.integers(0, 30), min_size=2, max_size=GROUPS),
    seed=st.integers(0, 5),
    rounds=st.integers(1, 3),
)
def test_single_draws_give_every_group_once_in_each_round(passages, seed, rounds):
    deck = make_deck(passages, seed)
    for _ in range(rounds):
        drawn = [deck.draw(1, set())[0] for _ in passages]
        assert sorted(drawn) == list(range(len(passages)))


@given(
    languages=st.lists(st.integers(0, 2), min_size=1, max_size=60),
    seed=st.integers(0, 5),
)
def test_groups_passed_over_are_not_lost_to_a_round(languages, seed):
    """Draws are limited to a random third each time; no group gets two ahead of one allowed too."""
    deck = make_deck(list(range(GROUPS)), seed)
    kind = np.arange(GROUPS) % 3
    times = np.zeros(GROUPS, int)
    for language in languages:
        times[deck.draw(2, set(), kind == language)] += 1
        for third in range(3):
            of_third = times[kind == third]
            assert of_third.max() - of_third.min() <= 1


@given(
    contents=st.lists(st.tuples(st.integers(0, 9), st.integers(10, 19)), min_size=1, max_size=30),
    counts=st.lists(st.integers(1, 6), min_size=1, max_size=10),
)
def test_no_content_of_any_kind_is_twice_in_a_draw(contents, counts):
    kinds = [np.array(kind) for kind in zip(*contents, strict=True)]
    deck = Deck(np.arange(len(contents)), kinds, np.random.default_rng(0))
    for count in counts:
        taken: set[int] = set()
        drawn = deck.draw(count, taken)
        assert {number for group in drawn for number in contents[group]} == taken
        assert len(taken) == 2 * len(drawn)
        if len(drawn) < count:  # there is really no more
            assert all(taken & set(content) for content in contents)


@pytest.mark.parametrize("seed", range(6))
def test_what_was_passed_over_comes_next(seed):
    deck = make_deck([0, 0, 1], seed)
    first = deck.draw(2, set())
    assert sorted(first + deck.draw(1, set())) == [0, 1, 2]


def test_an_empty_deck_gives_nothing():
    assert make_deck([]).draw(3, set()) == []


@pytest.mark.parametrize("seed", range(3))
def test_rounds_differ_and_seeds_repeat(seed):
    def rounds(seed: int) -> list[list[int]]:
        deck = make_deck(list(range(GROUPS)), seed)
        return [deck.draw(GROUPS, set()) for _ in range(2)]

    first, second = rounds(seed)
    assert first != second
    assert rounds(seed) == [first, second]
    assert rounds(seed + 1) != [first, second]
