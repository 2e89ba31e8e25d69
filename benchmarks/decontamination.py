"""Plant an evaluation set among other records and see whether it, and nothing else, is removed.

Run in the repository root: `PYTHONPATH=. python benchmarks/decontamination.py`

All of XQuAD (1,190 questions, 240 passages) is planted in six disguises, in SQuAD's format, among
the 16,407 records of MedQuAD; all is read, deduplicated and decontaminated as in a build. Ids are
new, so that only the texts can give a record away, but for the disguise `id only`. The second
table compares rules for passages: how many of XQuAD's are recognised when words are replaced, and
how many of MedQuAD's are removed when a twentieth of them, full of stock sentences, is the
evaluation set.
"""

import argparse
import gzip
import json
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from zlib import crc32

import apache_beam as beam
import regex
from apache_beam.transforms.combiners import Count, ToList

from pipelines import leaks
from pipelines.decontaminate import Decontaminate
from pipelines.deduplicate import Deduplicate
from pipelines.evaluation_sets import EvaluationSet, parse_evaluation_set, read_items
from pipelines.leaks import EvaluationItem, find_leaks, make_index
from pipelines.overlap import find_words, gram_hashes
from pipelines.read import Read
from pipelines.source import parse_source
from schemas.record import Record

Planted = tuple[str, str, str]  # id, question, passage
Rule = Callable[[list[str]], bool]

_random: Final = random.Random(7)


def _verbatim(text: str) -> str:
    return text


def _repunctuate(text: str) -> str:
    """Replace each punctuation mark by nothing, a space or another mark."""
    return regex.sub(r"\p{P}", lambda _: _random.choice(("", " ", "; ", " - ")), text)


_DISGUISES: Final[dict[str, Callable[[str], str]]] = {
    "verbatim": _verbatim,
    "lower case": str.lower,
    "other punctuation": _repunctuate,
}


def plant(evaluated: Sequence[EvaluationItem], clean: Sequence[Planted]) -> list[Planted]:
    """Return every item in every disguise; the disguise is the first part of the id."""
    planted = [
        (f"{name}/{number}", disguise(item.question), disguise(item.passage))
        for name, disguise in _DISGUISES.items()
        for number, item in enumerate(evaluated)
    ]
    for number, (item, (_, question, passage)) in enumerate(zip(evaluated, clean, strict=False)):
        planted += [
            (f"passage only/{number}", f"{question} ({number})", item.passage),
            (f"question only/{number}", item.question, f"{passage} ({number})"),
            (item.record_id, f"{question} (i{number})", f"{passage} (i{number})"),
        ]
    return planted


def write_squad(path: Path, records: Iterable[Planted]) -> None:
    """Write the records as one SQuAD document."""
    paragraphs = [
        {"context": passage, "qas": [{"id": name, "question": question, "answers": []}]}
        for name, question, passage in records
    ]
    path.write_text(json.dumps({"data": [{"title": "", "paragraphs": paragraphs}]}))


def decontaminate(path: Path, sets: Sequence[EvaluationSet]) -> tuple[Counter[str], float]:
    """Return how many records of each disguise are left, and the seconds it took."""
    result = path.with_suffix(".left")
    started = time.perf_counter()
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        read = pipeline | Read([parse_source(f"squad:{path}")])
        unique = read.records | Deduplicate()
        clean = unique.records | Decontaminate(sets)
        names = clean.records | beam.MapTuple(_disguise) | Count.PerElement()
        names | ToList() | beam.Map(_write, str(result))
    return Counter(dict(json.loads(result.read_text()))), time.perf_counter() - started


def _disguise(group_id: str, record: Record) -> str:
    name, slash, _ = record.record_id.partition("/")
    return name if slash else "id only"


def _write(counts: list[tuple[str, int]], path: str) -> None:
    Path(path).write_text(json.dumps(counts))


