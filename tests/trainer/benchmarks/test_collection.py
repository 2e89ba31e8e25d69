"""Collections in the layouts people have, with the oddities of real files, and mteb's figures."""

import bz2
import gzip
import json
import zipfile

import pytest
import zstandard

from schemas.command import FailedRunError, UsageError
from tests.collection_layouts import DOCUMENTS, JUDGED, LAYOUTS, QUESTIONS, beir_zip
from tests.trainer.tiny_benchmark import write_beir
from tests.trainer.tiny_encoder import open_encoder
from trainer.benchmarks.beir import read_beir
from trainer.encoder import Encoder, Prompts
from trainer.evaluation.embeddings import embed
from trainer.evaluation.intervals import mean
from trainer.evaluation.mteb_task import evaluate_task
from trainer.evaluation.scoring import score

RELEVANCE = {f"en:{q}": {f"en:{d}": grade} for q, d, grade in JUDGED}


@pytest.fixture
def encoder(tmp_path) -> Encoder:
    return Encoder(open_encoder(tmp_path / "model"), Prompts())


@pytest.mark.parametrize("write", LAYOUTS)
def test_every_layout_is_the_same_benchmark(tmp_path, write):
    path = write(tmp_path / "set") or tmp_path / "set"
    benchmark = read_beir(path)
    assert benchmark.name == "beir:set"
    assert benchmark.relevance == RELEVANCE
    assert list(benchmark.questions["en"].texts) == list(QUESTIONS.values())
    texts = [f"Title {name} {text}" for name, text in DOCUMENTS.items()]
    assert list(benchmark.candidates["en"].texts) == texts


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".zst"])
def test_every_part_may_be_compressed(tmp_path, suffix):
    write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    pack = {
        ".gz": gzip.compress,
        ".bz2": bz2.compress,
        ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
    }[suffix]
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        file = tmp_path / name
        file.with_name(file.name + suffix).write_bytes(pack(file.read_bytes()))
        file.unlink()
    assert read_beir(tmp_path).relevance == RELEVANCE


def lines_of(header, row, *more):
    rows = [row.format(q=q, d=d, g=g) for q, d, g in JUDGED]
    return "\n".join([*([header] if header else []), *rows, *more]) + "\n"


