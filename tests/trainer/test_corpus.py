"""Corpora and foreign Parquet as one table: ids, languages, refusals, the kept files."""

import json
import mmap
import multiprocessing
import os
import pickle
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.command import UsageError
from schemas.identity import content_id
from schemas.row import ROW_SCHEMA, rows_to_table
from tests.trainer.corpus_folder import make_rows, write_corpus
from trainer.batches.sampler import HybridBatchSampler
from trainer.corpora.corpus import CorpusTable, open_corpus
from trainer.corpora.corpus_facts import read_facts
from trainer.corpora.corpus_tables import _number_questions


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANDEMQA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus", make_rows(range(10)))


def write(path: Path, **columns: object) -> str:
    pq.write_table(pa.table(columns), path)
    return str(path)


def forge(corpus: Path, shard: Path, content: bytes) -> None:
    """Replace a shard, and its hash in the manifest."""
    manifest = corpus / "manifest.json"
    old = sha256(shard.read_bytes()).hexdigest()
    shard.write_bytes(content)
    manifest.write_text(manifest.read_text().replace(old, sha256(content).hexdigest()))


def numbers_by_text(corpus: CorpusTable, column: str, text: str) -> dict[str, int]:
    return dict(zip(corpus.table[text], corpus.column(column).tolist(), strict=True))


def test_texts_come_first_and_everything_else_is_an_integer(corpus):
    opened = open_corpus(corpus)
    names = opened.table.column_names
    assert names[:2] == ["question", "passage"]
    numbers = {"group", "passage_group", "question_group", "lang", "source", "mono", "cross"}
    assert set(names[2:]) == numbers
    assert all(opened.table.features[name].dtype.startswith("int") for name in names[2:])
    assert opened.languages == ("en", "es")
    assert opened.sources == ("rivers",)
    assert len(opened.table) == 20


def test_a_group_has_one_number_in_all_languages_and_so_has_a_passage(corpus):
    opened = open_corpus(corpus)
    groups = numbers_by_text(opened, "group", "question")
    passages = numbers_by_text(opened, "passage_group", "question")
    assert sorted(set(groups.values())) == list(range(10))
    assert sorted(set(passages.values())) == list(range(5))
    for number in range(10):
        assert groups[f"en question {number}"] == groups[f"es question {number}"]
        assert passages[f"en question {number}"] == passages[f"es question {number // 2 * 2}"]


def test_the_same_group_in_several_corpora_is_one(corpus, tmp_path):
    more = make_rows(range(5, 15), ("en", "ca"), dataset="lakes")
    opened = open_corpus([corpus, write_corpus(tmp_path / "more", more)])
    groups = numbers_by_text(opened, "group", "question")
    assert opened.languages == ("ca", "en", "es")
    assert opened.sources == ("lakes", "rivers")
    assert len(set(groups.values())) == 15
    assert groups["es question 7"] == groups["ca question 7"]


def test_the_numbers_are_the_same_in_every_opening(corpus, tmp_path):
    first = open_corpus(corpus)
    again = open_corpus(corpus, cache=tmp_path / "another cache")
    assert first.table.to_dict() == again.table.to_dict()


def test_groups_that_ask_the_same_have_one_question_number(tmp_path):
    rows = make_rows([0, 2, 4, 6])
    same = {0: "Who?", 4: "who? "}
    rows = [
        replace(row, question=same[int(row.record_id)])
        if row.lang == "en" and int(row.record_id) in same
        else row
        for row in rows
    ]
    opened = open_corpus(write_corpus(tmp_path / "corpus", rows))
    questions = numbers_by_text(opened, "question_group", "question")
    assert questions["es question 0"] == questions["es question 4"] == questions["Who?"]
    assert len(set(questions.values())) == 3


def test_a_group_without_english_is_judged_by_what_it_has(tmp_path):
    rows = make_rows(range(6), has=lambda number, lang: lang == "es" or number < 4)
    rows = [replace(row, question="¿Quién?") if int(row.record_id) > 3 else row for row in rows]
    opened = open_corpus(write_corpus(tmp_path / "corpus", rows))
    assert len(set(opened.column("question_group").tolist())) == 5


