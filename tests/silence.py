"""Time limits that end when a program says that it will not answer, not when a clock says so.

On a busy machine a program that works may take longer than any limit a test could wait for. Here
the programs of the tests tell when they hang, and waiting for them ends then, and only then.
"""

import os
import select
from pathlib import Path

# Milliseconds below which a limit is no wait for an answer, but for a program that is ending.
_SHORT = 5_000

# For programs of tests that stand first or last in a pipeline of `Pipe`.
TELL_SILENCE = """
def tell_silence():
    for stream in (0, 1):
        open(os.path.join(os.environ["SILENCE"], str(os.fstat(stream).st_ino)), "w").close()
"""


class Silence:
    """Stands in for the module `select`; its time limits pass by what is told in a folder."""

    POLLIN, POLLOUT = select.POLLIN, select.POLLOUT

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._once = folder / "once"

    def tell(self) -> None:
        """Let the next wait that finds nothing end."""
        self._once.touch()

    def poll(self) -> "_Poll":
        return _Poll(self._folder, self._once)


class _Poll:
    """A `select.poll` without a clock; a pipe is known by its inode, at both of its ends."""

    def __init__(self, folder: Path, once: Path) -> None:
        self._poll = select.poll()
        self._folder, self._once = folder, once
        self._told: list[Path] = [once]

    def register(self, file: int, events: int) -> None:
        self._told.append(self._folder / str(os.fstat(file).st_ino))
        self._poll.register(file, events)

    def unregister(self, file: int) -> None:
        self._poll.unregister(file)

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        if milliseconds < _SHORT:
            return self._poll.poll(milliseconds)
        while True:
            # Looked for before the answers: what was written before it was told is there.
            silent = any(path.exists() for path in self._told)
            ready = self._poll.poll(20)
            if ready:
                return ready
            if silent:
                self._once.unlink(missing_ok=True)
                return []