@pytest.mark.parametrize(
    "content",
    [
        lines_of("query-id\tcorpus-id\tscore", "{q}\t{d}\t1.0"),
        lines_of("query_id\tcorpus_id\tscore", "{q}\t{d}\t{g}"),
        lines_of("Query-ID\tDoc_ID\tRelevance", "{q}\t{d}\t{g}"),
        lines_of("score\tcorpus-id\tquery-id", "{g}\t{d}\t{q}"),
        lines_of("query-id\tcorpus-id\tscore\tsource", "{q}\t{d}\t{g}\tus"),
        lines_of("query-id corpus-id score", "{q} {d} {g}"),
        lines_of('"query-id"\t"corpus-id"\t"score"', '"{q}"\t"{d}"\t"{g}"'),
        lines_of("", "{q}\t{d}\t{g}"),
        lines_of("", "{q} 0 {d} {g}"),
        lines_of("query_id,corpus_id,score", "{q},{d},{g}"),
        lines_of("query-id\tcorpus-id\tscore", "{q}\t{d}\t{g}").replace("\n", "\r"),
        lines_of("", "{q}\tQ0\t{d}\t{g}\r"),
        lines_of("", "{q}\t{d}\t{g}", "", "q0\td0\t1", "q0\td1\t0", "q0\td2\t-1.0"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_judgements_are_read_whatever_their_header_and_encoding(tmp_path, content, encoding):
    write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    (tmp_path / "qrels" / "test.tsv").write_text(content, encoding=encoding)
    assert read_beir(tmp_path).relevance == RELEVANCE


def test_marks_of_byte_order_and_numbers_as_ids_are_no_trouble(tmp_path):
    (tmp_path / "qrels").mkdir()
    (tmp_path / "corpus.jsonl").write_text(
        '{"id": 7, "text": "en1"}\n{"id": 8.0, "text": "en2"}\n', "utf-8-sig"
    )
    (tmp_path / "queries.jsonl").write_text('{"_id": 1, "text": "en1"}\n', "utf-8-sig")
    (tmp_path / "qrels" / "test.tsv").write_text("1\t8\t1\n", "utf-8-sig")
    assert read_beir(tmp_path).relevance == {"en:1": {"en:8": 1}}


@pytest.mark.parametrize(("suffix", "indent"), [("jsonl", None), ("jsonl", 1), ("json", 1)])
def test_texts_may_be_one_json_list(tmp_path, suffix, indent):
    write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    for name in ("corpus", "queries"):
        file = tmp_path / f"{name}.jsonl"
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        file.unlink()
        (tmp_path / f"{name}.{suffix}").write_text(json.dumps(rows, indent=indent))
    assert read_beir(tmp_path).relevance == RELEVANCE


def test_the_line_of_a_fault_is_right_whatever_ends_lines(tmp_path):
    write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    content = "query-id\tcorpus-id\tscore\r\nq0\td0\t1\r\nq1\td1\thigh\r\n"
    (tmp_path / "qrels" / "test.tsv").write_text(content, newline="")
    with pytest.raises(UsageError, match=r"test\.tsv:3: grade 'high' is not a number"):
        read_beir(tmp_path)


def test_lone_surrogates_reach_no_tokenizer(encoder, tmp_path):
    write_beir(tmp_path / "data", {**DOCUMENTS, "d\ud800": "en1 \ud800"}, QUESTIONS)
    benchmark = read_beir(tmp_path / "data")
    assert benchmark.candidates["en"].texts[-1] == r"Title d\ud800 en1 \ud800"
    assert len(embed(benchmark, encoder).candidates["en"]) == 21


def test_what_is_given_twice_alike_counts_once_and_is_told(tmp_path):
    write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    for name in ("corpus.jsonl", "queries.jsonl"):
        file = tmp_path / name
        file.write_text(file.read_text() + file.read_text().splitlines()[0] + "\n")
    benchmark = read_beir(tmp_path)
    assert len(benchmark.candidates["en"].ids) == 20
    assert benchmark.notes == ["en: 2 texts given twice counted once"]


@pytest.mark.parametrize(
    ("file", "line", "message"),
    [
        ("corpus.jsonl", '{"_id": "d0", "text": "en5"}', r"jsonl:21: document d0 .* another text"),
        ("queries.jsonl", '{"_id": "q3", "text": "en5"}', r":21: question q3 already has another"),
        ("qrels/test.tsv", "q0\td0\t0", r"tsv:22: document d0 for question q0 has grade 0, and 1"),
    ],
)
def test_contradictions_are_named(tmp_path, file, line, message):
    write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    with (tmp_path / file).open("a") as lines:
        lines.write(line + "\n")
    with pytest.raises(UsageError, match=f"contradicts itself: .*{message}"):
        read_beir(tmp_path)


@pytest.mark.parametrize("text", [None, "", "  ", float("nan"), ...])
def test_missing_texts_are_told_and_no_traceback(tmp_path, text):
    write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    added = {"_id": "new"} | ({} if text is ... else {"text": text})
    for name in ("corpus.jsonl", "queries.jsonl"):
        with (tmp_path / name).open("a") as lines:
            lines.write(json.dumps(added) + "\n")
    with (tmp_path / "qrels" / "test.tsv").open("a") as lines:
        lines.write("new\td0\t1\n")
    benchmark = read_beir(tmp_path)
    assert benchmark.relevance == RELEVANCE
    assert benchmark.candidates["en"].texts[-1] == ""
    assert list(benchmark.notes) == [
        "en: 1 question without a text left out: new",
        "en: 1 document without a text kept: new",
    ]


def test_names_in_a_zip_file_are_never_taken_for_paths(tmp_path):
    path = beir_zip(tmp_path / "set")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../qrels/train.tsv", "q0\td0\t1\n")
    before = sorted(tmp_path.rglob("*"))
    assert read_beir(path).relevance == RELEVANCE
    assert sorted(tmp_path.rglob("*")) == before


def test_damage_is_told_with_its_file(tmp_path):
    write_beir(tmp_path, DOCUMENTS, QUESTIONS)
    corpus = tmp_path / "corpus.jsonl"
    (tmp_path / "corpus.jsonl.gz").write_bytes(gzip.compress(corpus.read_bytes())[:-20])
    corpus.unlink()
    with pytest.raises(UsageError, match=r"corpus\.jsonl\.gz: cannot be read to its end"):
        read_beir(tmp_path)
    (tmp_path / "set.zip").write_bytes(b"PK nothing")
    with pytest.raises(UsageError, match=r"set\.zip: no passages"):
        read_beir(tmp_path / "set.zip")


def with_own_documents(folder):
    """ArguAna and Quora: each question is a document, answered by another one."""
    own = {**{q: text for q, text in QUESTIONS.items()}, **DOCUMENTS}
    write_beir(folder, own, QUESTIONS)
    return "ArguAna"


def with_grades(folder):
    write_beir(folder, DOCUMENTS, QUESTIONS)
    more = [f"q{n}\td{(n + 3) % 20}\t{grade}" for n in range(9) for grade in (n % 4,)]
    with (folder / "qrels" / "test.tsv").open("a") as lines:
        lines.write("\n".join(more) + "\n")
    return "SciFact"


def with_a_question_without_relevant_documents(folder):
    write_beir(folder, DOCUMENTS, QUESTIONS)
    (folder / "qrels" / "test.tsv").write_text(
        "\n".join(f"{q}\t{d}\t{int(q not in ('q3', 'q4'))}" for q, d, _ in JUDGED)
    )
    return "SciFact"


def with_ids_alike_by_chance(folder):
    write_beir(folder, DOCUMENTS, QUESTIONS)
    for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv"):
        text = (folder / name).read_text()
        (folder / name).write_text(text.replace('"d', '"').replace('"q', '"'))
    (folder / "qrels" / "test.tsv").write_text("\n".join(f"{n}\t{n}\t1" for n in range(20)))
    return "SciFact"


@pytest.mark.parametrize(
    "write",
    [
        with_own_documents,
        with_grades,
        with_a_question_without_relevant_documents,
        with_ids_alike_by_chance,
    ],
)
def test_figures_are_those_of_mteb(encoder, tmp_path, write):
    pytest.importorskip("mteb")
    task = write(tmp_path / "data")
    theirs = evaluate_task(task, encoder, data=tmp_path / "data")["monolingual"]["mean"]
    benchmark = read_beir(tmp_path / "data")
    ours = score(benchmark, embed(benchmark, encoder)).settings["monolingual"]["en"]
    for metric in ("map", "ndcg@10", "mrr@10", "recall@1", "recall@10", "recall@100"):
        assert theirs[metric] == pytest.approx(mean([ours], metric), abs=5e-5), metric


def test_the_questions_own_document_is_left_out_and_that_is_told(tmp_path):
    with_own_documents(tmp_path)
    benchmark = read_beir(tmp_path)
    assert benchmark.left_out["en:q1"] == ["en:q1"]
    assert benchmark.notes == [
        "en: for 20 questions, the document with the question's own id is left out"
    ]


def test_vectors_that_are_no_numbers_are_told(encoder, tmp_path):
    import torch

    write_beir(tmp_path / "data", DOCUMENTS, QUESTIONS)
    with torch.no_grad():
        next(encoder.model.parameters())[5] = float("nan")  # the embedding of one word
    benchmark = read_beir(tmp_path / "data")
    with pytest.raises(FailedRunError, match="NaN or infinite vectors for"):
        embed(benchmark, encoder)
    pytest.importorskip("mteb")
    with pytest.raises(FailedRunError, match="NaN or infinite vectors for"):
        evaluate_task("SciFact", encoder, data=tmp_path / "data")
