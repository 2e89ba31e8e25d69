"""Hard negatives: where they are saved, and how a batch draws them."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from schemas.command import FailedRunError, UsageError
from trainer.batches.batch_settings import BatchSettings

if TYPE_CHECKING:
    from trainer.corpora.corpus import CorpusTable

Rows = npt.NDArray[np.int64]

NONE: Final = -1
_TRIES: Final = 1000  # random rows tried for a pair that has no mined negatives left


def check_negatives(corpus: "CorpusTable", settings: BatchSettings, per_pair: int) -> None:
    """Raise UsageError if a batch in one language would need more passages than that has.

    In mixed batches a language has only a part of the pairs, which is practically never too many.

    Args:
        corpus: The corpus that is trained on.
        settings: Its batches.
        per_pair: Negatives for each pair.
    """
    if settings.mono_ratio == 0 and settings.cross_mode != "pair":
        return
    needed = settings.batch_size * (1 + per_pair)
    passages, lang_of_row = corpus.column("passage_group"), corpus.column("lang")
    for number, lang in enumerate(corpus.languages):
        there = len(np.unique(passages[lang_of_row == number]))
        if settings.batch_size <= there < needed:  # with fewer, it is never drawn
            raise UsageError(
                f"negatives is {per_pair}: {settings.batch_size} pairs in {lang} with {per_pair} "
                f"negatives each need {needed} different passages, and there are {there}; make "
                "batches smaller, or take fewer negatives"
            )


@dataclass(eq=False)
class Negatives:
    """Mined hard negatives of every row of a corpus table.

    A row's negatives are rows of its own language, so that the language of a passage never tells
    whether it is right. Two lists are kept: one mined with the row's own question, for
    monolingual pairs, and one mined with the questions of the other languages, for cross-lingual
    pairs.

    It pickles as its folder, so that checkpoints and workers do not carry the lists.

    Attributes:
        folder: Where `trainer.fine_tuning.mining.mine_negatives` wrote them.
        per_pair: Negatives for each pair of a batch.
    """

    folder: str
    per_pair: int

    def __getstate__(self) -> dict[str, object]:
        """Pickle without the lists that were read."""
        return {"folder": self.folder, "per_pair": self.per_pair}

    @cached_property
    def within(self) -> npt.NDArray[np.int32]:
        """Negatives for monolingual pairs: (rows, candidates), NONE where there are fewer."""
        loaded: npt.NDArray[np.int32] = self._load("within")
        return loaded

    @cached_property
    def across(self) -> npt.NDArray[np.int32]:
        """Negatives for cross-lingual pairs, by the passage's row."""
        loaded: npt.NDArray[np.int32] = self._load("across")
        return loaded

    @cached_property
    def lang(self) -> npt.NDArray[np.int16]:
        """Language of each row."""
        loaded: npt.NDArray[np.int16] = self._load("lang")
        return loaded

    @cached_property
    def passage_group(self) -> Rows:
        """Passage of each row, the same in all languages."""
        loaded: Rows = self._load("passage_group")
        return loaded

    @cached_property
    def question_group(self) -> Rows:
        """Question of each row, the same in all languages and for all records that ask it."""
        loaded: Rows = self._load("question_group")
        return loaded

    def _load(self, name: str) -> Any:  # noqa: ANN401
        return np.load(Path(self.folder) / f"{name}.npy", mmap_mode="r", allow_pickle=False)

    @cached_property
    def _rows_of(self) -> dict[int, Rows]:
        return {int(lang): np.flatnonzero(self.lang == lang) for lang in np.unique(self.lang)}

    @cached_property
    def _answers(self) -> dict[int, list[int]]:
        """Passages by question, for questions with several passages."""
        pairs = np.unique(np.stack([self.question_group, self.passage_group], axis=1), axis=0)
        several = np.bincount(pairs[:, 0])[pairs[:, 0]] > 1
        answers: dict[int, list[int]] = {}
        for question, passage in pairs[several].tolist():
            answers.setdefault(question, []).append(passage)
        return answers

    def draw(self, questions: Rows, passages: Rows, generator: np.random.Generator) -> Rows:
        """Return negatives for the pairs of one global batch.

        Args:
            questions: Row of each pair's question.
            passages: Row of each pair's passage.
            generator: Decides which of the mined ones are taken.

        Returns:
            Rows, (per_pair, pairs): column i is in the language of `passages[i]`. No passage of
            the batch, and none that another record gives as an answer to a question of the
            batch, is among them in any language, and none is there twice. A pair whose mined
            ones are used up gets random ones.

        Raises:
            FailedRunError: If the language has too few passages.
        """
        mono = self.lang[questions] == self.lang[passages]
        mined = np.where(mono[:, None], self.within[passages], self.across[passages])
        mined = generator.permuted(mined, axis=1)
        groups = np.where(mined == NONE, NONE, self.passage_group[mined])
        taken = set(self.passage_group[passages].tolist())
        for question in self.question_group[questions].tolist():
            taken.update(self._answers.get(question, ()))
        drawn = np.empty((self.per_pair, len(passages)), dtype=np.int64)
        for pair, (rows, of_groups) in enumerate(zip(mined.tolist(), groups.tolist(), strict=True)):
            found = 0
            for row, group in zip(rows, of_groups, strict=True):
                if found == self.per_pair:
                    break
                if row != NONE and group not in taken:
                    taken.add(group)
                    drawn[found, pair] = row
                    found += 1
            for place in range(found, self.per_pair):
                drawn[place, pair] = self._random_row(passages[pair], taken, generator)
        return drawn

    def _random_row(self, passage: int, taken: set[int], generator: np.random.Generator) -> int:
        rows = self._rows_of[int(self.lang[passage])]
        for _ in range(_TRIES):
            row = int(rows[generator.integers(len(rows))])
            group = int(self.passage_group[row])
            if group not in taken:
                taken.add(group)
                return row
        raise FailedRunError(
            f"a language with {len(rows)} rows has too few passages for a batch with "
            f"{self.per_pair} hard negatives for each pair: make batches smaller, or take fewer"
        )
