"""The global batches that settings describe, one after the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.batches.batch_settings import BatchSettings
from trainer.batches.deck import Deck
from trainer.batches.group_table import GroupTable
from trainer.batches.language_weights import Floats, LanguageWeights, temper
from trainer.corpora.int_columns import Ints, Mask

# Streams of random numbers that do not disturb each other.
_QUOTA: Final = 0
_BATCHES: Final = 1


@dataclass(frozen=True, slots=True, eq=False)
class GlobalBatch:
    """The pairs of all processes in one step; pair i is `questions[i]` and `passages[i]`.

    Attributes:
        mono: Whether it is monolingual.
        questions: Rows of the questions.
        passages: Rows of the passages, of the same groups.
    """

    mono: bool
    questions: NDArray[np.int32]
    passages: NDArray[np.int32]


def plan_kinds(settings: BatchSettings, steps: int) -> Mask:
    """Return for each step whether its batch is monolingual: exactly as many as the ratio says."""
    kinds = np.zeros(steps, np.bool_)
    kinds[: int(settings.mono_ratio * steps + 0.5)] = True
    np.random.default_rng([settings.seed, _QUOTA]).shuffle(kinds)
    return kinds


class BatchStream:
    """Draws the global batches of one run; no group, passage or question is twice in one.

    Every language has shuffled decks of groups of its own, one for monolingual and one for other
    batches (and for each dataset, where datasets are not drawn by size), so that all of them are
    seen before any is seen again.
    """

    def __init__(
        self, table: GroupTable, weights: LanguageWeights, settings: BatchSettings
    ) -> None:
        """Start at the first batch; decks are shuffled when they are first needed."""
        self._table = table
        self._weights = weights
        self._settings = settings
        self._generator = np.random.default_rng([settings.seed, _BATCHES])
        self._decks: dict[tuple[bool, int], list[Deck]] = {}

    def draw(self, steps: int) -> Iterator[GlobalBatch]:
        """Yield the batches of a run of `steps` steps."""
        cross = {"mixed": self._mixed, "pair": self._pair, "xx": self._xx}
        draw_cross = cross[self._settings.cross_mode]
        for mono in plan_kinds(self._settings, steps).tolist():
            yield self._mono() if mono else draw_cross()

    def _mono(self) -> GlobalBatch:
        lang = int(self._generator.choice(self._table.languages, p=self._weights.mono))
        groups = self._groups(True, lang, self._settings.batch_size, set())
        rows = self._table.rows[groups, lang]
        return GlobalBatch(True, rows, rows)

    def _pair(self) -> GlobalBatch:
        weights = self._weights.pairs
        asking, answering = divmod(
            int(self._generator.choice(weights.size, p=weights.ravel())), self._table.languages
        )
        both = self._table.cross[:, answering]
        groups = self._groups(False, asking, self._settings.batch_size, set(), both)
        rows = self._table.rows
        return GlobalBatch(False, rows[groups, asking], rows[groups, answering])

    def _xx(self) -> GlobalBatch:
        groups, langs = self._spread(True, self._weights.mono)
        rows = self._table.rows[groups, langs]
        return GlobalBatch(False, rows, rows)

    def _mixed(self) -> GlobalBatch:
        groups, asking = self._spread(False, self._weights.cross)
        answering = self._other_languages(groups, asking)
        rows = self._table.rows
        return GlobalBatch(False, rows[groups, asking], rows[groups, answering])

    def _spread(self, mono: bool, weights: Floats) -> tuple[Ints, Ints]:
        """Return groups, each of a language drawn for it, and these languages; in random order."""
        size = self._settings.batch_size
        counts = self._generator.multinomial(size, weights)
        taken: set[int] = set()
        groups: list[int] = []
        for lang, count in enumerate(counts.tolist()):
            if count:
                groups += self._groups(mono, lang, count, taken)
        order = self._generator.permutation(size)  # each process gets all languages
        return np.array(groups)[order], np.repeat(np.arange(len(counts)), counts)[order]

    def _other_languages(self, groups: Ints, asking: Ints) -> Ints:
        """Return a passage language for each group, by the chances of those it has.

        It is the first of exponential clocks to ring, each as fast as its language's chance.
        """
        having = self._table.cross[groups]
        having[np.arange(len(groups)), asking] = False
        clocks = self._generator.standard_exponential(having.shape)
        chances = np.where(having, self._weights.passage, 0)
        rings = np.divide(clocks, chances, out=np.full(having.shape, np.inf), where=chances > 0)
        return np.asarray(rings.argmin(axis=1))

    def _groups(
        self, mono: bool, lang: int, count: int, taken: set[int], allowed: Mask | None = None
    ) -> list[int]:
        """Return groups that have a language and are allowed, with content not yet taken."""
        decks = self._decks_of(mono, lang)
        shares = [count]
        if len(decks) > 1:
            sizes = np.array([len(deck) for deck in decks])
            chances = temper(sizes, self._settings.dataset_temperature)
            shares = self._generator.multinomial(count, chances).tolist()
        drawn: list[int] = []
        for deck, share in zip(decks, shares, strict=True):
            drawn += deck.draw(share, taken, allowed)
        for deck in decks:  # the largest datasets make up for what small ones lack
            if len(drawn) < count:
                drawn += deck.draw(count - len(drawn), taken, allowed)
        if len(drawn) < count:
            raise RuntimeError(f"language {lang} gave {len(drawn)} of {count} groups for a batch")
        return drawn

    def _decks_of(self, mono: bool, lang: int) -> list[Deck]:
        """Return the decks of a language, the largest first."""
        if (mono, lang) not in self._decks:
            allowed = (self._table.mono if mono else self._table.cross)[:, lang]
            groups = np.flatnonzero(allowed).astype(np.int32)
            self._decks[mono, lang] = [
                Deck(part, self._table.contents, self._generator)
                for part in self._by_dataset(groups)
            ]
        return self._decks[mono, lang]

    def _by_dataset(self, groups: Ints) -> list[Ints]:
        if self._settings.dataset_temperature == 1:
            return [groups]  # a single deck draws by size
        sources = self._table.sources[groups]
        parts = [groups[sources == source] for source in np.unique(sources)]
        return sorted(parts, key=len, reverse=True)
