"""The translation memory: every finished packet is one Parquet file, named by its content.

Layout: `<memory>/<backend>/<lang>/<fingerprint>/<packet>.parquet`, with `translator.json`
beside the packets for people. A file is written once and never changed, so that corpora and
runs can share a memory, also at the same time. Where two packets hold the same segment, readers
agree on one by `preferred`.

Every packet has a hash of what it says in its metadata, so that not one changed bit goes unnoticed.
Packets of version 1 have none: of these, only damage to their structure and to the English texts
shows. A packet that is not as it was written is never used; its segments are translated again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from translators.segmentation import SPLITTER_VERSION
from translators.translator import Translation, TranslatorInfo

MEMORY_SCHEMA: Final = pa.schema(
    [
        pa.field("key", pa.binary(16), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("score", pa.float32()),
        pa.field("finished", pa.bool_(), nullable=False),
        pa.field("unknown_share", pa.float32()),
    ],
    metadata={"tandemqa.schema_version": "2", "tandemqa.kind": "memory"},
)
# The largest packets have some megabytes; what is larger was made by somebody else.
LARGEST_PACKET: Final = 256 << 20
_MOST_BYTES: Final = 1 << 30  # of its texts, in memory
_BATCH: Final = 100  # rows; a small file may say a long text very often
_WITHOUT_HASH: Final = {b"tandemqa.schema_version": b"1", b"tandemqa.kind": b"memory"}
_HASH: Final = b"tandemqa.content"

PACKET_SUFFIX: Final = ".parquet"
INFO_NAME: Final = "translator.json"


class BrokenPacketError(ValueError):
    """A file of the memory is not as it was written, or was never a packet."""


def segment_key(text: str) -> bytes:
    """Return the memory's key of an English segment: 16 bytes of SHA-256."""
    return sha256(text.encode("utf-8")).digest()[:16]


def parameters_hash(info: TranslatorInfo) -> str:
    """Return a short hash of the decoding parameters."""
    return sha256(json.dumps(info.parameters).encode()).hexdigest()[:16]


def fingerprint(info: TranslatorInfo, target: str) -> str:
    """Return a hash of all that decides what a segment becomes in `target`.

    Model, revision, engine, decoding parameters and splitter version go in: change one, and
    nothing that was translated before is used again.
    """
    facts = {**asdict(info), "target": target, "splitter": SPLITTER_VERSION}
    return sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def packet_id(keys: Sequence[bytes]) -> str:
    """Return the name of the packet of these segments, whatever their order."""
    digest = sha256()
    for key in sorted(keys):
        digest.update(key)
    return digest.hexdigest()[:32]


def directory(info: TranslatorInfo, target: str) -> str:
    """Return where in a memory the packets of a translator and language are."""
    return f"{info.backend}/{target}/{fingerprint(info, target)}"


def describe(info: TranslatorInfo, target: str) -> bytes:
    """Return `translator.json`: what the fingerprint stands for."""
    facts = {**asdict(info), "target": target, "splitter": SPLITTER_VERSION}
    return json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n"


def encode_packet(sources: Mapping[bytes, str], done: Mapping[bytes, Translation]) -> bytes:
    """Return a packet as a Parquet file; failed segments are left out, to be tried again."""
    rows = [
        {
            "key": key,
            "source": sources[key],
            "text": translation.text,
            "score": translation.score,
            "finished": translation.finished,
            "unknown_share": translation.unknown_share,
        }
        for key, translation in sorted(done.items())
        if not translation.error
    ]
    table = pa.Table.from_pylist(rows, schema=MEMORY_SCHEMA)
    metadata = {**MEMORY_SCHEMA.metadata, _HASH: _content_hash(_columns(table))}
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def merge_packets(contents: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Return the name and the content of one packet with the segments of several.

    Args:
        contents: Packets by what messages call them.

    Raises:
        BrokenPacketError: If one is not as it was written.
    """
    sources: dict[bytes, str] = {}
    done: dict[bytes, Translation] = {}
    for name, content in contents.items():
        try:
            columns = _read(content)
        except Exception as error:  # damage may show in any part of Arrow
            raise BrokenPacketError(describe_broken(name, error)) from error
        for key, source, *facts in zip(*columns, strict=True):
            made = Translation(*facts)
            sources[key] = source
            done[key] = preferred(done[key], made) if key in done else made
    return packet_id(list(done)) + PACKET_SUFFIX, encode_packet(sources, done)


def decode_packet(content: bytes, name: str) -> dict[bytes, Translation]:
    """Return the translations of a packet by segment key.

    Raises:
        BrokenPacketError: If it is not as it was written; the message says what happens.
    """
    try:
        columns = _read(content)
    except Exception as error:  # damage may show in any part of Arrow
        raise BrokenPacketError(describe_broken(name, error)) from error
    return {
        key: Translation(text, score, finished, unknown_share)
        for key, _, text, score, finished, unknown_share in zip(*columns, strict=True)
    }


def describe_broken(name: str, error: Exception) -> str:
    """Return what to tell of a packet that cannot be used."""
    return (
        f"{name}: not a readable packet of the translation memory ({error}). It is left out, and "
        "its segments are translated again. Delete it if this is told again."
    )


def _read(content: bytes) -> list[list[Any]]:
    """Return the columns of a packet.

    Raises:
        Exception: Of any kind, if it is not as it was written.
    """
    file = pq.ParquetFile(pa.BufferReader(content))
    metadata = file.schema_arrow.metadata or {}
    protected = {**MEMORY_SCHEMA.metadata, _HASH: metadata.get(_HASH)}
    if not file.schema_arrow.equals(MEMORY_SCHEMA) or metadata not in (protected, _WITHOUT_HASH):
        raise ValueError("its columns are those of something else")
    batches, size = [], 0
    for batch in file.iter_batches(_BATCH):
        batches.append(batch)
        size += batch.nbytes
        if size > _MOST_BYTES:
            raise ValueError("its texts are longer than those of any packet")
    columns = _columns(pa.Table.from_batches(batches, file.schema_arrow))
    if metadata == protected and _content_hash(columns) != metadata[_HASH]:
        raise ValueError("it has changed since it was written")
    if any(segment_key(source) != key for key, source in zip(*columns[:2], strict=True)):
        raise ValueError("its keys are not those of its texts")
    return columns


def _columns(table: pa.Table) -> list[list[Any]]:
    return [column.to_pylist() for column in table.columns]


def _content_hash(columns: list[list[Any]]) -> bytes:
    digest = sha256()
    for values in columns:
        plain = [value.hex() if isinstance(value, bytes) else value for value in values]
        digest.update(json.dumps(plain).encode())
    return digest.hexdigest().encode()


def preferred(first: Translation, second: Translation) -> Translation:
    """Return which of two translations of one segment everybody uses, whatever the order.

    Finished ones before cut ones, then the higher score, then the smaller text.
    """

    def rank(item: Translation) -> tuple[bool, float, str]:
        return (not item.finished, -(item.score if item.score is not None else 0.0), item.text)

    return min(first, second, key=rank)
