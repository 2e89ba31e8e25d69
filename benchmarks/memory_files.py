"""A translation memory out of translations that are known already."""

from collections.abc import Callable, Iterable
from pathlib import Path

from translators.memory import INFO_NAME, PACKET_SUFFIX, encode_packet, packet_id, segment_key
from translators.translator import Translation

PACKET_SIZE = 2048


def write_packets(
    folder: Path, info: bytes, texts: Iterable[str], translate: Callable[[str], Translation]
) -> None:
    """Write one language of a translation memory.

    Args:
        folder: Where its packets are; made here.
        info: Content of `translator.json`.
        texts: Distinct English segments.
        translate: What returns the translation of one.
    """
    folder.mkdir(parents=True)
    (folder / INFO_NAME).write_bytes(info)
    items = sorted((segment_key(text), text) for text in texts)
    for start in range(0, len(items), PACKET_SIZE):
        packet = dict(items[start : start + PACKET_SIZE])
        done = {key: translate(text) for key, text in packet.items()}
        (folder / f"{packet_id(list(packet))}{PACKET_SUFFIX}").write_bytes(
            encode_packet(packet, done)
        )
