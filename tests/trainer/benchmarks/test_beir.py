"""Folders in BEIR's format become benchmarks."""

import gzip

import pytest

from schemas.command import UsageError
from tests.trainer.tiny_benchmark import write_beir
from trainer.benchmarks.beir import read_beir

DOCUMENTS = {"d1": "Bees dance.", "d2": "Rain falls.", "d3": "Snow stays."}
QUESTIONS = {"q1": "Who dances?", "q2": "What falls?"}


def test_a_folder_is_one_language_with_titles_in_front(tmp_path):
    benchmark = read_beir(write_beir(tmp_path / "legal", DOCUMENTS, QUESTIONS), ["de"])
    assert benchmark.name == "beir:legal"
    assert benchmark.languages == ("de",)
    assert benchmark.candidates["de"].texts[0] == "Title d1 Bees dance."
    assert benchmark.relevance == {"de:q1": {"de:d1": 1}, "de:q2": {"de:d2": 1}}
    assert not benchmark.is_parallel()


def test_translations_of_one_set_are_parallel(tmp_path):
    for lang in ("en", "es"):
        write_beir(tmp_path / lang, DOCUMENTS, QUESTIONS)
    benchmark = read_beir(tmp_path)
    assert benchmark.is_parallel()
    assert benchmark.relevance["q1"] == {"en:d1": 1, "es:d1": 1}
    assert benchmark.candidates["en"].groups == benchmark.candidates["es"].groups


def test_sets_of_other_judgements_are_not_parallel_whatever_their_ids(tmp_path):
    write_beir(tmp_path / "en", DOCUMENTS, QUESTIONS)
    write_beir(tmp_path / "es", DOCUMENTS, {"q1": "¿Quién baila?"})
    benchmark = read_beir(tmp_path, ["es", "en"])
    assert not benchmark.is_parallel()
    assert set(benchmark.relevance) == {"en:q1", "en:q2", "es:q1"}


def test_a_question_without_a_relevant_document_stays_and_is_told(tmp_path):
    folder = write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    qrels = folder / "qrels" / "test.tsv"
    qrels.write_text("query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\td3\t-1\n")
    benchmark = read_beir(folder)
    assert benchmark.relevance == {"en:q1": {"en:d1": 2}, "en:q2": {}}
    assert benchmark.notes == ["en: 1 question without a relevant document, scored 0: q2"]


def test_compressed_files_are_read(tmp_path):
    folder = write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    for name in ("corpus", "queries"):
        plain = folder / f"{name}.jsonl"
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    assert len(read_beir(folder).candidates["en"].ids) == 3


def test_a_split_can_be_chosen(tmp_path):
    folder = write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    (folder / "qrels" / "dev.tsv").write_text("query-id\tcorpus-id\tscore\nq2\td3\t1\n")
    assert set(read_beir(folder, split="dev").relevance) == {"en:q2"}
    with pytest.raises(UsageError, match="no judgements of split train; there is dev, test"):
        read_beir(folder, split="train")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("corpus.jsonl", '{"_id": "d1"}\n', "no document has a text; wanted the key text"),
        ("queries.jsonl", "{\n", r"queries\.jsonl:1: not JSON"),
        ("qrels/test.tsv", "q1\td1\n", r"test\.tsv:1: .*; wanted query-id"),
        ("qrels/test.tsv", "q1\td1\thigh\n", r"test\.tsv:1: .*high' is no judgement"),
        ("qrels/test.tsv", "q1\td1\t0.5\n", r"test\.tsv:1: grade 0.5; .* whole numbers only"),
        ("qrels/test.tsv", "q1\td9\t1\n", "document d9, relevant to question q1, is not there"),
        ("qrels/test.tsv", "q9\td1\t1\n", "judged question q9 is not there"),
        ("qrels/test.tsv", "q1\td1\t0\n", "no question in en has a relevant document"),
    ],
)
def test_faults_are_told_with_their_place(tmp_path, file, content, message):
    folder = write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    (folder / file).write_text(content)
    with pytest.raises(UsageError, match=message):
        read_beir(folder)


def test_several_languages_need_a_folder_each(tmp_path):
    folder = write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    with pytest.raises(UsageError, match="several have a folder each"):
        read_beir(folder, ["en", "de"])
    with pytest.raises(UsageError, match=r"nothing: no passages; wanted corpus\.jsonl"):
        read_beir(tmp_path / "nothing")
