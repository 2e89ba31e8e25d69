"""Records beyond the limit of size fail alone; time and memory grow with what is read."""

import gzip
import json

import pytest
import zstandard

from pipelines.formats import stream
from pipelines.formats.item import MOST_ANSWERS, Origin
from pipelines.formats.reader import read_file
from pipelines.formats.stream import CutLine, Stream
from schemas.record import FailedRecord

LIMIT = 1000
LONG = "x" * (LIMIT + 1)
GOOD = {"question": "who?", "context": "someone did"}


@pytest.fixture
def short_lines(monkeypatch):
    monkeypatch.setattr(stream, "LONGEST_LINE", LIMIT)
    monkeypatch.setattr(stream, "PLAIN_CHUNK", 64)


def outcomes(path, format):
    results = list(read_file(str(path), format, Origin(str(path), path.name, "set")))
    return [r.reason if isinstance(r, FailedRecord) else r.question for r in results]


def test_a_line_in_many_pieces_is_joined_once(tmp_path, monkeypatch):
    """Each piece used to be joined to all before it: the time was quadratic."""
    monkeypatch.setattr(stream, "PLAIN_CHUNK", 10)
    path = tmp_path / "a"
    path.write_bytes(b"a" * 100_000 + b"\nb\n\nc")
    joined = []
    monkeypatch.setattr(
        stream.PartialLine,
        "take",
        lambda self, take=stream.PartialLine.take: joined.append(self.size) or take(self),
    )
    assert list(Stream(str(path)).lines()) == [b"a" * 100_000, b"b", b"", b"c"]
    assert joined == [100_000, 1]


@pytest.mark.usefixtures("short_lines")
@pytest.mark.parametrize("size", [LIMIT - 1, LIMIT, LIMIT + 1, 10 * LIMIT])
@pytest.mark.parametrize("before", [b"", b"\n", b"first\n", b"y" * 63 + b"\n"])
@pytest.mark.parametrize("after", [b"", b"\n", b"\nlast"])
def test_only_lines_beyond_the_limit_are_cut(tmp_path, size, before, after):
    content = before + b"x" * size + after
    (tmp_path / "a").write_bytes(content)
    (tmp_path / "a.gz").write_bytes(gzip.compress(content))
    wanted = [line[:900] for line in content.split(b"\n")]
    wanted = wanted if wanted[-1] else wanted[:-1]
    for name in ("a", "a.gz"):
        lines = list(Stream(str(tmp_path / name)).lines())
        assert [line[:900] for line in lines] == wanted
        cut = [line for line in lines if isinstance(line, CutLine)]
        assert len(cut) == (size > LIMIT)
        assert all(len(line) <= stream._BEGINNING for line in cut)


@pytest.mark.usefixtures("short_lines")
@pytest.mark.parametrize("format", ["jsonl", "nq"])
def test_a_line_beyond_the_limit_fails_alone(tmp_path, format):
    path = tmp_path / "a.jsonl"
    good, long = json.dumps(GOOD), json.dumps({"question": LONG, "context": "c"})
    path.write_text(f"{good}\n{long}\n{good}\n")
    found = outcomes(path, format)
    assert found[1] == "record_too_large"
    assert found[0] == found[2] != "record_too_large"


@pytest.mark.usefixtures("short_lines")
@pytest.mark.parametrize(("format", "tab"), [("csv", ","), ("tsv", "\t")])
def test_a_row_beyond_the_limit_fails_alone(tmp_path, format, tab):
    path = tmp_path / f"a.{format}"
    path.write_text(f"question{tab}context\nq1{tab}c\nq2{tab}{LONG}\nq3{tab}c\n")
    assert outcomes(path, format) == ["q1", "record_too_large", "q3"]


@pytest.mark.usefixtures("short_lines")
def test_a_quote_left_open_before_a_line_beyond_the_limit_costs_its_own_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f'question,context\nq1,"c\nq2,c\n{LONG}\nq3,c\n')
    assert outcomes(path, "csv") == ["malformed_row", "q2", "record_too_large", "q3"]


@pytest.mark.usefixtures("short_lines")
def test_a_header_beyond_the_limit_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"{LONG}\nq,c\n")
    assert outcomes(path, "csv") == ["record_too_large"]


def test_texts_beyond_the_limit_fail_with_their_size(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.formats.item.MOST_CHARACTERS", 50)
    path = tmp_path / "a.json"
    path.write_text(json.dumps([GOOD, {"question": "q", "context": "c" * 50}, GOOD]))
    results = list(read_file(str(path), "json", Origin(str(path), "a", "set")))
    assert results[1].reason == "record_too_large"
    assert "51 characters; at most 50" in results[1].detail
    assert results[0].question == results[2].question == "who?"


def test_answers_without_end_fail(tmp_path):
    path = tmp_path / "a.jsonl"
    answers = [str(number) for number in range(MOST_ANSWERS + 1)]
    path.write_text(json.dumps({**GOOD, "answers": answers}))
    assert outcomes(path, "jsonl") == ["record_too_large"]


@pytest.mark.parametrize("value", ["answers", "context", "title"])
def test_lists_nested_without_end_fail_alone(tmp_path, value):
    path = tmp_path / "a.jsonl"
    deep = '"a"'
    for _ in range(300):
        deep = f"[{deep}]"
    nested = json.dumps({**GOOD, value: "@"}).replace('"@"', deep)
    path.write_text(f"{nested}\n{json.dumps(GOOD)}\n")
    assert outcomes(path, "jsonl") == ["nested_too_deeply", "who?"]


@pytest.mark.usefixtures("short_lines")
def test_an_object_over_many_lines_beyond_the_limit_fails_alone(tmp_path):
    path = tmp_path / "a.jsonl"
    lines = json.dumps({"question": "q", "context": ["c" * 100] * 30}, indent=1)
    good = json.dumps(GOOD, indent=1)
    path.write_text(f"{good}\n{lines}\n{good}\n")
    assert outcomes(path, "jsonl") == ["who?", "record_too_large", "who?"]


def test_a_small_file_that_unpacks_to_a_gigabyte_is_given_out_in_pieces(tmp_path):
    path = tmp_path / "a.jsonl.zst"
    packed = zstandard.ZstdCompressor().compressobj(size=1 << 28)
    content = b"".join(packed.compress(bytes(1 << 20)) for _ in range(1 << 8)) + packed.flush()
    assert len(content) < 1 << 16
    path.write_bytes(content)
    pieces = [len(piece) for piece in Stream(str(path)).chunks()]
    assert sum(pieces) == 1 << 28
    assert max(pieces) <= 1 << 27
