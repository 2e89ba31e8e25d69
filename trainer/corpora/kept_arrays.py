"""Arrays that were computed once and kept as files; a damaged file counts as none."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from schemas.files import atomic_file


def load_array(path: Path, rows: int) -> NDArray[np.float32] | None:
    """Return a kept array, which stays on disk; None where there is none, or it is damaged.

    Args:
        path: Its file.
        rows: How many rows it must have.
    """
    if not path.is_file():
        return None
    try:
        array: NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return array if array.dtype == np.float32 and array.ndim and len(array) == rows else None


def save_array(path: Path, array: NDArray[np.float32]) -> None:
    """Keep an array.

    Raises:
        OSError: If it cannot be written.
    """
    with atomic_file(path) as partial, partial.open("wb") as stream:
        np.save(stream, array, allow_pickle=False)
