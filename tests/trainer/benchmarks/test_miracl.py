"""MIRACL from a copy of the hard negatives, and from the released files."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.command import UsageError
from trainer.benchmarks.miracl import read_miracl

DOCUMENTS = [
    ("1#0", "Bees", "They dance."),
    ("1#1", "Bees", "They fly."),
    ("2#0", "Rain", "It falls."),
]


def write_hard_negatives(folder, lang):
    parts = {
        "corpus": [{"_id": i, "title": title, "text": text} for i, title, text in DOCUMENTS],
        "queries": [{"_id": "1", "text": "Who dances?"}],
        "qrels": [
            {"query-id": "1", "corpus-id": "1#0", "score": 1},
            {"query-id": "1", "corpus-id": "2#0", "score": 0},
        ],
    }
    for part, rows in parts.items():
        path = folder / f"{lang}-{part}" / "dev-00000-of-00001.parquet"
        path.parent.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), path)


def write_released(folder, lang):
    home, corpus = folder / f"miracl-v1.0-{lang}", folder / f"miracl-corpus-v1.0-{lang}"
    for path in (home / "topics", home / "qrels", corpus):
        path.mkdir(parents=True)
    (home / "topics" / f"topics.miracl-v1.0-{lang}-dev.tsv").write_text("1\tWho dances?\n")
    (home / "qrels" / f"qrels.miracl-v1.0-{lang}-dev.tsv").write_text(
        "1\tQ0\t1#0\t1\n1\tQ0\t2#0\t0\n"
    )
    for number, (name, title, text) in enumerate(DOCUMENTS):
        line = json.dumps({"docid": name, "title": title, "text": text})
        (corpus / f"docs-{number}.jsonl.gz").write_bytes(gzip.compress(line.encode()))


@pytest.mark.parametrize("write", [write_hard_negatives, write_released])
def test_each_language_is_searched_alone_with_titles(tmp_path, write):
    write(tmp_path, "sw")
    write(tmp_path, "te")
    benchmark = read_miracl(tmp_path)
    assert list(benchmark.questions) == ["sw", "te"]
    assert list(benchmark.candidates["sw"].texts) == [
        "Bees They dance.",
        "Bees They fly.",
        "Rain It falls.",
    ]


def test_ids_that_languages_share_do_not_make_them_parallel(tmp_path):
    write_hard_negatives(tmp_path, "sw")
    write_hard_negatives(tmp_path, "te")
    assert not read_miracl(tmp_path).is_parallel()


def test_missing_languages_and_files_are_named(tmp_path):
    with pytest.raises(UsageError, match="no passages; wanted corpus"):
        read_miracl(tmp_path)
    write_released(tmp_path, "fi")
    write_released(tmp_path, "sw")
    with pytest.raises(UsageError, match="no bn; there is fi, sw"):
        read_miracl(tmp_path, ["fi", "bn"])
    assert read_miracl(tmp_path, ["Finnish"]).languages == ("fi",)
    with pytest.raises(UsageError, match="MIRACL is not in ca; it is in ar, bn"):
        read_miracl(None, ["Catalan"])
    assert read_miracl(tmp_path, ["Finnish"]).languages == ("fi",)
    with pytest.raises(UsageError, match="MIRACL is not in ca; it is in ar, bn"):
        read_miracl(None, ["Catalan"])
    for part in (tmp_path / "miracl-corpus-v1.0-fi").glob("*"):
        part.unlink()
    with pytest.raises(UsageError, match="fi: no passages; wanted corpus"):
        read_miracl(tmp_path)


def test_the_two_repositories_may_lie_side_by_side_or_one_be_named(tmp_path):
    for lang in ("sw", "zh"):
        write_released(tmp_path, lang)
        for kind in ("miracl", "miracl-corpus"):
            (tmp_path / kind).mkdir(exist_ok=True)
            (tmp_path / f"{kind}-v1.0-{lang}").rename(tmp_path / kind / f"{kind}-v1.0-{lang}")
    for folder in (tmp_path, tmp_path / "miracl"):
        benchmark = read_miracl(folder, ["sw", "Chinese"])
        assert list(benchmark.questions) == ["sw", "zh"]
        assert len(benchmark.candidates["sw"].ids) == 3
