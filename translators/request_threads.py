"""Threads that wait for a server; closing them does not wait for one that is silent."""

from collections.abc import Callable, Sequence
from itertools import count
from queue import SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


class RequestThreads(Generic[Made]):
    """Applies a function to many items, several at a time.

    The threads are daemons: those of an executor would keep a process from ending, after Ctrl-C
    too, for as long as a request may last.
    """

    def __init__(self, size: int) -> None:
        """Start nothing yet.

        Args:
            size: Items that are worked on at a time.
        """
        self._size = size
        self._finished: SimpleQueue[tuple[int, Made | Exception]] = SimpleQueue()

    def map(self, function: Callable[[Given], Made], items: Sequence[Given]) -> list[Made]:
        """Return what the function makes of each item, in order; one call at a time.

        Raises:
            Exception: The first that the function raised, or the one that `close` was given;
                then no other item is begun.
        """
        numbers, stopped = count(), Event()
        # One of its own: threads of a call that failed may still finish something.
        finished = self._finished = SimpleQueue()

        def work() -> None:
            # Taking the next number is one step of the interpreter: no lock is needed.
            while not stopped.is_set() and (number := next(numbers)) < len(items):
                try:
                    finished.put((number, function(items[number])))
                except Exception as error:
                    finished.put((number, error))

        for _ in range(min(self._size, len(items))):
            Thread(target=work, name="request", daemon=True).start()
        made: dict[int, Made] = {}
        try:
            while len(made) < len(items):
                number, result = finished.get()
                if isinstance(result, Exception):
                    raise result
                made[number] = result
        finally:
            stopped.set()
        return [made[number] for number in range(len(items))]

    def close(self, error: Exception) -> None:
        """Make a `map` that waits raise an error."""
        self._finished.put((0, error))
