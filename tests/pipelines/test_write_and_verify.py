"""Shards as they are written, and every fault that `verify` must find."""

from dataclasses import replace
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.corpus.sorted_file import _in_chunks, encode, join_tables
from pipelines.corpus.verify import verify
from pipelines.corpus.write import WriteFailedRecords
from pipelines.io.progress import Progress, watch
from schemas.corpus_layout import file_path
from schemas.identity import bucket, content_id
from schemas.manifest import FileEntry, LanguageCounts, Manifest, SourceCounts
from schemas.record import FailedRecord
from schemas.row import ROW_SCHEMA, SCHEMA_VERSION, Row, RowAnswer, rows_to_table
from tandemqa import run

SHARDS = 2
LANGUAGES = ("ca", "en", "es")


def make_row(number: int, lang: str) -> Row:
    passage = f"passage {number} in {lang}"
    return Row(
        group_id=content_id(str(number)),
        record_id=str(number),
        dataset="d",
        split="train",
        lang=lang,
        is_source=lang == "en",
        question=f"question {number}",
        passage=passage,
        title="",
        passage_id=content_id("p", str(number)),
        answers=(RowAnswer("passage", 0, "verbatim", 1.0),),
        sentence_map=((0, 5, 0, len(passage)),),
        languages=LANGUAGES,
        mono=True,
        cross=True,
        checks=(),
        score_min=None,
        score_mean=None,
        unknown_share=None,
        translator=None,
        license="",
    )


def entry_of(path: str, content: bytes, rows: int, lang: str) -> FileEntry:
    return FileEntry(
        path=path,
        kind="row",
        split="train",
        lang=lang,
        rows=rows,
        size=len(content),
        sha256=sha256(content).hexdigest(),
    )


