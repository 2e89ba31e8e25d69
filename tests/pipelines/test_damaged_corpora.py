"""Random damage to manifests and shards: every command that reads a corpus ends in a sentence."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.command import UsageError
from schemas.row import ROW_SCHEMA
from tests.damage import EXAMPLES, TEXTS, byte_edits, everything, json_edits, outcome
from tests.pipelines.report_corpus import make_corpus
from trainer.corpora.corpus import open_corpus
from trainer.corpora.corpus_facts import read_facts

SHARD = "data/train/lang=es/part-00000-of-00001.parquet"
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Return a folder with a corpus, beside things that nothing may touch."""
    folder = tmp_path_factory.mktemp("place")
    make_corpus(folder / "whole", groups=12)
    (folder / "precious").mkdir()
    (folder / "precious" / "thesis.csv").write_text("1,2\n")
    return folder


def damaged(place: Path) -> Path:
    """Return a new copy of the whole corpus."""
    shutil.rmtree(place / "corpus", ignore_errors=True)
    shutil.copytree(place / "whole", place / "corpus")
    return place / "corpus"


def read_all(place: Path) -> set[int]:
    """Run every command that reads the corpus; return the exit codes."""
    corpus = place / "corpus"
    before = {path: of for path, of in everything(place).items() if "/corpus/" not in path}
    codes = {outcome([command, str(corpus)])[0] for command in ("verify", "report")}
    for opened in (lambda: open_corpus(corpus, cache=place / "cache"), lambda: read_facts(corpus)):
        try:
            opened()
        except UsageError as error:
            assert "Traceback" not in str(error)
    shutil.rmtree(place / "cache", ignore_errors=True)
    after = {path: of for path, of in everything(place).items() if "/corpus/" not in path}
    assert after == before
    return codes


def enter(corpus: Path, content: bytes, rows: int) -> None:
    """Write a shard and enter it into the manifest, as who made the corpus could."""
    (corpus / SHARD).write_bytes(content)
    manifest = json.loads((corpus / "manifest.json").read_text())
    for entry in manifest["files"]:
        if entry["path"] == SHARD:
            digest = sha256(content).hexdigest()
            entry |= {"rows": rows, "size": len(content), "sha256": digest}
    (corpus / "manifest.json").write_text(json.dumps(manifest))


@BOUNDED
@given(st.data())
def test_an_edited_manifest_is_a_sentence(place, data):
    corpus = damaged(place)
    manifest = corpus / "manifest.json"
    manifest.write_text(data.draw(json_edits(manifest.read_text())))
    read_all(place)


@BOUNDED
@given(st.data())
def test_damaged_bytes_of_a_shard_are_a_sentence(place, data):
    corpus = damaged(place)
    content = (corpus / SHARD).read_bytes()
    (corpus / SHARD).write_bytes(data.draw(byte_edits(content)))
    if (corpus / SHARD).read_bytes() != content:
        assert read_all(place) == {1}


@BOUNDED
@given(st.data())
def test_damaged_bytes_that_the_manifest_vouches_for_are_a_sentence(place, data):
    corpus = damaged(place)
    table = pq.read_table(corpus / SHARD, partitioning=None)
    content = data.draw(byte_edits((corpus / SHARD).read_bytes()))
    enter(corpus, content, table.num_rows)
    read_all(place)


COLUMNS = st.sampled_from(
    [
        pa.array([None] * 3, pa.null()),
        pa.array([1, 2, 3]),
        pa.array([b"\xff", b"", b"\0"]),
        pa.array(["a", None, "\x1b"]),
        pa.array([[1], None, []]),
        pa.array([{"x": 1}, None, {"x": 2}]),
        pa.array(["a", "b", "a"]).dictionary_encode(),
        pa.array([1.5, float("nan"), None]),
        pa.array([0, 1, 2], pa.timestamp("ns", "UTC")),
    ]
)


@BOUNDED
@given(st.data())
def test_other_parquet_under_the_name_of_a_shard_is_a_sentence(place, data):
    corpus = damaged(place)
    names = data.draw(st.lists(st.sampled_from([*ROW_SCHEMA.names, "x"]), min_size=1, unique=True))
    table = pa.table({name: data.draw(COLUMNS) for name in names})
    metadata = data.draw(st.sampled_from([None, ROW_SCHEMA.metadata]))
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), sink)
    enter(corpus, sink.getvalue().to_pybytes(), table.num_rows)
    assert 1 in read_all(place)


def odd(kind: pa.DataType) -> st.SearchStrategy[object]:
    """Return values that a column can hold and no build writes."""
    if pa.types.is_boolean(kind):
        return st.booleans()
    if pa.types.is_integer(kind):
        return st.integers(-(2**31), 2**31 - 1)
    if pa.types.is_floating(kind):
        return st.floats(width=32)
    if pa.types.is_list(kind):
        return st.lists(odd(kind.value_type), max_size=3)
    if pa.types.is_struct(kind):
        return st.fixed_dictionaries({field.name: odd(field.type) for field in kind})
    return TEXTS


def with_odd_values(corpus: Path, data: st.DataObject) -> None:
    """Write a shard of the right schema with some columns of values that no build writes."""
    table = pq.read_table(corpus / SHARD, partitioning=None)
    for name in data.draw(st.lists(st.sampled_from(ROW_SCHEMA.names), min_size=1, max_size=4)):
        field = ROW_SCHEMA.field(name)
        some = [data.draw(odd(field.type)) for _ in range(2)]
        column = pa.array([some[n % 2] for n in range(table.num_rows)], field.type)
        table = table.set_column(table.schema.get_field_index(name), field, column)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    enter(corpus, sink.getvalue().to_pybytes(), table.num_rows)


@BOUNDED
@given(st.data())
def test_odd_values_in_a_shard_are_a_sentence(place, data):
    with_odd_values(damaged(place), data)
    read_all(place)


@settings(BOUNDED, max_examples=max(2, EXAMPLES // 10))
@given(st.data())
def test_a_corpus_with_odd_values_is_judged_again_or_refused(place, data):
    corpus = damaged(place)
    with_odd_values(corpus, data)
    before = everything(place)
    outcome(["revalidate", str(corpus), "--output", str(place / "output"), "--quiet"])
    shutil.rmtree(place / "output", ignore_errors=True)
    assert everything(place) == before
