"""Connected components: links that belong together through shared ends."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from trainer.corpora.int_columns import Ints


def connect(left: Ints, right: Ints) -> NDArray[np.int32]:
    """Return for each link between `left[i]` and `right[i]` the number of its cluster.

    Two links are in one cluster if a chain of links with common ends leads from one to the other.
    """
    lefts, rights = int(left.max()) + 1, int(right.max()) + 1
    links = (np.ones(len(left), np.bool_), (left, lefts + right.astype(np.int64)))
    graph = coo_matrix(links, shape=(lefts + rights, lefts + rights))
    _, cluster = connected_components(graph, directed=False)
    return np.asarray(cluster[left], np.int32)
