"""Beam's buffers between stages, with their content in a `Spill`.

Beam's own hold everything in memory, several times over: as objects while they are grouped, then
encoded, then as the input of the next stage.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final
from zlib import crc32

from apache_beam import coders
from apache_beam.coders.coder_impl import create_InputStream  # type: ignore[attr-defined]
from apache_beam.runners.portability.fn_api_runner import execution

from pipelines.local.spill import Block, Spill, read_all, total_size

# Groups are spread over so many parts by their key, and one part is grouped at a time.
PARTS: Final = 128


@dataclass(frozen=True, slots=True)
class Load:
    """What one bundle has as its input; it is read when its turn comes.

    Attributes:
        size: Bytes of it.
        read: Returns it.
    """

    size: int
    read: Callable[[], list[bytes]]


_GroupingBuffer: Final = execution.GroupingBuffer


class SpilledList(execution.ListBuffer):
    """Elements that go from one stage to the next."""

    def __init__(self, coder_impl: Any) -> None:  # noqa: ANN401 - Beam's CoderImpl
        super().__init__(coder_impl)
        self._spill = Spill(1)

    def copy(self) -> "SpilledList":
        """Return a buffer with the same elements, for another stage."""
        new = SpilledList(self._coder_impl)
        new.extend(self)
        return new

    def extend(self, extra: Any) -> None:  # noqa: ANN401 - as Beam's
        """Add the elements of another buffer."""
        if isinstance(extra, SpilledList):
            self._spill.take(extra._spill)
        else:
            for content in extra:
                self.append(content)

    def append(self, element: bytes) -> None:
        """Add encoded elements."""
        for part, content in self.split(element):
            self.put(part, content)

    def split(self, content: bytes) -> list[tuple[int, bytes]]:
        """Return encoded elements with the part that each belongs to."""
        return [(0, content)] if content else []

    def put(self, part: int, content: bytes) -> None:
        """Add encoded elements to a part."""
        self._spill.add(part, content)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the encoded elements, some at a time."""
        return read_all(self._spill.blocks()[0])

    def clear(self) -> None:
        """Remove all elements."""
        super().clear()
        self._spill = Spill(1)

    @property
    def size(self) -> int:
        """The bytes it holds."""
        return self._spill.size

    def bundles(self, size: int) -> list[Load]:
        """Return bundles of about `size` bytes."""
        pieces: list[Load] = []
        for blocks in _together([[block] for block in self._spill.blocks()[0]], size):
            pieces += [_load(blocks)] if len(blocks) > 1 else self._cut(blocks[0], size)
        return pieces

    def _cut(self, block: Block, size: int) -> list[Load]:
        """Return one load for a small block, or several for a large one."""
        if block.size <= 2 * size:
            return [_load([block])]
        ends, content = [0], block.read()
        for end in element_ends(content, self._coder_impl):
            if end - ends[-1] >= size or end == len(content):
                ends.append(end)
        return [
            Load(end - start, partial(_read, [block], slice(start, end)))
            for start, end in pairwise(ends)
        ]


class SpilledGroups(execution.GroupingBuffer):
    """Elements that are grouped by key; grouped is one part at a time, by Beam's own buffer."""

    def __init__(self, coder: coders.Coder, grouped: coders.Coder, windowing: Any) -> None:  # noqa: ANN401
        super().__init__(coder, grouped, windowing)
        self._coders = coder.get_impl(), coder.key_coder().get_impl()
        self._beams = partial(_GroupingBuffer, coder, grouped, windowing)
        self._spill = Spill(PARTS)

    def append(self, elements_data: bytes) -> None:
        """Add encoded elements to the parts of their keys."""
        for part, content in self.split(elements_data):
            self.put(part, content)

    def split(self, elements_data: bytes) -> list[tuple[int, bytes]]:
        """Return encoded elements with the part that each belongs to, by its key."""
        coder, key_coder = self._coders
        stream, start, size = create_InputStream(elements_data), 0, len(elements_data)
        parts: dict[int, list[bytes]] = {}
        while start < size:
            key = coder.decode_from_stream(stream, True).value[0]
            end = size - stream.size()
            part = crc32(key_coder.encode(key)) % PARTS
            parts.setdefault(part, []).append(elements_data[start:end])
            start = end
        return [(part, b"".join(elements)) for part, elements in parts.items()]

    def put(self, part: int, content: bytes) -> None:
        """Add encoded elements to a part."""
        self._spill.add(part, content)

    def extend(self, input_buffer: Any) -> None:  # noqa: ANN401 - as Beam's
        """Add the elements of another buffer of the same kind."""
        if isinstance(input_buffer, SpilledGroups):
            self._spill.take(input_buffer._spill)

    def partition(self, n: int) -> list[list[bytes]]:
        """Return all groups in `n` lists."""
        bundles = self.bundles(1)
        return [[content for load in bundles[i::n] for content in load.read()] for i in range(n)]

    @property
    def size(self) -> int:
        """The bytes it holds."""
        return self._spill.size

    def bundles(self, size: int) -> list[Load]:
        """Return bundles of about `size` bytes; all values of a key are in one."""
        parts = filter(None, self._spill.blocks())
        return [
            Load(total_size(blocks), partial(self._group, blocks))
            for blocks in _together(parts, size)
        ]

    def _group(self, blocks: list[Block]) -> list[bytes]:
        grouping = self._beams()
        for content in read_all(blocks):
            grouping.append(content)
        grouped: list[bytes] = grouping.partition(1)[0]
        return grouped


def _together(parts: Iterable[list[Block]], size: int) -> list[list[Block]]:
    """Return the blocks of neighbouring parts in one list, up to so many bytes."""
    lists: list[list[Block]] = []
    last = 0
    for blocks in parts:
        more = total_size(blocks)
        if lists and last + more <= size:
            lists[-1] += blocks
            last += more
        else:
            lists.append(blocks)
            last = more
    return lists


def _load(blocks: list[Block]) -> Load:
    return Load(total_size(blocks), partial(_read, blocks))


def _read(blocks: Iterable[Block], part: slice = slice(None)) -> list[bytes]:
    return [content[part] for content in read_all(blocks)]


def element_ends(content: bytes, coder: Any) -> Iterator[int]:  # noqa: ANN401 - Beam's CoderImpl
    """Yield where each of the elements ends that stand one behind the other."""
    stream = create_InputStream(content)
    while stream.size() > 0:
        coder.decode_from_stream(stream, True)
        yield len(content) - stream.size()


@contextmanager
def spilled_buffers() -> Iterator[None]:
    """Let Beam's local runner use these buffers in the block."""
    beams = {name: vars(execution)[name] for name in ("GroupingBuffer", "ListBuffer")}
    vars(execution).update(GroupingBuffer=SpilledGroups, ListBuffer=SpilledList)
    try:
        yield
    finally:
        vars(execution).update(beams)
