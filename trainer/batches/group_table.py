"""Which row holds a group in a language: the index that batches are drawn from."""

from dataclasses import dataclass
from typing import Final

import datasets
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schemas.command import UsageError
from trainer.corpora.clusters import connect
from trainer.corpora.int_columns import Ints, Mask, read_column

INDEX_COLUMNS: Final = ("group", "passage_group", "lang", "source", "mono", "cross")
QUESTIONS: Final = "question_group"  # tables may be without it

_CHUNK: Final = 1 << 16  # groups in one product of matrices


@dataclass(frozen=True, eq=False)
class GroupTable:
    """Groups by languages, over the rows of one table.

    What is said of a group without rows has no meaning.

    Attributes:
        rows: Row number by group and language; -1 where the group is missing.
        mono: Whether a group may serve in monolingual batches, by group and language.
        cross: Whether a group may serve in cross-lingual batches, by group and language; never
            where no other language of the group may too.
        contents: Passage, and question if several groups ask the same, by group: numbers that no
            two groups of a batch may have in common.
        clusters: By group; groups of different clusters have no content in common.
        sources: Dataset by group.
    """

    rows: NDArray[np.int32]
    mono: Mask
    cross: Mask
    contents: tuple[Ints, ...]
    clusters: Ints
    sources: Ints

    @classmethod
    def of(cls, dataset: datasets.Dataset) -> "GroupTable":
        """Index a table with the columns of a `CorpusTable`.

        Of several rows of one group in one language the first counts.

        Raises:
            UsageError: If a column is missing, or a group has several passages.
        """
        check_columns(dataset)
        columns = {name: read_column(dataset, name) for name in INDEX_COLUMNS}
        rows = _place_rows(columns["group"], columns["lang"])
        some_row = rows.max(axis=1)
        passages = columns["passage_group"][some_row]
        _check_passages(columns["group"], columns["passage_group"], passages)
        contents: tuple[Ints, ...] = (passages,)
        clusters = passages
        if QUESTIONS in dataset.column_names:
            questions = read_column(dataset, QUESTIONS)[some_row]
            if len(np.unique(questions[some_row >= 0])) < np.count_nonzero(some_row >= 0):
                contents = (passages, questions + passages.max() + 1)
                clusters = connect(passages, questions)
        present = rows >= 0
        return cls(
            rows=rows,
            mono=_where(present, rows, columns["mono"]),
            cross=_with_another(_where(present, rows, columns["cross"])),
            contents=contents,
            clusters=clusters,
            sources=columns["source"][some_row],
        )

    @property
    def languages(self) -> int:
        """Number of language codes."""
        return int(self.rows.shape[1])

    def count_pairs(self) -> NDArray[np.int64]:
        """Return how many groups may serve in each pair of languages; 0 on the diagonal."""
        counts = np.zeros((self.languages, self.languages), np.int64)
        for start in range(0, len(self.cross), _CHUNK):
            part = self.cross[start : start + _CHUNK].astype(np.float32)
            counts += (part.T @ part).astype(np.int64)
        np.fill_diagonal(counts, 0)
        return counts

    def count_apart(self, groups: Mask) -> int:
        """Return how many groups without common content there are among some, at least."""
        seen = np.zeros(int(self.clusters.max()) + 1, np.bool_)
        seen[self.clusters[groups]] = True
        return int(seen.sum())


def check_columns(dataset: object) -> None:
    """Raise UsageError unless this is a table with the integer columns of a `CorpusTable`."""
    if not isinstance(dataset, datasets.Dataset):
        raise UsageError(
            f"the batches are drawn from a table (datasets.Dataset), not a "
            f"{type(dataset).__name__}: streams cannot be indexed. Use open_corpus(...).table"
        )
    if not len(dataset):
        raise UsageError("the table has no rows to draw batches from")
    faults = []
    for name in (*INDEX_COLUMNS, QUESTIONS):
        if name not in dataset.column_names:
            faults += [f"no column {name}"] if name != QUESTIONS else []
        elif not pa.types.is_integer(dataset.data.schema.field(name).type):
            faults.append(f"{name} is {dataset.data.schema.field(name).type}, not an integer")
    if faults:
        raise UsageError(
            f"the table cannot be batched: {'; '.join(faults)}. Use open_corpus(...).table"
        )


def _place_rows(group: Ints, lang: Ints) -> NDArray[np.int32]:
    """Return the first row of each group and language, -1 where there is none."""
    shape = (int(group.max()) + 1, int(lang.max()) + 1)
    places = group.astype(np.int64) * shape[1] + lang
    numbers = np.arange(len(group), dtype=np.int32)
    rows = np.full(shape[0] * shape[1], -1, np.int32)
    rows[places] = numbers
    if (rows[places] != numbers).any():
        places, first = np.unique(places, return_index=True)
        rows[places] = first
    return rows.reshape(shape)


def _where(present: Mask, rows: NDArray[np.int32], allowed: Ints) -> Mask:
    if allowed.all():
        return present
    served: Mask = present & (allowed[rows] != 0)
    return served


def _with_another(allowed: Mask) -> Mask:
    alone = allowed.sum(axis=1) == 1
    together: Mask = allowed & ~alone[:, None]
    return together if alone.any() else allowed


def _check_passages(group: Ints, passage_group: Ints, passages: Ints) -> None:
    differs = passages[group] != passage_group
    if differs.any():
        row = int(np.flatnonzero(differs)[0])
        raise UsageError(
            f"group {group[row]} has several passage groups ({passages[group[row]]} and "
            f"{passage_group[row]} in row {row}), so its passages could meet each other as "
            "negatives; wanted one for each group"
        )
