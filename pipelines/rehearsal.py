"""A small build of some of the records, to tell how long the whole will take on this machine.

It runs the graph of every build, with translations that are at hand, into a temporary folder. What
its stages take for their input grows with the text of the records, the rest is what every build
takes; processes share the stages that will have much input.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from json import dumps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow.parquet as pq

from pipelines.build import build
from pipelines.corpus.config import BuildConfig
from pipelines.ingest.source import parse_source
from pipelines.io.progress import Outlook, watch
from pipelines.io.storage import join, read_below, write_bytes
from pipelines.local.speed import Speed
from pipelines.local.stage_times import StageTime, StageTimes, time_stages
from pipelines.report.write import write_report
from pipelines.run import run_pipeline
from pipelines.translation.segment import segment_record, translatable_segments
from schemas.manifest import load_manifest
from schemas.record import Record
from translators.memory import PACKET_SUFFIX, encode_packet, packet_id
from translators.translator import Translation

RECORDS: Final = 128
# Of a rehearsal, in all languages together; it has two records in any case.
_ROWS: Final = 512
_CHARACTERS: Final = 1_000_000
_FEWEST: Final = 2
# With so many records that have all translations, the others are not needed.
_FEW: Final = 8

Dictionary = dict[bytes, Translation]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a build of some records took, in one process.

    Attributes:
        times: What each stage took.
        records: How many records there were.
        characters: English characters of the records.
        data: Bytes of the corpus and of what the memory grew by.
        anyhow: Bytes of the corpus that it has anyhow.
    """

    times: StageTimes
    records: int
    characters: int
    data: int
    anyhow: int

    def speed(self, gain: float) -> Speed:
        """Return how fast this machine is, where all processes do `gain` times as much as one."""
        return Speed(self.times.share, self.times.share * gain)

    def seconds_of(self, stage: StageTime, characters: float, speed: Speed) -> float:
        """Return what a stage takes in a build of so many English characters."""
        share = characters / self.characters
        pace = speed.all if self.is_shared(stage, characters) else speed.one
        return (stage.loading + stage.anyhow) / speed.one + stage.for_input * share / pace

    def is_shared(self, stage: StageTime, characters: float) -> bool:
        """Return whether processes share a stage in a build of so many English characters."""
        return stage.size * characters / self.characters >= stage.worth

    def outlook(self, rows: int, records: float, characters: float, speed: Speed) -> Outlook:
        """Return what the steps of a build take, once all is loaded.

        Args:
            rows: Rows that a record becomes.
            records: How many records there are.
            characters: English characters of all records.
            speed: How fast this machine is.
        """
        paces: dict[str, float] = {}
        waiting = 0.0
        for stage in self.times.stages:
            waiting += self.seconds_of(stage, characters, speed) - stage.loading / speed.one
            for step, count in stage.done.items():
                paces[step] = paces.get(step, 0.0) + waiting / (count * records / self.records)
                waiting = 0.0
        return Outlook(rows, paces=paces, ending=waiting)

    def disk(self, characters: float) -> int:
        """Return the bytes that a build of so many English characters writes."""
        return self.anyhow + round(self.data * characters / self.characters)


def characters_of(record: Record) -> int:
    """Return the English characters of a record, by which a build's time grows."""
    return len(record.question) + len(record.passage)


def segments_of(config: BuildConfig, record: Record) -> dict[bytes, str]:
    """Return the segments of a record that a translator is asked for, by key."""
    context = config.translation.context
    return translatable_segments(segment_record(record, config.answer_markers, context))


