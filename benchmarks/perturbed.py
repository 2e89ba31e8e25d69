"""Large inputs out of small corpora: real records with other numbers in them, all translated.

Every copy of a record has a number of its own in the question and in every sentence, and so have
their translations: no segment is like another, and a build finds all of them in the memory.

Run it from the root of the repository:
`.venv/bin/python -m benchmarks.perturbed CORPUS MEMORY RECORDS FOLDER`.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.memory_files import write_packets
from pipelines.text.normalise import normalise_record
from pipelines.translation.segment import segment_record, translatable_segments
from schemas.record import Answer, Record
from schemas.row import Row
from schemas.row_reader import table_to_rows
from translators.memory import INFO_NAME, PACKET_SUFFIX, decode_packet
from translators.translator import Translation

_ENDS = ".?!:;\"'”’)] \n"  # what may stand behind the last word of a sentence


def perturb(corpus: Path, memory: Path, records: int, folder: Path) -> None:
    """Write `records.jsonl` and the folder `memory` with the translations of all its segments.

    Args:
        corpus: A finished corpus of a hundred records or more.
        memory: The memory that it was built with.
        records: How many to write.
        folder: Where to.
    """
    rows = [row for path in corpus.glob("data/*/lang=en/*") for row in _rows(path)]
    folder.mkdir(parents=True)
    segments: dict[str, int] = {}
    with (folder / "records.jsonl").open("w", encoding="utf-8") as lines:
        for number, record in islice(_copies(rows), records):
            lines.write(json.dumps(_as_item(record)) + "\n")
            for text in translatable_segments(segment_record(record)).values():
                segments[text] = number
    for info in memory.rglob(INFO_NAME):
        known = _read_packets(info.parent)
        write_packets(
            folder / "memory" / info.parent.relative_to(memory),
            info.read_bytes(),
            segments,
            lambda text, known=known: _translate(text, segments[text], known),
        )


def _rows(path: Path) -> Iterator[Row]:
    yield from table_to_rows(pq.read_table(path))


def _copies(rows: Sequence[Row]) -> Iterator[tuple[int, Record]]:
    """Yield all records with the first number, then all with the next, without end."""
    for number in count(1000):
        for row in rows:
            yield number, normalise_record(_copy(row, number))


def _copy(row: Row, number: int) -> Record:
    passage, end = "", 0
    for a, b, _, _ in row.sentence_map:
        passage += row.passage[end:a] + with_number(row.passage[a:b], number)
        end = b
    passage += row.passage[end:]
    places = [(answer.text, passage.find(answer.text)) for answer in row.answers]
    return Record(
        record_id=f"{row.record_id}-{number}",
        dataset=row.dataset,
        split="train",
        question=with_number(row.question, number),
        passage=passage,
        title=row.title,
        answers=tuple(Answer(text, start) for text, start in places if start >= 0),
        license=row.license,
    )


def with_number(text: str, number: int) -> str:
    """Return a sentence with a number in front of its full stop."""
    bare = text.rstrip(_ENDS)
    return f"{bare} {number}{text[len(bare) :]}"


def _as_item(record: Record) -> dict[str, object]:
    answers = [{"text": answer.text, "start": answer.start} for answer in record.answers]
    return {
        "id": record.record_id,
        "question": record.question,
        "passage": record.passage,
        "title": record.title,
        "answers": answers,
    }


def _read_packets(folder: Path) -> dict[str, Translation]:
    known: dict[str, Translation] = {}
    for path in folder.glob(f"*{PACKET_SUFFIX}"):
        texts = pq.read_table(path, columns=["source"]).column("source").to_pylist()
        known.update(zip(texts, decode_packet(path.read_bytes(), str(path)).values(), strict=True))
    return known


def _translate(text: str, number: int, known: Mapping[str, Translation]) -> Translation:
    """Return a translation with the number; what is not known stays English.

    Sentences may stand in one segment because of their numbers: each is looked for.
    """
    sentences = re.findall(rf"(.+?) {number}([{re.escape(_ENDS)}]*)\s*", text)
    found = [known.get(bare + end) for bare, end in sentences]
    parts = [part for part in found if part]
    if not parts or len(parts) < len(found):
        return known.get(text) or Translation(text)
    return replace(parts[0], text=" ".join(with_number(part.text, number) for part in parts))


if __name__ == "__main__":
    perturb(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
