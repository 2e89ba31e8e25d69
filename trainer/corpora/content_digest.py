"""What a file is, by its content: computed here, never believed."""

import os
import time
from pathlib import Path
from typing import Final

from schemas.command import UsageError
from schemas.files import file_digest
from trainer.corpora.table_cache import cache_key, cached

# A file that was changed less than this many nanoseconds ago may change again, and still have the
# same times.
_SETTLED: Final = 2_000_000_000


def content_digest(path: Path, cache: Path) -> str:
    """Return the SHA-256 of a file, in hex; it is kept until the file is written to again.

    Args:
        path: A regular file.
        cache: The folder where digests are kept.

    Raises:
        UsageError: If the file cannot be read, or the folder not written to.
    """
    stat = path.stat()
    if time.time_ns() - stat.st_ctime_ns < _SETTLED:
        return _digest(path)
    version = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    name = f"{cache_key('digest', os.fspath(path.resolve()), *version)}.sha256"
    kept = cached(name, lambda partial: _write(partial, _digest(path)), cache)
    return kept.read_text(encoding="ascii", errors="replace")


def _digest(path: Path) -> str:
    try:
        return file_digest(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def _write(path: Path, digest: str) -> None:
    path.write_text(digest, encoding="ascii")
