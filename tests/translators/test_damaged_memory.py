"""Damage to packets of the memory, and packets of others: noticed, and never used."""

import random
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translators import memory
from translators.memory import BrokenPacketError, decode_packet, encode_packet, segment_key
from translators.translator import Translation

TEXTS = [f"Sentence {n} is about {word}." for n, word in enumerate(["tea", "ice", "sea"] * 10)]
SOURCES = {segment_key(text): text for text in TEXTS}
DONE = {
    key: Translation(f"Frase {n}: «ñandú».", score=-n / 7, finished=n % 5 > 0, unknown_share=0.1)
    for n, key in enumerate(SOURCES)
}
PACKET = encode_packet(SOURCES, DONE)
MEANT = decode_packet(PACKET, "p")
VERSION_1 = {"tandemqa.schema_version": "1", "tandemqa.kind": "memory"}


def is_noticed(content: bytes) -> bool:
    """Return whether damage is told; what is read in spite of it must be what was written."""
    try:
        found = decode_packet(content, "p")
    except BrokenPacketError as error:
        assert str(error).startswith("p: not a readable packet")
        return True
    assert found == MEANT
    return False


def written(table: pa.Table, **options) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def earlier_version(table: pa.Table | None = None) -> bytes:
    table = pq.read_table(pa.BufferReader(PACKET)) if table is None else table
    return written(table.replace_schema_metadata(VERSION_1), compression="zstd")


def test_no_flipped_bit_changes_a_text():
    noticed = 0
    for bit in random.Random(0).sample(range(8 * len(PACKET)), 800):
        damaged = bytearray(PACKET)
        damaged[bit // 8] ^= 1 << bit % 8
        noticed += is_noticed(bytes(damaged))
    assert noticed > 400


def test_every_truncation_is_noticed():
    assert all(is_noticed(PACKET[:size]) for size in range(0, len(PACKET), 13))


@pytest.mark.parametrize("size", [1, 16, 512])
def test_no_run_of_zeros_changes_a_text(size):
    for start in range(0, len(PACKET), max(size // 2, 37)):
        is_noticed(PACKET[:start] + bytes(size) + PACKET[start + size :])


@settings(max_examples=200)
@given(st.data())
def test_random_edits_are_noticed_or_harmless(data):
    content = PACKET
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 40)))
        content = content[:start] + data.draw(st.binary(max_size=40)) + content[end:]
    is_noticed(content)


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.text(min_size=1),
        st.builds(
            Translation,
            st.text(),
            st.none() | st.floats(width=32, allow_nan=False),
            st.booleans(),
            st.none() | st.floats(0, 1, width=32),
        ),
    )
)
def test_whatever_is_saved_comes_back(texts):
    sources = {segment_key(text): text for text in texts}
    done = {segment_key(text): translation for text, translation in texts.items()}
    assert decode_packet(encode_packet(sources, done), "p") == done


def test_packets_of_the_earlier_version_are_read():
    assert decode_packet(earlier_version(), "p") == MEANT


def test_a_packet_is_not_taken_for_one_of_the_earlier_version_when_its_hash_is_lost():
    table = pq.read_table(pa.BufferReader(PACKET))
    for metadata in ({}, {**VERSION_1, "tandemqa.schema_version": "2"}, {**VERSION_1, "x": "y"}):
        with pytest.raises(BrokenPacketError):
            decode_packet(written(table.replace_schema_metadata(metadata)), "p")


def test_another_key_than_that_of_the_text_is_noticed_in_every_version():
    table = pq.read_table(pa.BufferReader(PACKET))
    turned = table.set_column(0, table.schema.field(0), table["key"].take(list(range(29, -1, -1))))
    with pytest.raises(BrokenPacketError, match="keys"):
        decode_packet(earlier_version(turned), "p")


def rows(**columns) -> pa.Table:
    table = pq.read_table(pa.BufferReader(earlier_version()))
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    return table


COUNT = len(TEXTS)
FOREIGN = {
    "other columns": pa.table({"a": [1]}),
    "no columns": pa.table({}),
    "a column too many": rows().append_column("more", pa.array(range(COUNT))),
    "a column too few": rows().drop_columns(["text"]),
    "columns in another order": rows().select(["text", "key", "source"]),
    "text as numbers": rows(text=pa.array(range(COUNT))),
    "nothing for text": rows(text=pa.array([None] * COUNT, pa.string())),
    "text as lists": rows(text=pa.array([["a"]] * COUNT)),
    "keys of another size": rows(key=pa.array([b"a"] * COUNT)),
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("version", ["1", "2"])
def test_files_of_others_are_refused(name, version):
    metadata = {**VERSION_1, "tandemqa.schema_version": version, "tandemqa.content": "0" * 64}
    if version == "1":
        del metadata["tandemqa.content"]
    with pytest.raises(BrokenPacketError):
        decode_packet(written(FOREIGN[name].replace_schema_metadata(metadata)), "p")


def test_text_that_is_no_utf8_is_refused():
    offsets = pa.array(range(COUNT + 1), pa.int32()).buffers()[1]
    bad = pa.Array.from_buffers(pa.string(), COUNT, [None, offsets, pa.py_buffer(b"\xff" * COUNT)])
    field = memory.MEMORY_SCHEMA.field("text")
    table = rows().set_column(2, field, bad)
    with pytest.raises(BrokenPacketError):
        decode_packet(earlier_version(table), "p")


def test_a_small_file_with_endless_text_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(memory, "_MOST_BYTES", 1 << 20)
    field = memory.MEMORY_SCHEMA.field("text")
    endless = pa.array(["x" * 100_000] * COUNT)
    content = earlier_version(rows().set_column(2, field, endless))
    assert len(content) < 20_000
    with pytest.raises(BrokenPacketError, match="longer than those of any packet"):
        decode_packet(content, "p")


def test_the_hash_is_of_the_content_and_not_of_the_file():
    """Another version of Parquet's library may write the same packet with other bytes."""
    table = pq.read_table(pa.BufferReader(PACKET))
    again = written(table, compression="none", use_dictionary=False)
    assert sha256(again).digest() != sha256(PACKET).digest()
    assert decode_packet(again, "p") == MEANT