def rehearse(
    config: BuildConfig,
    records: Sequence[Record],
    dictionaries: Mapping[str, Dictionary],
    missing: Collection[str],
    beam_arguments: Sequence[str],
) -> Rehearsal | None:
    """Return what a build of some records takes beside its translators.

    Args:
        config: The build; all of its languages are rehearsed.
        records: Some of its records. Those are rehearsed that have all translations; where these
            are few, all of them: English texts stand for translations, which take about as long.
        dictionaries: Translations of their segments, by language.
        missing: The languages that the memory lacks translations of.
        beam_arguments: Options of file systems.

    Returns:
        None where there are no records, or the runner is not ours and tells nothing of stages.
    """
    if not records:
        return None
    good = {lang: _good(dictionaries.get(lang, {})) for lang in config.languages}
    some = _some(config, records, good)
    texts = {key: text for record in some for key, text in segments_of(config, record).items()}
    itself = {key: Translation(text) for key, text in texts.items()}
    translated = {lang: itself | dictionary for lang, dictionary in good.items()}
    with TemporaryDirectory() as folder:
        small = _prepare(config, texts, translated, folder)
        grown = _size_of(Path(folder, "memory"), PACKET_SUFFIX)
        with time_stages(paced=True) as times, watch(times.counts):
            _build(small, some, beam_arguments)
        size = _size_of(Path(small.output), ".parquet")
        data = sum(map(_data_of, Path(small.output).rglob("*.parquet")))
    if not times.stages:
        return None
    characters = sum(map(characters_of, some))
    grown = grown * len(missing) // len(config.languages)
    return Rehearsal(times, len(some), characters, data + grown, size - data)


def _some(
    config: BuildConfig, records: Sequence[Record], dictionaries: Mapping[str, Dictionary]
) -> list[Record]:
    """Return the records that are rehearsed."""
    known = [dictionary.keys() for dictionary in dictionaries.values()]
    whole = [r for r in records if all(segments_of(config, r).keys() <= keys for keys in known)]
    chosen = whole if len(whole) >= _FEW else records
    rows = 1 + len(config.languages)
    most = max(_FEWEST, _ROWS // rows)
    sizes = accumulate(rows * characters_of(record) for record in chosen[:most])
    enough = sum(size <= _CHARACTERS for size in sizes)
    return list(chosen[: max(_FEWEST, enough)])


def _good(dictionary: Dictionary) -> Dictionary:
    return {key: translation for key, translation in dictionary.items() if not translation.error}


def _prepare(
    config: BuildConfig,
    texts: Mapping[bytes, str],
    dictionaries: Mapping[str, Dictionary],
    folder: str,
) -> BuildConfig:
    """Return the build that is rehearsed: its memory has the translations of the texts."""
    source = parse_source(f"jsonl:{folder}/records.jsonl", dataset="rehearsal", split="train")
    translation = replace(config.translation.only(dictionaries), memory=str(Path(folder, "memory")))
    for lang, dictionary in dictionaries.items():
        done = {key: dictionary[key] for key in texts}
        path = join(translation.folder(lang), packet_id(list(texts)) + PACKET_SUFFIX)
        write_bytes(path, encode_packet(texts, done))
    small = replace(config, sources=(source,), inputs=(), readings=())
    return replace(small, translation=translation, output=str(Path(folder, "corpus")))


def _build(config: BuildConfig, records: Sequence[Record], beam_arguments: Sequence[str]) -> None:
    """Build a corpus of some records in this process, its report included."""
    lines = "".join(f"{dumps(_as_item(record))}\n" for record in records)
    Path(config.sources[0].path).write_text(lines, encoding="utf-8")
    arguments = [*beam_arguments, "--direct_num_workers=1", "--direct_running_mode=in_memory"]
    run_pipeline(lambda pipeline: build(pipeline, config), arguments, keep_translators=True)
    write_report(config.output, load_manifest(config.output, read_below))


def _as_item(record: Record) -> dict[str, object]:
    return {
        "id": record.record_id,
        "question": record.question,
        "passage": record.passage,
        "title": record.title,
        "answers": [{"text": answer.text, "start": answer.start} for answer in record.answers],
    }


def _size_of(folder: Path, suffix: str) -> int:
    return sum(path.stat().st_size for path in folder.rglob(f"*{suffix}"))


def _data_of(path: Path) -> int:
    """Return the bytes of the rows of a Parquet file, without what any file has."""
    found = pq.read_metadata(path)
    groups = (found.row_group(number) for number in range(found.num_row_groups))
    return sum(
        group.column(number).total_compressed_size
        for group in groups
        for number in range(group.num_columns)
    )
