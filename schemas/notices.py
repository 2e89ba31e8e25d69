"""Warnings of a run: counted, so that they can be told together at its end."""

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.plain_text import one_line


class Notices(logging.Handler):
    """Takes warnings and errors of all loggers; those of one kind are told as one."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._first: dict[object, str] = {}
        self._counts: Counter[object] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        """Count a warning; see `logging.Handler`."""
        kind = (record.name, record.msg if record.args else one_line(record.getMessage()))
        self._first.setdefault(kind, one_line(record.getMessage()))
        self._counts[kind] += 1

    def lines(self) -> list[str]:
        """Return one line for each kind of warning: the first, and how many more there were."""
        return [
            f"warning: {first}" + (f" (and {more:,} more like it)" if more else "")
            for kind, first in self._first.items()
            for more in [self._counts[kind] - 1]
        ]


@contextmanager
def collect_notices() -> Iterator[Notices]:
    """Yield what takes the warnings that are logged in the block."""
    notices = Notices()
    logging.getLogger().addHandler(notices)
    try:
        yield notices
    finally:
        logging.getLogger().removeHandler(notices)
