"""How a source was understood: where its fields stand, what was guessed, and a first record."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from pipelines.formats.decoding import describe_text
from pipelines.formats.dialect import SEPARATORS
from pipelines.formats.item import ENTITIES, STARTS, Origin
from pipelines.formats.reader import TABLES, TEXTS, read_dataset, read_file
from pipelines.formats.stream import Stream
from pipelines.formats.witness import Witness
from schemas.file_reasons import INVALID_UTF8
from schemas.manifest import ExampleRecord, FieldReading, SourceReading
from schemas.record import FailedRecord, Record
from schemas.wording import counted

SAMPLE: Final = 20  # results that are looked at
_SHOWN: Final = 200  # characters of a text that are shown
_MENDED: Final = {
    ENTITIES: "HTML entities, such as &amp;, were replaced",
    STARTS: "answers were looked for elsewhere, as their starts did not fit,",
}
_NAMES: Final = {separator: name for name, separator in SEPARATORS.items()}


@dataclass(frozen=True, slots=True)
class Preview:
    """The first records and failed records of a file, and how they were understood."""

    format: str
    results: Sequence[Record | FailedRecord]
    witness: Witness
    notes: tuple[str, ...] = ()

    @property
    def guesses(self) -> dict[str, str]:
        """The path of each field that was guessed."""
        return dict(self.witness.meaning.guessed) if self.witness.meaning else {}


def preview_file(path: str, format: str, origin: Origin) -> Preview:
    """Look at the first items of a file, as they will be read."""
    witness = Witness()
    results = list(islice(read_file(path, format, replace(origin, witness=witness)), SAMPLE))
    return Preview(format, results, witness, tuple(_notes(path, format, origin, results, witness)))


def preview_dataset(path: str, split: str, origin: Origin) -> Preview:
    """Look at the first items of a split of a Hugging Face dataset that is on this machine."""
    witness = Witness()
    rows = read_dataset(path, split, True, replace(origin, witness=witness))
    return Preview("hf", list(islice(rows, SAMPLE)), witness)


def sum_up(source: str, previews: Iterable[Preview]) -> list[SourceReading]:
    """Return one reading for all files of a source that were understood in the same way."""
    readings: dict[str, SourceReading] = {}
    for preview in previews:
        reading = _reading(source, preview)
        key = reading.model_dump_json(exclude={"files", "example"})
        if key in readings:
            reading = readings[key].model_copy(update={"files": readings[key].files + 1})
        readings[key] = reading
    return list(readings.values())


def describe(reading: SourceReading) -> str:
    """Return one line about how a source was understood."""
    files = [f"{reading.files} files"] if reading.files > 1 else []
    how = ", ".join([reading.format, *files, *reading.notes])
    fields = ", ".join(
        f"{field.target} <- {field.path}{' (guessed)' if field.guessed else ''}"
        for field in reading.fields
    )
    ignored = f"; ignored: {', '.join(reading.ignored)}" if reading.ignored else ""
    layout = f"laid out as {reading.layout}" if reading.layout else fields or "no fields found"
    return f"{reading.source} ({how}): {layout}{ignored}"


def describe_example(example: ExampleRecord) -> list[str]:
    """Return the lines that show one record as it was understood."""
    answers = " | ".join(example.answers) or "none"
    parts = (("id", example.record_id), ("question", example.question), ("title", example.title))
    shown = [*parts, ("passage", example.passage), ("answers", answers)]
    return [f"  {name:<9} {' '.join(text.split())}" for name, text in shown if text]


def describe_mended(mended: Mapping[str, int]) -> list[str]:
    """Return what was put right while reading, one sentence each."""
    return [
        f"{_MENDED[what]} in {counted(count, 'record')}"
        for what, count in mended.items()
        if what in _MENDED and count
    ]


def _reading(source: str, preview: Preview) -> SourceReading:
    meaning = preview.witness.meaning
    first = next((result for result in preview.results if isinstance(result, Record)), None)
    return SourceReading(
        source=source,
        format=preview.format,
        files=1,
        layout=preview.witness.layout,
        notes=list(preview.notes),
        fields=[
            FieldReading(target=target, path=path, guessed=target in meaning.guessed)
            for target, path in sorted(meaning.paths.items(), key=_order)
        ]
        if meaning
        else [],
        ignored=list(meaning.ignored) if meaning else [],
        example=_example(first) if first else None,
    )


def _order(field: tuple[str, str]) -> tuple[int, str]:
    first = ("question", "passage", "answers", "answer_start", "title", "id")
    return (first.index(field[0]) if field[0] in first else len(first), field[0])


def _example(record: Record) -> ExampleRecord:
    return ExampleRecord(
        record_id=_cut(record.record_id),
        question=_cut(record.question),
        passage=_cut(record.passage),
        title=_cut(record.title),
        answers=[
            f"{_cut(answer.text)} (at {answer.start})" if answer.start >= 0 else _cut(answer.text)
            for answer in record.answers[:3]
        ],
    )


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text):,} characters)"


def _notes(
    path: str,
    format: str,
    origin: Origin,
    results: Sequence[Record | FailedRecord],
    witness: Witness,
) -> Iterator[str]:
    if format in TEXTS:
        head = next(Stream(path).chunks(), b"")
        yield from describe_text(head[: 1 << 16], origin.dialect.encoding)
    separator = witness.separator
    if separator and separator != TABLES[format]:
        yield f"columns separated by {_NAMES.get(separator, separator)}"
    reasons = [result.reason for result in results if isinstance(result, FailedRecord)]
    if (broken := reasons.count(INVALID_UTF8)) and not origin.dialect.encoding:
        yield (
            f"{broken} of the first {len(results)} items are not UTF-8: add --encoding "
            "windows-1252 if that is what they are"
        )
