"""What this machine has: memory and disk that nobody uses."""

import shutil
from pathlib import Path
from typing import Final

_MEMINFO: Final = Path("/proc/meminfo")
_GROUP: Final = Path("/sys/fs/cgroup")


def available_memory() -> int | None:
    """Return the bytes of memory a program can have, in a container too; None if not known."""
    found = [_available_in_group(), _available_in_machine()]
    known = [size for size in found if size is not None]
    return min(known, default=None)


def available_disk(folder: str) -> int:
    """Return the free bytes of the disk that a local folder is on, or will be on."""
    path = Path(folder).absolute()
    return shutil.disk_usage(next(p for p in (path, *path.parents) if p.exists())).free


def _available_in_machine() -> int | None:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:  # macOS has none
        return None
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes["MemAvailable"].split()[0]) * 1024 if "MemAvailable" in sizes else None


def _available_in_group() -> int | None:
    try:
        limit, used = (
            (_GROUP / name).read_text(encoding="ascii").strip()
            for name in ("memory.max", "memory.current")
        )
    except OSError:
        return None
    return None if limit == "max" else max(0, int(limit) - int(used))
