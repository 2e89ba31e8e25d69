"""A shuffled deck of groups: every group is drawn once before any is drawn again."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from trainer.corpora.int_columns import Ints, Mask

_LARGEST_WINDOW: Final = 1 << 16


class Deck:
    """Groups in random order, those already drawn in front.

    Groups that cannot serve in a batch, since their content is in it already or they lack a
    language, stay next in line: none is lost to a pass over the data.
    """

    def __init__(
        self, groups: Ints, contents: Sequence[Ints], generator: np.random.Generator
    ) -> None:
        """Shuffle.

        Args:
            groups: What the deck holds.
            contents: By group, of all groups: what may not be twice in a batch.
            generator: Decides the order, now and whenever the deck is used up.
        """
        self._order = generator.permutation(groups)
        self._contents = contents
        self._generator = generator
        self._drawn = 0

    def __len__(self) -> int:
        return len(self._order)

    def draw(self, count: int, taken: set[int], allowed: Mask | None = None) -> list[int]:
        """Return up to `count` groups without common content, fewer only if no more are found.

        Args:
            count: How many.
            taken: Contents that are in the batch already; those of the groups drawn are added.
            allowed: Which groups may be drawn, of all groups; any by default.
        """
        if allowed is None and (next_ones := self._draw_next(count, taken)):
            return next_ones
        drawn: list[int] = []
        passed_over = 0  # groups next in line that were looked at in vain
        window, recycled = count, False
        while len(drawn) < count:
            start = self._drawn + passed_over
            if start == len(self._order):
                if recycled or not self._drawn:
                    break
                self._recycle()
                recycled = True
                continue
            looked, chosen = self._choose(start, window, count - len(drawn), taken, allowed)
            drawn += self._order[start + chosen].tolist()
            self._put_in_front(start, looked, chosen)
            passed_over += looked - len(chosen)
            window = min(2 * window, _LARGEST_WINDOW)
        return drawn

    def _draw_next(self, count: int, taken: set[int]) -> list[int]:
        """Return the next groups if all of them serve, which is the rule; else none."""
        groups = self._order[self._drawn : self._drawn + count]
        contents = {number for of in self._contents for number in of[groups].tolist()}
        if len(contents) < count * len(self._contents) or not taken.isdisjoint(contents):
            return []
        taken |= contents
        self._drawn += count
        drawn: list[int] = groups.tolist()
        return drawn

    def _choose(
        self,
        start: int,
        window: int,
        count: int,
        taken: set[int],
        allowed: Mask | None,
    ) -> tuple[int, Ints]:
        """Return how many groups from `start` on were looked at, and which of them serve."""
        groups = self._order[start : start + window]
        places = None if allowed is None else np.flatnonzero(allowed[groups])
        candidates = groups if places is None else groups[places]
        contents = zip(*(of[candidates].tolist() for of in self._contents), strict=True)
        chosen: list[int] = []
        for place, content in enumerate(contents):
            if taken.isdisjoint(content):
                taken.update(content)
                chosen.append(place)
                if len(chosen) == count:
                    break
        where = np.array(chosen, np.int64)
        if places is not None:
            where = places[where]
        return (int(where[-1]) + 1 if len(where) == count else len(groups)), where

    def _put_in_front(self, start: int, looked: int, chosen: Ints) -> None:
        """Move the chosen groups in front of those that were passed over."""
        if len(chosen) == looked and start == self._drawn:
            self._drawn += looked
            return
        part = self._order[self._drawn : start + looked].copy()
        serves = np.zeros(len(part), np.bool_)
        serves[start - self._drawn + chosen] = True
        self._order[self._drawn : start + looked] = np.concatenate([part[serves], part[~serves]])
        self._drawn += len(chosen)

    def _recycle(self) -> None:
        """Shuffle the groups already drawn, and put them behind the others."""
        used = self._generator.permutation(self._order[: self._drawn])
        self._order = np.concatenate([self._order[self._drawn :], used])
        self._drawn = 0
