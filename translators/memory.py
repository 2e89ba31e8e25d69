"""The translation memory: every finished packet is one Parquet file, named by its content.

Layout: `<memory>/<backend>/<lang>/<fingerprint>/<packet>.parquet`, with `translator.json`
beside the packets for people. A file is written once and never changed, so that corpora and
runs can share a memory, also at the same time. Where two packets hold the same segment, readers
agree on one by `preferred`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Final

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
    metadata={"tandemqa.schema_version": "1", "tandemqa.kind": "memory"},
)

PACKET_SUFFIX: Final = ".parquet"
INFO_NAME: Final = "translator.json"


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
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=MEMORY_SCHEMA), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def decode_packet(content: bytes, name: str) -> dict[bytes, Translation]:
    """Return the translations of a packet by segment key.

    Raises:
        ValueError: If the file is no packet of this version; the message says what to do.
    """
    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
        if not table.schema.equals(MEMORY_SCHEMA, check_metadata=True):
            raise pa.ArrowInvalid("its columns are those of something else")
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(
            f"{name}: not a readable packet of the translation memory ({error}). "
            "Delete this file: its segments are then translated again."
        ) from error
    columns = (table.column(n).to_pylist() for n in MEMORY_SCHEMA.names if n != "source")
    return {
        key: Translation(text, score, finished, unknown_share)
        for key, text, score, finished, unknown_share in zip(*columns, strict=True)
    }


def preferred(first: Translation, second: Translation) -> Translation:
    """Return which of two translations of one segment everybody uses, whatever the order.

    Finished ones before cut ones, then the higher score, then the smaller text.
    """

    def rank(item: Translation) -> tuple[bool, float, str]:
        return (not item.finished, -(item.score if item.score is not None else 0.0), item.text)

    return min(first, second, key=rank)