def make_rules(passages: list[list[str]]) -> dict[str, Rule]:
    """Return, by name, whether a passage is recognised as one of `passages`."""
    index = make_index(EvaluationItem("", "", " ".join(words)) for words in passages)

    def ours(words: list[str]) -> bool:
        record = Record("", "", "train", "", " ".join(words))
        return bool(find_leaks(record, [("set", index)]))

    def shares(size: int, least: int) -> Rule:
        known = {gram for words in passages for gram in gram_hashes(words, size).tolist()}
        return lambda words: len(known.intersection(gram_hashes(words, size).tolist())) >= least

    share = f"{leaks.SHARED_SHARE:.0%} of the {leaks.GRAM_WORDS}-grams"
    return {
        f"ours: {share}": ours,
        "one 13-gram": shares(13, 1),
        "one 8-gram": shares(8, 1),
        "three 8-grams": shares(8, 3),
    }


def replace_words(words: list[str], rate: float, vocabulary: list[str]) -> list[str]:
    """Return the words with some of them replaced, as a reworded passage has them."""
    return [_random.choice(vocabulary) if _random.random() < rate else word for word in words]


def compare_rules(evaluated: Sequence[EvaluationItem], clean: Sequence[Planted]) -> None:
    """Print a table of rules for passages."""
    xquad = [find_words(text) for text in sorted({item.passage for item in evaluated})]
    medquad = [find_words(text) for text in sorted({passage for _, _, passage in clean})]
    in_set = [crc32(" ".join(words).encode()) % 20 == 0 for words in medquad]
    stock = [words for words, chosen in zip(medquad, in_set, strict=True) if chosen]
    others = [words for words, chosen in zip(medquad, in_set, strict=True) if not chosen]
    vocabulary = [word for words in medquad[:500] for word in words]
    rates = (0.05, 0.1, 0.15)
    edited = [[replace_words(words, rate, vocabulary) for words in xquad] for rate in rates]
    on_stock, on_xquad = make_rules(stock), make_rules(xquad)
    print(f"\n| rule | {' | '.join(f'{rate:.0%} replaced' for rate in rates)} | stock sentences |")
    print("|---|---|---|---|---|")
    for name, recognises in on_xquad.items():
        recall = [f"{sum(map(recognises, texts)) / len(texts):.1%}" for texts in edited]
        removed = sum(map(on_stock[name], others)) / len(others)
        print(f"| {name} | {' | '.join(recall)} | {removed:.1%} |", flush=True)


def measure_speed(sets: Sequence[EvaluationItem], clean: Sequence[Planted]) -> None:
    """Print the speed of finding leaks on one core, and the size of the index."""
    index = make_index(sets)
    records = [Record(name, "d", "train", question, passage) for name, question, passage in clean]
    started = time.perf_counter()
    for record in records:
        find_leaks(record, [("set", index)])
    rate = len(records) / (time.perf_counter() - started)
    postings = index.passages
    size = postings.hashes.nbytes + postings.owners.nbytes + postings.sizes.nbytes
    print(
        f"\none core: {rate:,.0f} records/s ({rate * 60:,.0f} passages/min); "
        f"{1e6 / rate / 60:.1f} min per million records; index of passages: "
        f"{size / len(postings.sizes) / 1000:.1f} GB per million"
    )


def main() -> None:
    """Print recall for each disguise, false removals, the comparison of rules, and the speed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), metavar="DIR", help="data folder"
    )
    data = parser.parse_args().data.resolve()
    logging.getLogger().setLevel(logging.ERROR)
    xquad = parse_evaluation_set(f"xquad-r=squad:{data / 'xquad-r' / 'en.json'}")
    evaluated = [
        item for item in read_items(xquad, xquad.source.path) if isinstance(item, EvaluationItem)
    ]
    with gzip.open(data / "medquad.jsonl.gz", "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    clean = [(f"medquad/{item['id']}", item["question"], item["answer"]) for item in items]
    with TemporaryDirectory() as folder:
        path = Path(folder, "planted.json")
        write_squad(path, [*clean, *plant(evaluated, clean)])
        before, without = decontaminate(path, [])
        after, seconds = decontaminate(path, [xquad])
    print("| records | planted | removed | |\n|---|---|---|---|")
    for name, count in before.items():
        removed = count - after[name]
        print(f"| {name} | {count:,} | {removed:,} | {removed / count:.2%} |")
    total = before.total()
    print(
        f"\nthe step took {seconds - without:.1f} s of {seconds:.1f} s for {total:,} records: "
        f"{(seconds - without) / total * 1e6 / 60:.1f} min per million"
    )
    measure_speed(evaluated, clean)
    compare_rules(evaluated, clean)


if __name__ == "__main__":
    main()
