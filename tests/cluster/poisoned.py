"""What the scripts of a crashing and of a hanging model share: one bad segment in a small corpus.

CTranslate2 is broken by `poison/sitecustomize.py` in the processes of the workers alone; the
model and all of our code are as they always are.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.cluster.clusters import add_cluster_options, start_cluster
from tests.cluster.scenario import Build, read_work
from tests.tiny_models import TINY_PAIRS, TINY_RECORDS, build_marian

BAD = "venomous"
_POISON = Path(__file__).parent / "poison"
_BAD_RECORD = {
    "id": "bad",
    "question": "What makes the dough rise?",
    "passage": f"Yeast makes the dough rise. A {BAD} sentence stands here.",
    "answers": ["Yeast"],
}


def write_source(path: Path, *more: Mapping[str, object]) -> str:
    """Write the records that the tiny model knows, and some more, as JSONL."""
    records = [
        {
            "id": str(number),
            "question": record.question,
            "passage": record.passage,
            "answers": [record.answer],
        }
        for number, record in enumerate(TINY_RECORDS)
    ]
    path.parent.mkdir()
    path.write_text("".join(json.dumps(record) + "\n" for record in (*records, *more)))
    return str(path)


def marian_arguments(model: Path, source: str, cache: Path) -> list[str]:
    """Return the arguments of a build with CTranslate2."""
    return [
        *("--input", source, "--translator", "marian", "--model", str(model)),
        *("--languages", "es,ca", "--device", "cpu", "--cache", str(cache)),
        *("--packet-size", "10"),
    ]


def main(variable: str, reason: str, *more: str) -> int:
    """Run the script of one way to break; return 1 unless only the bad record is lost.

    Args:
        variable: `POISON_CRASH` or `POISON_HANG`.
        reason: Why the bad record must have failed.
        more: Further arguments of the build.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    add_cluster_options(parser)
    options = parser.parse_args()
    environment = {"PYTHONPATH": str(_POISON), variable: BAD}
    with start_cluster(options, environment) as cluster:
        folder = cluster.folder
        model = build_marian(folder / "marian", TINY_PAIRS)
        good = write_source(folder / "good" / "questions.jsonl")
        bad = write_source(folder / "bad" / "questions.jsonl", _BAD_RECORD)
        calm = Build(folder / "calm", marian_arguments(model, good, folder / "cache"))
        calm.run()
        broken = Build(folder / "broken", [*marian_arguments(model, bad, folder / "cache"), *more])
        broken.run(cluster.options)
        same = rows(broken) == rows(calm)
        lost = quarantined(broken)
        work = read_work(folder)
    failed = {lang: found for (lang, record), found in lost.items() if record == "bad"}
    right = same and failed == {lang: reason for lang in ("es", "ca")}
    sys.stdout.write(
        f"{Path(sys.argv[0]).stem} on {options.cluster}: submitted once; {work.segments} segments "
        f"given to {len(work.packets_by_worker)} workers; bad record failed as {failed}; "
        f"all other rows the same: {same}\n"
    )
    return 0 if right else 1


def rows(build: Build) -> dict[tuple[str, str], dict[str, object]]:
    """Return the accepted rows of good records by language and record."""
    return {
        (row["lang"], row["record_id"]): row
        for row in _read(build.corpus / "data")
        if row["record_id"] != "bad"
    }


def quarantined(build: Build) -> dict[tuple[str, str], str]:
    """Return why rows failed, by language and record."""
    return {
        (row["lang"], row["record_id"]): ", ".join(row["reasons"])
        for row in _read(build.corpus / "quarantine")
    }


def _read(folder: Path) -> list[dict[str, object]]:
    tables = [pq.read_table(pa.BufferReader(p.read_bytes())) for p in folder.rglob("*.parquet")]
    return [row for table in tables for row in table.to_pylist()]
