"""Tables of integers to draw batches from; their texts say which row they are."""

from collections.abc import Sequence

import datasets
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def make_index_table(
    has: NDArray[np.bool_],
    passage: Sequence[int] | None = None,
    source: Sequence[int] | None = None,
    mono: NDArray[np.bool_] | None = None,
    cross: NDArray[np.bool_] | None = None,
    question: Sequence[int] | None = None,
) -> datasets.Dataset:
    """Return a table with a row for each group and language that `has` is true for.

    Args:
        has: By group and language.
        passage: By group; each has its own by default.
        source: By group; 0 by default.
        mono: By group and language; true by default.
        cross: By group and language; true by default.
        question: By group; without it the table has no such column.
    """
    lang, group = np.nonzero(has.T)  # language by language, as corpora have them
    passages = np.arange(len(has)) if passage is None else np.array(passage)
    sources = np.zeros(len(has)) if source is None else np.array(source)
    tags = {"mono": mono, "cross": cross}
    columns = {
        "question": pa.array([f"question {g} {x}" for g, x in zip(group, lang, strict=True)]),
        "passage": pa.array([f"passage {g} {x}" for g, x in zip(group, lang, strict=True)]),
        "group": group.astype(np.int64),
        "passage_group": passages[group].astype(np.int64),
        "lang": lang.astype(np.int16),
        "source": sources[group].astype(np.int16),
        **{
            name: np.ones(len(group), np.int8) if tag is None else tag[group, lang].astype(np.int8)
            for name, tag in tags.items()
        },
    }
    if question is not None:
        columns["question_group"] = np.array(question)[group].astype(np.int64)
    return datasets.Dataset(pa.table(columns))