def test_tags_are_kept_for_the_sampler(tmp_path):
    rows = make_rows(range(4), mono=False) + make_rows(range(4, 8), cross=False)
    opened = open_corpus(write_corpus(tmp_path / "corpus", rows))
    tags = {
        question: (mono, cross)
        for question, mono, cross in zip(
            opened.table["question"], opened.column("mono"), opened.column("cross"), strict=True
        )
    }
    assert tags["en question 0"] == (0, 1)
    assert tags["es question 5"] == (1, 0)


def test_languages_can_be_chosen_and_their_texts_are_converted_only_once(corpus, cache):
    open_corpus(corpus)
    kept = set(cache.glob("*.arrow"))
    opened = open_corpus(corpus, languages=["es"])
    assert opened.languages == ("es",)
    assert set(opened.table["question"]) == {f"es question {n}" for n in range(10)}
    assert [path.name[-12:] for path in set(cache.glob("*.arrow")) - kept] == ["-index.arrow"]


def test_a_copied_corpus_is_not_converted_again(corpus, cache, tmp_path):
    open_corpus(corpus)
    kept = set(cache.glob("*.arrow"))
    open_corpus(corpus.rename(tmp_path / "moved"))
    assert set(cache.glob("*.arrow")) == kept


def test_splits_are_apart(tmp_path):
    rows = make_rows(range(6)) + make_rows(range(6, 8), split="validation")
    folder = write_corpus(tmp_path / "corpus", rows)
    assert len(open_corpus(folder).table) == 12
    assert len(open_corpus(folder, split="validation").table) == 4
    with pytest.raises(UsageError, match="no split 'test'; it has train, validation"):
        open_corpus(folder, split="test")


def test_the_table_can_be_pickled_for_the_workers_of_a_data_loader(corpus):
    table = open_corpus(corpus).table
    copy = pickle.dumps(table)
    assert len(copy) < 20_000  # paths, not texts
    assert pickle.loads(copy)[13] == table[13]


def test_rows_selected_from_the_table_are_sampled_by_their_own_numbers(corpus):
    opened = open_corpus(corpus)
    part = CorpusTable(opened.table.select(range(3, 9)), opened.languages, opened.sources)
    assert part.column("group").tolist() == opened.column("group")[3:9].tolist()


def _open(corpus: str) -> list[int]:
    return open_corpus(corpus).column("group").tolist()


def test_several_processes_can_open_the_same_corpus_at_once(corpus, cache):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        opened = pool.map(_open, [str(corpus)] * 6)
    assert all(columns == opened[0] for columns in opened)
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


def test_a_conversion_that_fails_leaves_nothing_behind(corpus, cache):
    shard = next(corpus.glob("data/train/lang=es/*.parquet"))
    content = shard.read_bytes()
    middle = len(content) // 2
    forge(corpus, shard, content[: middle - 50] + b"x" * 100 + content[middle + 50 :])
    with pytest.raises(UsageError, match="not readable as Parquet"):
        open_corpus(corpus)
    assert all("index" not in path.name and path.stat().st_size for path in cache.iterdir())
    assert not [path for path in cache.iterdir() if path.name.startswith(".")]


def test_a_corpus_that_claims_the_hashes_of_another_poisons_nothing(corpus, tmp_path):
    """Neither is the stranger's text taken for the real one, nor the other way round."""
    stranger = tmp_path / "stranger"
    shutil.copytree(corpus, stranger)
    rows = make_rows(range(10), languages=("es",))
    for number, row in enumerate(rows):
        rows[number] = replace(row, question=row.question.replace("question", "poisoned"))
    table = rows_to_table(sorted(rows, key=lambda row: row.group_id))
    (shard,) = stranger.glob("data/train/lang=es/*.parquet")
    pq.write_table(table, shard, compression="zstd")
    manifest = stranger / "manifest.json"
    size = next((corpus / "data/train/lang=es").iterdir()).stat().st_size
    manifest.write_text(
        manifest.read_text().replace(f'"size":{size}', f'"size":{shard.stat().st_size}')
    )
    with pytest.raises(UsageError, match=r"changed since the build \(SHA-256"):
        open_corpus(stranger)
    assert "es question 3" in set(open_corpus(corpus).table["question"])
    with pytest.raises(UsageError, match=r"changed since the build \(SHA-256"):
        open_corpus(stranger)


