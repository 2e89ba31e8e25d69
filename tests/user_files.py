"""Folders of a user with precious files in them, and a proof that nothing in them changed."""

from hashlib import sha256
from pathlib import Path

PRECIOUS = ("README.md", "data/raw/thesis.csv", "notes.txt")


def make_user_folder(folder: Path, *names: str) -> Path:
    """Write files that somebody would miss; by default some whose names a corpus has too."""
    for name in names or PRECIOUS:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"precious {name}\n")
    return folder


def state(folder: Path) -> dict[str, str]:
    """Return everything below a folder, with a hash of each file and the target of each link."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        elif path.is_file():
            found[name] = sha256(path.read_bytes()).hexdigest()
        else:
            found[name] = "folder" if path.is_dir() else "other"
    return found
