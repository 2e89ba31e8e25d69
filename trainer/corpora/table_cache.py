"""Arrow files made once and kept: opening the same corpus again takes no time."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from schemas.command import UsageError

CACHE_VARIABLE: Final = "TANDEMQA_CACHE"


def cache_folder() -> Path:
    """Return where tables are kept: $TANDEMQA_CACHE, else `~/.cache/tandemqa`."""
    named = os.environ.get(CACHE_VARIABLE)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(base) / "tandemqa"


def cache_key(*parts: object) -> str:
    """Return a file name for what the parts describe."""
    return sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def cached(name: str, write: Callable[[Path], None], folder: Path) -> Path:
    """Return the path of a kept file; `write` makes it where it is missing.

    Safe with several processes: the file is written under another name and then renamed, and
    whoever is last replaces it with the same content.

    Raises:
        UsageError: If the folder cannot be written to.
    """
    path = folder / name
    if path.exists():
        return path
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=folder, prefix=f".{name}-", delete=False) as file:
            temporary = Path(file.name)
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot keep converted tables there ({error}); "
            f"set {CACHE_VARIABLE} to a folder with enough space"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return path
