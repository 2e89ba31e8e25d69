"""Which steps of a local run are shared between processes, and how many there are."""

import os
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager
from math import inf
from typing import Any, Final

import apache_beam as beam

from pipelines.io.machine import available_memory

# Bytes of input from which on steps are worth the start of forks.
FORK_BYTES: Final = 1 << 20

# What processes that work at the same time may take together, of a large memory and of a small one;
# what each takes, and how much for a byte of its input: packed rows of a shard become a table, and
# this becomes a file (docs/scaling.md).
_MEMORY: Final = 3 << 30
_SHARE: Final = 4
_SHARE_OF_SMALL: Final = 2
_MEMORY_OF_ONE: Final = 256 << 20
_MEMORY_FOR_BYTE: Final = 16

_MARK: Final = "tandemqa_processes"
_ALL: Final = "all"
_ONE: Final = "one"


def in_all_processes() -> AbstractContextManager[None]:
    """Mark the steps that are added meanwhile: little input is much work, as names of files."""
    return _marked(_ALL)


def in_one_process() -> AbstractContextManager[None]:
    """Mark the steps that are added meanwhile: they use all cores by themselves, or a network.

    A model would be in memory once for each process, and a connection cannot be shared.
    """
    return _marked(_ONE)


def _marked(mark: str) -> AbstractContextManager[None]:
    marked: AbstractContextManager[None] = beam.transform_annotations(**{_MARK: mark})
    return marked


def bytes_worth_forks(transforms: Iterable[Any]) -> float:
    """Return from how much input on several processes share steps that run together.

    Args:
        transforms: The steps, as Beam describes them.
    """
    marks = {transform.annotations.get(_MARK, b"").decode() for transform in transforms}
    if _ONE in marks:
        return inf
    return 1 if _ALL in marks else FORK_BYTES


def as_many_as_fit(size: int) -> int:
    """Return how many processes fit into the memory, at least one.

    Args:
        size: Bytes of input that one of them has at a time, at most.
    """
    return max(1, memory_of_processes() // (_MEMORY_OF_ONE + _MEMORY_FOR_BYTE * size))


def memory_of_processes() -> int:
    """Return the bytes that processes may take which work at the same time.

    It is 3 GB, or a fourth of the free memory if that is more; never more than half of it.
    """
    free = available_memory()
    if free is None:
        return _MEMORY
    return min(max(_MEMORY, free // _SHARE), free // _SHARE_OF_SMALL)


def usable_cores() -> int:
    """Return how many processes to use: one for each core; one where forks are not safe."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
