"""Random damage to files, and what a command must do with it: end in a sentence."""

import contextlib
import copy
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tandemqa import run

EXAMPLES = int(os.environ.get("DAMAGE_EXAMPLES", "5"))
"""Set it to thousands to look for what the suite has no time for."""

_NUMBERS = (0, 1, -1, 2, 2**31, 2**63, -(2**63) - 1, 10**40, 0.5, -0.5, 1e300)
_TEXTS = (
    *("", "x", "en", "es", "train", "../../x", "/etc/passwd", "\0", "\x1b[2J", "\r\n", "\u202e"),
    *("a" * 5_000, "1" * 5_000, "2026-01-01", "null"),
)
TEXTS = st.sampled_from(_TEXTS) | st.text(max_size=20)
VALUES = st.recursive(
    st.sampled_from([None, True, False, float("nan"), float("inf"), *_NUMBERS, *_TEXTS]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["", "x", "en"]), inner)
    ),
    max_leaves=3,
)
_DEEP = "[" * 90 + "]" * 90


def places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container within JSON, with each of its keys or indices."""
    keys = list(content) if isinstance(content, dict) else range(len(content))
    for key in keys:
        yield content, key
        if isinstance(content[key], dict | list):
            yield from places(content[key])


@st.composite
def json_edits(draw: st.DrawFn, text: str) -> str:
    """Draw JSON with one to three values changed, removed, nested, repeated or renamed."""
    content = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        found = list(places(content))
        if not found:
            break
        place, key = found[draw(st.integers(0, len(found) - 1))]
        kind = draw(st.sampled_from(["replace", "remove", "nest", "deepen", "repeat", "add"]))
        if kind == "replace":
            place[key] = draw(VALUES)
        elif kind == "remove":
            del place[key]
        elif kind == "nest":
            place[key] = [place[key]] if draw(st.booleans()) else {"x": place[key]}
        elif kind == "deepen":
            place[key] = json.loads(_DEEP)
        elif kind == "repeat" and isinstance(place, list):
            place.append(copy.deepcopy(place[key]))
        elif isinstance(place, dict):
            place[draw(st.sampled_from(["", "x", "ca", "../x", "\x1b"]))] = draw(VALUES)
    edited = json.dumps(content)
    return draw(st.sampled_from([edited, edited.replace('"x"', '"\\ud800"'), edited[:-9]]))


@st.composite
def byte_edits(draw: st.DrawFn, content: bytes) -> bytes:
    """Draw content with some bytes changed, or cut, or longer."""
    edited = bytearray(content)
    for _ in range(draw(st.integers(0, 8))):
        edited[draw(st.integers(0, len(edited) - 1))] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(edited)))
    return bytes(draw(st.sampled_from([edited, edited[:cut], edited[cut:], edited + edited[cut:]])))


def outcome(arguments: list[str]) -> tuple[int, str]:
    """Run a command; return its exit code and what it said. Any error but SystemExit escapes."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = run(arguments)
        except SystemExit as end:
            code = int(end.code or 0)
    assert code in (0, 1, 2)
    assert "Traceback" not in said.getvalue()
    assert "\x1b" not in said.getvalue()
    assert code == 0 or said.getvalue().strip()
    return code, said.getvalue()


def everything(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return what is in a folder: kind, size and, of files that are not huge, content."""
    found = {}
    for path in folder.rglob("*"):
        stat = path.lstat()
        small = path.is_file() and not path.is_symlink() and stat.st_size < 1 << 30
        found[str(path)] = stat.st_mode, stat.st_size, path.read_bytes() if small else b""
    return found
