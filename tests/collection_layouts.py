"""One small collection, written in every layout that people have."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.trainer.tiny_benchmark import write_beir

DOCUMENTS = {f"d{n}": f"en{n} en{(7 * n + 3) % 60} en{(3 * n + 1) % 60}" for n in range(20)}
QUESTIONS = {f"q{n}": " ".join(DOCUMENTS[f"d{n}"].split()[1:]) for n in range(20)}
JUDGED = [(f"q{n}", f"d{n}", 1) for n in range(20)]


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def documents(key="_id", text="text"):
    return [{key: name, "title": f"Title {name}", text: value} for name, value in DOCUMENTS.items()]


def questions(key="_id", text="text"):
    return [{key: name, text: value} for name, value in QUESTIONS.items()]


def judgements():
    return [{"query-id": q, "corpus-id": d, "score": float(grade)} for q, d, grade in JUDGED]


def beir(folder):
    write_beir(folder, DOCUMENTS, QUESTIONS)


def beir_zip(folder):
    write_beir(folder.with_name("inside") / "scifact", DOCUMENTS, QUESTIONS)
    shutil.make_archive(str(folder), "zip", folder.with_name("inside"))
    return folder.with_name(f"{folder.name}.zip")


def mteb_hub(folder):
    write_table(folder / "corpus" / "corpus-00000-of-00001.parquet", documents())
    write_table(folder / "queries" / "queries-00000-of-00001.parquet", questions())
    for number, rows in enumerate((judgements()[:9], judgements()[9:])):
        write_table(folder / "data" / f"test-0000{number}-of-00002.parquet", rows)
    write_table(folder / "data" / "train-00000-of-00001.parquet", judgements()[:1])
    (folder / "README.md").write_text("---\nconfigs:\n- config_name: default\n---\n")


def mteb_lines(folder):
    write_lines(folder / "corpus.jsonl", documents())
    write_lines(folder / "queries.jsonl", questions())
    write_lines(folder / "qrels" / "test.jsonl", judgements())
    write_beir(folder.with_name("other"), DOCUMENTS, QUESTIONS)
    (folder.with_name("other") / "qrels" / "test.tsv").rename(folder / "qrels" / "test.tsv")


def two_repositories(folder):
    write_lines(folder / "corpus.jsonl", documents())
    write_lines(folder / "queries.jsonl", questions())
    write_beir(folder.with_name("other"), DOCUMENTS, QUESTIONS)
    beside = folder.with_name(f"{folder.name}-qrels")
    (folder.with_name("other") / "qrels").rename(beside)


def ms_marco(folder):
    folder.mkdir()
    lines = [f"{name}\tTitle {name} {text}" for name, text in DOCUMENTS.items()]
    (folder / "collection.tsv").write_text("\n".join(lines))
    (folder / "queries.dev.tsv").write_text("\n".join(map("\t".join, QUESTIONS.items())))
    (folder / "queries.train.tsv").write_text("q0\tanother question of train")
    (folder / "qrels.dev.tsv").write_text("\n".join(f"{q} 0 {d} {g}" for q, d, g in JUDGED))
    (folder / "qrels.dev.small.tsv").write_text("q0\t0\td0\t1\n")


def mr_tydi(folder):
    home = folder / "mrtydi-v1.1-english"
    contents = [{"id": n, "contents": f"Title {n} {text}"} for n, text in DOCUMENTS.items()]
    write_lines(home / "collection" / "docs.jsonl", contents)
    (home / "topic.test.tsv").write_text("\n".join(map("\t".join, QUESTIONS.items())))
    (home / "qrels.test.txt").write_text("\n".join(f"{q} Q0 {d} {g}" for q, d, g in JUDGED))


def saved_to_disk(folder):
    datasets = pytest.importorskip("datasets")
    for name, rows in (("corpus", documents()), ("queries", questions())):
        datasets.Dataset.from_list(rows).save_to_disk(str(folder / name))
    qrels = datasets.DatasetDict({"test": datasets.Dataset.from_list(judgements())})
    qrels.save_to_disk(str(folder / "qrels"))


LAYOUTS = (
    *(beir, beir_zip, mteb_hub, mteb_lines, two_repositories),
    *(ms_marco, mr_tydi, saved_to_disk),
)
