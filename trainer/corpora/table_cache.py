"""Arrow files made once and kept: opening the same corpus again takes no time."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from schemas.command import UsageError
from schemas.files import CACHE_VARIABLE, atomic_file


def cache_key(*parts: object) -> str:
    """Return a file name for what the parts describe."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def cached(name: str, write: Callable[[Path], None], folder: Path) -> Path:
    """Return the path of a kept file; `write` makes it where it is missing.

    Safe with several processes: whoever is last replaces the file with the same content.

    Raises:
        UsageError: If the folder cannot be written to.
    """
    path = folder / name
    if path.exists():
        return path
    try:
        with atomic_file(path) as partial:
            write(partial)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot keep converted tables there ({error}); "
            f"set {CACHE_VARIABLE} to a folder with enough space"
        ) from error
    return path
