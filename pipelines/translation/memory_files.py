"""The files of a translation memory: what there is, and many small packets made into few.

A merged packet is written, read back and found whole before those that are in it are deleted: who
is killed between any two steps leaves every segment in the memory, some of them twice.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from json import loads
from typing import Final, NamedTuple

from pipelines.io.storage import delete, exists, join, list_files, read_below, write_bytes
from pipelines.translation.packet import load_packet, read_packet
from schemas.plain_text import one_line
from translators.memory import INFO_NAME, BrokenPacketError, decode_packet, merge_packets

# Packets below this size are merged, into files of about twice as much: a file is read at once.
SMALL: Final = 8 << 20
_PACKET: Final = re.compile(r"[0-9a-f]{32}\.parquet")
_LARGEST_INFO: Final = 1 << 20

Advance = Callable[[int], object]
"""Is told how many more packets are done."""


class PacketFile(NamedTuple):
    """A packet of the memory, and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """What a memory holds of one translator and language.

    Attributes:
        backend: Name of the family.
        lang: BCP-47 code of the language.
        folder: Where the packets are.
        packets: The packets, sorted by name.
    """

    backend: str
    lang: str
    folder: str
    packets: list[PacketFile] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The bytes of all packets."""
        return sum(packet.size for packet in self.packets)


def list_parts(memory: str) -> list[Part]:
    """Return what a memory holds; other files in the folder are left out."""
    found: dict[tuple[str, ...], list[PacketFile]] = defaultdict(list)
    ours: set[tuple[str, ...]] = set()
    start = len(memory.rstrip("/")) + 1
    for path, size in list_files(memory):
        *place, name = path[start:].split("/")
        if len(place) == 3 and name == INFO_NAME:
            ours.add(tuple(place))
        elif len(place) == 3 and _PACKET.fullmatch(name):
            found[tuple(place)].append(PacketFile(name, size))
    return [
        Part(place[0], place[1], join(memory, *place), sorted(found[place]))
        for place in sorted(ours)
    ]


def model_of(part: Part) -> str:
    """Return the model that made a part of the memory; empty if that cannot be read."""
    try:
        facts = loads(read_below(part.folder, INFO_NAME, _LARGEST_INFO))
        return one_line(str(facts["model"]))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ""


def count_segments(part: Part, advance: Advance) -> tuple[int, list[str]]:
    """Return how many segments a part holds, and the packets that are broken."""
    keys: set[bytes] = set()
    broken = []
    for packet in part.packets:
        try:
            keys.update(load_packet(part.folder, packet.name, packet.size))
        except BrokenPacketError:
            broken.append(join(part.folder, packet.name))
        advance(1)
    return len(keys), broken


def compact(part: Part, advance: Advance) -> tuple[int, list[str]]:
    """Make few packets of many small ones; nothing is changed where that would not save a file.

    Args:
        part: The packets.
        advance: Is told how many more of them are done.

    Returns:
        How many packets there are now, and those that are broken; these stay as they are.

    Raises:
        OSError: If something cannot be read, written or deleted.
    """
    count, broken = len(part.packets), []
    small = [packet for packet in part.packets if packet.size < SMALL]
    advance(count - len(small))
    for batch in _batches(small):
        contents: dict[str, bytes] = {}
        for packet in batch:
            path = join(part.folder, packet.name)
            try:
                content = read_packet(part.folder, packet.name, packet.size)
                if content is not None:  # nobody took it away since
                    decode_packet(content, path)
                    contents[path] = content
            except BrokenPacketError:
                broken.append(path)
        if len(contents) > 1:
            count -= _merge(part.folder, contents)
        advance(len(batch))
    return count, broken


def _batches(packets: Iterable[PacketFile]) -> Iterator[list[PacketFile]]:
    batch: list[PacketFile] = []
    size = 0
    for packet in packets:
        batch.append(packet)
        size += packet.size
        if size >= 2 * SMALL:
            yield batch
            batch, size = [], 0
    yield batch


def _merge(folder: str, contents: dict[str, bytes]) -> int:
    """Put one packet in the place of several; return how many files there are less."""
    name, merged = merge_packets(contents)
    path = join(folder, name)
    if path not in contents and exists(path):
        return 0  # a large one with the same segments, or a broken one
    try:
        decode_packet(merged, path)
    except BrokenPacketError:  # texts that repeat so often that together they are too long
        return 0
    write_bytes(path, merged)
    if read_packet(folder, name, len(merged)) != merged:
        raise OSError(f"{path}: not what was written; the packets that are in it are still there")
    others = [other for other in contents if other != path]
    for other in others:
        delete(other)
    return len(contents) - 1
