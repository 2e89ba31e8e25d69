"""Plant an evaluation set among other records and see whether it, and nothing else, is removed.

All of XQuAD (1,190 questions, 240 passages) is planted in six disguises, in SQuAD's format, among
the 16,407 records of MedQuAD; all is read, deduplicated and decontaminated as in a build. Ids are
new, so that only the texts can give a record away, but for the disguise `id only`.
"""

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

import apache_beam as beam
import regex
from apache_beam.transforms.combiners import Count, ToList

from benchmarks.quality import contamination_rules
from benchmarks.quality.markdown import table
from pipelines.ingest.deduplicate import Deduplicate
from pipelines.ingest.read import Read
from pipelines.ingest.source import parse_source
from pipelines.leaks.decontaminate import Decontaminate
from pipelines.leaks.evaluation_sets import EvaluationSet, parse_evaluation_set, read_items
from pipelines.leaks.rules import EvaluationItem, find_leaks, make_index
from schemas.record import Record

NOTE = """All of XQuAD (1,190 questions, 240 passages) is planted in six disguises among the 16,407
records of MedQuAD, in SQuAD's format, and read, deduplicated and decontaminated as in a build.
Ids are new, so that only the texts can give a record away, but for *id only*. Of a disguise all
must be removed, of *medquad* none."""

Planted = tuple[str, str, str]  # id, question, passage

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


def measure_speed(sets: Sequence[EvaluationItem], clean: Sequence[Planted]) -> str:
    """Return the speed of finding leaks on one core, and the size of the index."""
    index = make_index(sets)
    records = [Record(name, "d", "train", question, passage) for name, question, passage in clean]
    started = time.perf_counter()
    for record in records:
        find_leaks(record, [("set", index)])
    rate = len(records) / (time.perf_counter() - started)
    postings = index.passages
    size = postings.hashes.nbytes + postings.owners.nbytes + postings.sizes.nbytes
    return (
        f"Looking one record up takes {1e6 / rate:,.0f} microseconds on one core: "
        f"{1e6 / rate / 60:.1f} minutes per million records. The index holds "
        f"{size / len(postings.sizes) / 1000:.1f} GB per million passages."
    )


def report(data: Path) -> str:
    """Return the section: recall for each disguise, false removals, rules, and the speed."""
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
    rows = [
        [name, f"{count:,}", f"{count - after[name]:,}", f"{(count - after[name]) / count:.2%}"]
        for name, count in before.items()
    ]
    total = before.total()
    step = (
        f"As a step of the pipeline it took {seconds - without:.1f} of {seconds:.1f} s for "
        f"{total:,} records, {(seconds - without) / total * 1e6 / 60:.1f} minutes per million."
    )
    return "\n\n".join(
        [
            "## Decontamination",
            NOTE,
            table(["records", "in the input", "removed", "share"], rows),
            f"{measure_speed(evaluated, clean)} {step}",
            contamination_rules.NOTE,
            contamination_rules.compare_rules(
                [item.passage for item in evaluated], [passage for _, _, passage in clean]
            ),
        ]
    )
