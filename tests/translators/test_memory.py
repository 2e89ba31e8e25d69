from dataclasses import replace
from itertools import permutations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from translators import memory
from translators.translator import Translation, TranslatorInfo

INFO = TranslatorInfo("marian", "m", "r1", "ctranslate2 4.8", (("beam_size", "1"),), "Apache-2.0")
KEYS = [memory.segment_key(text) for text in ("one", "two", "three")]
SOURCES = dict(zip(KEYS, ("one", "two", "three"), strict=True))


def test_a_packet_gives_back_what_was_saved():
    done = {
        KEYS[0]: Translation("uno", score=-0.5),
        KEYS[1]: Translation("dos", finished=False),
        KEYS[2]: Translation("tres", unknown_share=0.25),
    }
    assert memory.decode_packet(memory.encode_packet(SOURCES, done), "p") == done


def test_failed_segments_are_not_saved_so_that_they_are_tried_again():
    done = {KEYS[0]: Translation("uno"), KEYS[1]: Translation("", error="empty")}
    assert set(memory.decode_packet(memory.encode_packet(SOURCES, done), "p")) == {KEYS[0]}


def test_the_same_packet_is_the_same_bytes_whatever_the_order():
    done = {key: Translation(text) for key, text in SOURCES.items()}
    turned = dict(reversed(done.items()))
    assert memory.encode_packet(SOURCES, done) == memory.encode_packet(SOURCES, turned)
    assert memory.packet_id(KEYS) == memory.packet_id(KEYS[::-1])


@pytest.mark.parametrize(
    "change",
    [
        {"model": "m2"},
        {"revision": "r2"},
        {"engine": "transformers 5"},
        {"parameters": (("beam_size", "4"),)},
    ],
)
def test_any_change_of_the_translator_makes_another_memory(change):
    assert memory.fingerprint(INFO, "es") != memory.fingerprint(replace(INFO, **change), "es")


def test_language_and_splitter_are_part_of_the_fingerprint(monkeypatch):
    before = memory.fingerprint(INFO, "es")
    assert before != memory.fingerprint(INFO, "ca")
    monkeypatch.setattr(memory, "SPLITTER_VERSION", "other")
    assert before != memory.fingerprint(INFO, "es")


def test_all_readers_agree_on_one_of_several_translations():
    several = [
        Translation("b", score=-1.0),
        Translation("a", score=-1.0),
        Translation("c", score=-2.0),
        Translation("d", score=-0.1, finished=False),
    ]
    for order in permutations(several):
        best = order[0]
        for other in order[1:]:
            best = memory.preferred(best, other)
        assert best == Translation("a", score=-1.0)


def test_a_broken_packet_is_named_with_what_to_do():
    with pytest.raises(
        ValueError, match=r"memory/x\.parquet: not a readable packet.*translated again"
    ):
        memory.decode_packet(b"PAR1 no", "memory/x.parquet")


def test_a_packet_of_another_schema_is_refused():
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"other": [1]}), sink)
    with pytest.raises(ValueError, match="not a readable packet"):
        memory.decode_packet(sink.getvalue().to_pybytes(), "x")