class Corpus:
    """A small corpus on disk whose files can be changed with or without the manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, FileEntry] = {}
        for lang in LANGUAGES:
            rows = sorted((make_row(n, lang) for n in range(20)), key=lambda r: r.group_id)
            for number in range(SHARDS):
                part = [row for row in rows if bucket(row.group_id, SHARDS) == number]
                self.put(file_path(("row", "train", lang, number, SHARDS)), part, lang)

    def put(self, path: str, rows: list[Row], lang: str, known: bool = True) -> None:
        content = encode(rows_to_table(rows))
        self.put_bytes(path, content)
        if known:
            self.entries[path] = entry_of(path, content, len(rows), lang)

    def put_bytes(self, path: str, content: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(content)

    def manifest(self, kept: int = 20, groups: int = 20) -> Manifest:
        return Manifest(
            schema_version=SCHEMA_VERSION,
            tandemqa_version="0",
            created=datetime.now(timezone.utc),
            seconds=0,
            config={},
            languages=list(LANGUAGES),
            shards=SHARDS,
            source=SourceCounts(read=groups, groups=groups),
            counts=dict.fromkeys(LANGUAGES, LanguageCounts(kept=kept)),
            segments={},
            translators={},
            calibration={},
            files=list(self.entries.values()),
            versions={},
        )

    def faults(self, manifest: Manifest | None = None) -> list[str]:
        return list(verify(self.folder.as_posix(), manifest or self.manifest()))


@pytest.fixture
def corpus(tmp_path):
    return Corpus(tmp_path)


PATH = file_path(("row", "train", "es", 1, SHARDS))


def rows_of(corpus: Corpus) -> list[Row]:
    wanted = pq.read_table(corpus.folder / PATH).column("record_id").to_pylist()
    return [make_row(int(number), "es") for number in wanted]


def test_a_whole_corpus_has_no_faults(corpus):
    assert corpus.faults() == []


def test_a_flipped_byte_is_found(corpus):
    content = bytearray((corpus.folder / PATH).read_bytes())
    content[len(content) // 2] ^= 1
    corpus.put_bytes(PATH, bytes(content))
    assert any(f.startswith(f"{PATH}: content changed") for f in corpus.faults())


def test_a_missing_shard_is_found(corpus):
    (corpus.folder / PATH).unlink()
    assert f"{PATH}: missing" in corpus.faults()


def test_a_foreign_shard_is_found(corpus):
    corpus.put_bytes("data/train/lang=es/part-00009-of-00009.parquet", b"")
    assert any("not in the manifest" in f for f in corpus.faults())


def test_a_removed_row_is_found_even_with_a_new_checksum(corpus):
    corpus.put(PATH, rows_of(corpus)[1:], "es")
    faults = corpus.faults()
    assert any("19 in the files" in f for f in faults)
    assert any("not in the languages their rows name" in f for f in faults)


def test_a_changed_schema_is_found(corpus):
    table = pq.read_table(corpus.folder / PATH, partitioning=None)
    sink = pa.BufferOutputStream()
    pq.write_table(table.drop_columns(["passage_id"]), sink)
    content = sink.getvalue().to_pybytes()
    corpus.put_bytes(PATH, content)
    corpus.entries[PATH] = entry_of(PATH, content, table.num_rows, "es")
    assert any("schema changed (columns missing: passage_id)" in f for f in corpus.faults())


def test_languages_out_of_line_are_found(corpus):
    rows = [replace(row, languages=("en", "es")) for row in rows_of(corpus)]
    corpus.put(PATH, rows, "es")
    assert any("not in the languages their rows name" in f for f in corpus.faults())


def test_rows_out_of_order_or_in_the_wrong_shard_are_found(corpus):
    rows = rows_of(corpus)
    corpus.put(PATH, rows[::-1], "es")
    assert any("not in order" in f for f in corpus.faults())
    other = file_path(("row", "train", "es", 0, SHARDS))
    corpus.put(other, rows, "es")
    assert any("groups of another shard" in f for f in corpus.faults())


def test_wrong_offsets_and_empty_texts_are_found(corpus):
    first, *rest = rows_of(corpus)
    broken = replace(first, question=" ", answers=(RowAnswer("x", 3, "verbatim", 1.0),))
    corpus.put(PATH, [broken, *rest], "es")
    faults = corpus.faults()
    assert any("1 answers do not stand" in f for f in faults)
    assert any("empty question or passage" in f for f in faults)


def test_lost_records_are_found(corpus):
    faults = corpus.faults(corpus.manifest(groups=21))
    assert any("es: 21 groups, but 20 kept" in f for f in faults)


def test_lost_quarantine_is_found(corpus):
    whole = corpus.manifest()
    counts = {**whole.counts, "es": LanguageCounts(kept=20, rejected=1, failed=1)}
    source = SourceCounts(read=25, duplicates=3, groups=22)
    faults = corpus.faults(whole.model_copy(update={"counts": counts, "source": source}))
    assert "es: 2 rejected or failed, 0 in the files of the manifest" in faults
    assert "source: 3 set aside before translation, 0 in the files of the manifest" in faults


def test_the_command_lists_every_fault_and_exits_with_1(corpus, capsys):
    (corpus.folder / "manifest.json").write_text(corpus.manifest().model_dump_json())
    assert run(["verify", str(corpus.folder)]) == 0
    assert "whole: 6 files, 60 rows in 3 languages" in capsys.readouterr().out
    (corpus.folder / PATH).unlink()
    corpus.put_bytes("data/train/lang=es/other.parquet", b"")
    assert run(["verify", str(corpus.folder)]) == 1
    told = capsys.readouterr().out
    assert f"{PATH}: missing" in told and "other.parquet: not in the manifest" in told
    (corpus.folder / "manifest.json").unlink()
    assert run(["verify", str(corpus.folder)]) == 1
    assert "no finished corpus" in capsys.readouterr().err


def test_files_carry_the_schema_version_and_bounded_row_groups(monkeypatch):
    monkeypatch.setattr("pipelines.corpus.sorted_file.ROW_GROUP_ROWS", 8)
    content = encode(rows_to_table([make_row(n, "es") for n in range(20)]))
    file = pq.ParquetFile(pa.BufferReader(content))
    assert file.schema_arrow.equals(ROW_SCHEMA, check_metadata=True)
    assert file.schema_arrow.metadata[b"tandemqa.schema_version"] == SCHEMA_VERSION.encode()
    assert file.metadata.num_rows == 20
    assert file.metadata.num_row_groups == 3


def test_a_file_is_the_same_in_whatever_order_and_lists_its_rows_come(monkeypatch):
    monkeypatch.setattr("pipelines.corpus.sorted_file.ROW_GROUP_BYTES", 10_000)
    rows = [replace(make_row(n, "es"), passage="x" * (n * 150)) for n in range(50)]
    in_order = sorted(rows, key=lambda row: row.group_id)
    table = pa.concat_tables(rows_to_table(rows[i : i + 7]) for i in range(0, 50, 7))
    assert encode(table, ["group_id"]) == encode(rows_to_table(in_order))


def test_a_file_may_have_more_text_than_a_column_of_a_table_holds(monkeypatch):
    monkeypatch.setattr("pipelines.corpus.sorted_file._CHUNK_BYTES", 5_000)
    rows = [replace(make_row(n, "es"), passage="x" * (n * 150)) for n in range(50)]
    in_order = rows_to_table(sorted(rows, key=lambda row: row.group_id))
    table = pa.concat_tables(rows_to_table(rows[i : i + 7]) for i in range(0, 50, 7))
    assert pq.read_table(pa.BufferReader(encode(table, ["group_id"]))).equals(in_order)


def test_many_small_tables_are_in_memory_once_while_a_file_is_written(monkeypatch):
    monkeypatch.setattr("pipelines.corpus.sorted_file._CHUNK_BYTES", 5_000)
    rows = [replace(make_row(n, "es"), passage="x" * 2_000) for n in range(50)]
    table = join_tables(rows_to_table(rows[i : i + 1]) for i in range(50))
    assert table.equals(rows_to_table(rows))
    before = pa.total_allocated_bytes()
    chunks = list(_in_chunks([table]))
    assert 5 < len(chunks) < 50
    assert pa.total_allocated_bytes() == before


def test_row_groups_are_bounded_by_bytes_too(monkeypatch):
    monkeypatch.setattr("pipelines.corpus.sorted_file.ROW_GROUP_BYTES", 10_000)
    rows = [replace(make_row(n, "es"), passage="x" * 5_000) for n in range(20)]
    content = encode(rows_to_table(rows))
    assert pq.ParquetFile(pa.BufferReader(content)).metadata.num_row_groups >= 10


def test_failed_records_are_written_early_and_begin_no_step_of_the_progress(tmp_path):
    failed = FailedRecord("rivers.json", 3, "", "malformed_json", "line 3: no JSON")
    progress = Progress()
    with watch(progress), beam.Pipeline() as pipeline:
        pipeline | beam.Create([failed]) | WriteFailedRecords(str(tmp_path))
    assert [path.name for path in tmp_path.rglob("*.parquet")]
    assert progress.line() == ""
