"""What a command needs and this machine lacks: all of it is named together, with what to type."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from schemas.errors import NotInstalledError, UsageError

_AND: Final = " && "
# Of these, one command installs several things.
_INSTALLERS: Final = ("apt-get install ", "pip install ")


class Needs:
    """What was found missing.

    Attributes:
        languages: Codes of the languages that nobody can be asked to translate into.
    """

    def __init__(self) -> None:
        self.languages: set[str] = set()
        self._found: dict[str, str] = {}

    def __bool__(self) -> bool:
        """Return whether anything is missing."""
        return bool(self._found)

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Note what the block fails for want of; other errors pass."""
        try:
            yield
        except NotInstalledError as error:
            self.add(error)

    def add(self, error: NotInstalledError, language: str = "") -> None:
        """Note something that is missing, and the language that cannot be had without it."""
        self._found[error.lack] = error.command
        if language:
            self.languages.add(language)

    def refuse(self) -> None:
        """End here if anything is missing.

        Raises:
            UsageError: Naming everything that is missing, and what to type.
        """
        if self._found:
            raise UsageError(self.tell().rstrip("\n"))

    def tell(self, heading: str = "not installed here") -> str:
        """Return all that is missing and the commands that install it, as text for a terminal."""
        lacks = [f"  {lack}" for lack in self._found]
        steps = [f"  {step}" for step in merge_commands(self._found.values())]
        lines = [f"{heading}:", *lacks, "install with:", *steps]
        return "".join(f"{line}\n" for line in lines)


def merge_commands(commands: Iterable[str]) -> list[str]:
    """Return commands that install the same: one for each installer, and then the others."""
    steps = [step for command in commands for step in command.split(_AND)]
    merged = []
    for installer in _INSTALLERS:
        wanted = [s.removeprefix(installer).split() for s in steps if s.startswith(installer)]
        names = dict.fromkeys(name for some in wanted for name in some)
        merged += [installer + " ".join(names)] if names else []
    return merged + list(dict.fromkeys(s for s in steps if not s.startswith(_INSTALLERS)))