def test_a_shard_that_changes_after_its_hash_was_kept_is_noticed(corpus, cache, monkeypatch):
    monkeypatch.setattr("schemas.files._SETTLED", -(10**18))
    open_corpus(corpus)
    assert len(list(cache.glob("hashes/*"))) == 2
    open_corpus(corpus)
    assert len(list(cache.glob("hashes/*"))) == 2
    shard = next(corpus.glob("data/train/lang=es/*.parquet"))
    stat = shard.stat()
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    os.utime(shard, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    with pytest.raises(UsageError, match="changed since the build"):
        open_corpus(corpus)


def test_the_hash_of_a_file_that_was_just_written_is_not_kept(corpus, cache, monkeypatch):
    monkeypatch.setattr("schemas.files._SETTLED", 10**18)
    open_corpus(corpus)
    assert not list(cache.glob("hashes/*"))


def test_pipes_among_parquet_files_are_refused(tmp_path):
    folder = tmp_path / "parquet"
    folder.mkdir()
    os.mkfifo(folder / "a.parquet")
    with pytest.raises(UsageError, match="not a regular file"):
        open_corpus(folder)
    with pytest.raises(UsageError, match="not a regular file"):
        read_facts(str(folder))


def test_a_folder_whose_manifest_is_no_file_is_told(corpus):
    (corpus / "manifest.json").unlink()
    os.mkfifo(corpus / "manifest.json")
    for read in (open_corpus, read_facts):
        with pytest.raises(UsageError, match="not a regular file"):
            read(str(corpus))


def test_a_folder_that_cannot_be_written_to_is_named(corpus, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"file.*TANDEMQA_CACHE"):
        open_corpus(corpus, cache=tmp_path / "file")


def test_missing_languages_are_named(corpus):
    with pytest.raises(UsageError, match=r"no rows in fi; .*has en$"):
        open_corpus(corpus, languages=["en", "fi"])
    with pytest.raises(UsageError, match="no rows in split 'train' in fi"):
        open_corpus(corpus, languages=["fi"])
    with pytest.raises(UsageError, match=r"no rows in Spanisch \(did you mean: es "):
        open_corpus(corpus, languages=["en", "Spanisch"])


@pytest.mark.parametrize("name", ["Spanish", "spa", "spa_Latn", "ES"])
def test_languages_go_by_any_of_their_names(corpus, name):
    assert open_corpus(corpus, languages=[name]).languages == ("es",)


def test_languages_of_other_files_go_by_meaning(tmp_path):
    path = write(
        tmp_path / "all.parquet",
        question=["a", "b", "c"],
        passage=["p", "q", "r"],
        lang=["zh", "zho_Hans", "tlh"],
    )
    opened = open_corpus(path, fields={}, languages=["zh-Hans", "tlh"])
    assert opened.languages == ("tlh", "zh", "zho_Hans")
    assert open_corpus(path, fields={}, languages=["Chinese"]).table["question"] == ["a", "b"]


def test_an_incomplete_corpus_is_refused(corpus):
    (corpus / "manifest.json").unlink()
    (corpus / "quarantine").mkdir()
    with pytest.raises(UsageError, match="incomplete; run `tandemqa build` again"):
        open_corpus(corpus)


def test_a_corpus_of_another_version_is_refused(corpus):
    manifest = json.loads((corpus / "manifest.json").read_text())
    (corpus / "manifest.json").write_text(json.dumps({**manifest, "schema_version": "99"}))
    with pytest.raises(UsageError, match="schema version 99, this version of tandemqa reads 1"):
        open_corpus(corpus)


def test_a_corpus_with_faults_is_opened_with_a_warning(corpus, caplog):
    manifest = json.loads((corpus / "manifest.json").read_text())
    (corpus / "manifest.json").write_text(json.dumps({**manifest, "faults": ["es: odd"]}))
    assert len(open_corpus(corpus).table) == 20
    assert "its build found faults: es: odd" in caplog.text


def test_a_damaged_manifest_is_refused(corpus):
    (corpus / "manifest.json").write_text("{")
    with pytest.raises(UsageError, match=r"manifest\.json: not a manifest"):
        open_corpus(corpus)


def test_changed_and_missing_shards_are_refused(corpus):
    shards = sorted(corpus.glob("data/train/*/*.parquet"))
    shards[0].unlink()
    with pytest.raises(UsageError, match=r"1 files are missing or changed.*lang=en"):
        open_corpus(corpus)


def test_another_schema_is_refused_with_all_differences(tmp_path):
    table = pa.table({"question": ["q"], "passage": [b"p"], "mine": [1]})
    path = tmp_path / "mine.parquet"
    pq.write_table(table, path)
    with pytest.raises(UsageError) as refused:
        open_corpus(path)
    message = str(refused.value)
    assert "schema version none" in message
    assert "passage is binary, wanted string" in message
    assert "unknown column mine" in message
    for name in set(ROW_SCHEMA.names) - {"question", "passage"}:
        assert f"no column {name}" in message
    assert "fields" in message


def test_shards_can_be_opened_one_by_one(corpus):
    opened = open_corpus(str(corpus / "data/train/lang=es/*.parquet"))
    assert opened.languages == ("es",)
    assert len(opened.table) == 10


def test_any_parquet_is_read_with_its_columns_mapped(tmp_path):
    path = write(
        tmp_path / "pairs.parquet",
        query=["q1", "q1 es", "q2"],
        text=["p1", "p1 es", "p1"],
        record=[7, 7, 8],
        language=["en", "es", "en"],
    )
    fields = {"question": "query", "passage": "text", "group_id": "record", "lang": "language"}
    opened = open_corpus(path, fields=fields)
    assert opened.table["question"] == ["q1", "q1 es", "q2"]
    assert opened.column("group").tolist() == [0, 0, 1]
    assert opened.sources == ("pairs",)
    # Without passage ids: the Spanish passage is the English one's, through group 7.
    assert len(set(opened.column("passage_group").tolist())) == 1


def test_passages_are_joined_through_chains_of_groups(tmp_path):
    path = write(
        tmp_path / "pairs.parquet",
        question=["a", "a", "b", "b", "c"],
        passage=["p en", "p es", "p es", "p fr", "other"],
        group_id=["1", "1", "2", "2", "3"],
        lang=["en", "es", "es", "fr", "en"],
    )
    passages = open_corpus(path, fields={}).column("passage_group").tolist()
    assert len(set(passages[:4])) == 1
    assert passages[4] != passages[0]


def test_without_group_ids_each_row_is_its_own_group(tmp_path):
    path = write(tmp_path / "en.parquet", question=["a", "b"], passage=["p", "p"])
    opened = open_corpus(path, languages=["en"], fields={})
    assert opened.column("group").tolist() == [0, 1]
    assert opened.column("passage_group").tolist() == [0, 0]
    assert opened.languages == ("en",)


def test_mapped_ids_meet_those_of_a_corpus(corpus, tmp_path):
    path = write(
        tmp_path / "ca.parquet",
        question=["ca question 3"],
        passage=["ca passage 1"],
        group_id=[content_id("group", "3")],
        passage_id=[content_id("passage", "1")],
        lang=["ca"],
    )
    opened = open_corpus([corpus, path], fields={})
    groups = numbers_by_text(opened, "group", "question")
    assert groups["ca question 3"] == groups["es question 3"]


def test_ids_of_any_kind_are_told_apart(tmp_path):
    ids = ["0" * 31 + "1", "0" * 31 + "2", "z" * 32, "é" * 32, " " * 32, "1", "01"]
    path = write(
        tmp_path / "odd.parquet",
        question=["q"] * 7,
        passage=[str(n) for n in range(7)],
        group_id=ids,
        lang=["en"] * 7,
    )
    assert open_corpus(path, fields={}).column("group").tolist() == list(range(7))


def test_an_id_has_one_number_whatever_stands_beside_it(tmp_path):
    known = content_id("group", "1")
    columns = {"question": ["a", "b"], "passage": ["p", "q"], "lang": ["en", "en"]}
    alone = write(tmp_path / "1.parquet", group_id=[known, known[::-1]], **columns)
    among = write(tmp_path / "2.parquet", group_id=[known, "other"], **columns)
    assert open_corpus([alone, among], fields={}).column("group").tolist() == [0, 1, 0, 2]


def test_mapped_splits_and_languages_are_rows_of_a_file(tmp_path):
    path = write(
        tmp_path / "all.parquet",
        question=["a", "b", "c"],
        passage=["p", "q", "r"],
        lang=["en", "es", "en"],
        split=["train", "train", "test"],
    )
    assert open_corpus(path, fields={}).table["question"] == ["a", "b"]
    assert open_corpus(path, fields={}, languages=["es"]).table["question"] == ["b"]
    assert open_corpus(path, fields={}, split="test").table["question"] == ["c"]


def test_a_changed_file_is_converted_again(tmp_path):
    columns = {"passage": ["p"], "lang": ["en"]}
    path = write(tmp_path / "en.parquet", question=["old"], **columns)
    assert open_corpus(path, fields={}).table["question"] == ["old"]
    write(tmp_path / "en.parquet", question=["newer"], **columns)
    assert open_corpus(path, fields={}).table["question"] == ["newer"]


@pytest.mark.parametrize(
    ("columns", "fields", "message"),
    [
        ({"question": ["q"]}, {}, r"no column passage .*; no column lang .*Its columns: question"),
        ({"question": [1], "passage": ["p"], "lang": ["en"]}, {}, "question.* is int64, wanted"),
        ({"question": ["q"], "passage": ["p"], "lang": ["en"]}, {"mono": "m"}, "no column m for"),
        ({"question": ["q"], "passage": ["p"], "lang": ["en"]}, {"text": "m"}, "text: unknown"),
        ({"question": ["q"], "passage": ["p"], "lang": [None]}, {}, "lang"),
        ({"question": ["q", None], "passage": ["p", "p"], "lang": ["en", "en"]}, {}, "1 rows have"),
        ({"question": ["q"], "passage": [""], "lang": ["en"]}, {}, "1 rows have an empty passage"),
    ],
)
def test_what_cannot_be_mapped_is_refused(tmp_path, columns, fields, message):
    path = write(tmp_path / "bad.parquet", **columns)
    with pytest.raises(UsageError, match=message):
        open_corpus(path, fields=fields)


def test_a_path_with_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no Parquet file there"):
        open_corpus(tmp_path / "*.parquet", fields={})
    with pytest.raises(UsageError, match="no corpus given"):
        open_corpus([])


def test_batches_are_drawn_from_an_opened_corpus(corpus):
    from trainer.batches.batch_settings import BatchSettings

    table = open_corpus(corpus).table
    sampler = HybridBatchSampler(table, 4, settings=BatchSettings(batch_size=4), steps=6)
    for rows in sampler:
        batch = table[rows]
        assert len(set(batch["passage_group"])) == 4
        assert batch["group"][:4] == batch["group"][4:]
    assert np.all(table[0:2]["lang"] == [0, 0])


def test_questions_of_all_rows_may_have_more_text_than_an_arrow_column_holds():
    size = 3 << 29  # bytes of a question; nobody reads it, so that it takes no memory
    places = pa.py_buffer(np.array([0, 1, 1 + size], np.int32))
    texts = pa.py_buffer(mmap.mmap(-1, 1 + size))
    rows = pa.StringArray.from_buffers(2, places, texts)  # of two groups or languages
    groups, languages = np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 0, 1], np.int32)
    tables = [pa.table({"question": rows}), pa.table({"question": rows})]
    assert _number_questions(tables, groups, languages).tolist() == [0, 0, 0, 0]
