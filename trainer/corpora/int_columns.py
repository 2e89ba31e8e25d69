"""Columns of integers, out of a table that also holds texts."""

import datasets
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.integer]
Mask = NDArray[np.bool_]


def read_column(dataset: datasets.Dataset, name: str) -> Ints:
    """Return a column of integers; without a copy where it lies in one piece."""
    column = dataset.data.column(name)
    if dataset._indices is not None:
        column = column.take(dataset._indices.column(0))
    values: Ints = column.chunk(0).to_numpy() if column.num_chunks == 1 else column.to_numpy()
    return values
