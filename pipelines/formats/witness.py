"""What readers found out about a file while they read it, for those who want to tell the user."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Meaning:
    """Where each field of a record stands, and what that rests on.

    Attributes:
        paths: Path of each field that is there.
        guessed: Those that the user has not mapped and that are not called what they are.
        ignored: Columns that are not used.
        short: A column of answers that are too short to be passages, with an example; or "".
        repeated: Why a column cannot be told from another one; or "".
    """

    paths: Mapping[str, str]
    guessed: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    short: str = ""
    repeated: str = ""

    def without_answers(self) -> "Meaning":
        """Return the meaning of the same columns for those who do not need answers."""
        paths = {t: p for t, p in self.paths.items() if t not in ("answers", "answer_start")}
        return replace(self, paths=paths)


@dataclass(slots=True)
class Witness:
    """Filled in by the readers of one file.

    Attributes:
        separator: The character between the columns of a table; empty for other formats.
        layout: The name of a layout that needs no mapping; or "".
        meaning: What the columns mean; None if the layout is a fixed one.
    """

    separator: str = ""
    layout: str = ""
    meaning: Meaning | None = None
