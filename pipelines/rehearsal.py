"""Small builds of some of the records, to tell how long the whole will take on this machine.

They run the graph of every build, with translations that are at hand, into a temporary folder: the
difference between many records and one is what records cost, the rest is what every build costs.
Checks are slow on the first records, whose words and letters they have not seen: the records that
are timed come after others.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from json import dumps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pipelines.build import build
from pipelines.corpus.config import BuildConfig
from pipelines.ingest.source import parse_source
from pipelines.io.progress import Outlook, Progress, watch
from pipelines.io.storage import join, read_below, write_bytes
from pipelines.report.write import write_report
from pipelines.run import run_pipeline
from pipelines.translation.segment import segment_record, translatable_segments
from schemas.manifest import load_manifest
from schemas.record import Record
from translators.ladder import translate_all
from translators.memory import PACKET_SUFFIX, encode_packet, packet_id
from translators.translator import Translation, Translator

RECORDS: Final = 128
_ROWS: Final = 96  # in all languages together
# So many times as many are timed: builds of the same records differ by a third of a second.
_TIMED: Final = 3
_AT_A_TIME: Final = 4  # records that go to a translator together

Segments = Mapping[bytes, str]
Dictionary = dict[bytes, Translation]


@dataclass(frozen=True, slots=True)
class Pace:
    """What a build takes beside its translators.

    Attributes:
        fixed: Seconds that every build takes, what it does once included.
        for_record: Seconds for each further record, in all languages.
        bytes_for_record: What corpus and memory have on disk for each record.
    """

    fixed: float
    for_record: float
    bytes_for_record: float


def segments_of(config: BuildConfig, record: Record) -> dict[bytes, str]:
    """Return the segments of a record that a translator is asked for, by key."""
    context = config.translation.context
    return translatable_segments(segment_record(record, config.answer_markers, context))


def translate_for(
    translator: Translator, sample: Sequence[Segments], lang: str, seconds: float
) -> Dictionary:
    """Return the translations of as many records' segments as there is time for.

    Args:
        translator: Who translates.
        sample: The segments of each record.
        lang: BCP-47 code of the target language.
        seconds: When to stop; the first few records are translated in any case.
    """
    done: Dictionary = {}
    started = time.monotonic()
    for start in range(0, len(sample), _AT_A_TIME):
        some = sample[start : start + _AT_A_TIME]
        wanted = {key: text for own in some for key, text in own.items() if key not in done}
        answers = translate_all(translator, list(wanted.values()), lang)
        done.update(zip(wanted, answers, strict=True))
        if time.monotonic() - started > seconds:
            break
    return done


def rehearse(
    config: BuildConfig,
    records: Sequence[Record],
    dictionaries: Mapping[str, Dictionary],
    beam_arguments: Sequence[str],
) -> Pace | None:
    """Return what a build takes beside its translators; None where there are no records.

    All languages are rehearsed. Where there are no translations, the English texts stand for them,
    which take as long to judge.

    Args:
        config: The build.
        records: Some of its records.
        dictionaries: Translations of segments of theirs, for each language that the memory does
            not hold whole.
        beam_arguments: Options of file systems.
    """
    if not records:
        return None
    enough = _records(config)
    some = records[: (1 + _TIMED) * enough]
    first, others = some[:enough], some[enough:] or some
    itself = _as_they_are(config, some)
    translated = {lang: itself | _good(dictionaries.get(lang, {})) for lang in config.languages}
    with TemporaryDirectory() as folder:
        small = _prepare(config, some, translated, folder)
        cold, _ = _time_build(small, first, beam_arguments)
        warm, least = _time_build(small, first[:1], beam_arguments)
        seconds, size = _time_build(small, others, beam_arguments)
        grown = _size_of(f"{folder}/memory") * len(dictionaries) / len(translated)
    more = max(1, len(others) - 1)
    for_record = max(0.0, seconds - warm) / more
    fixed = max(warm, cold - for_record * (len(first) - 1))
    return Pace(fixed, for_record, max(0, size - least) / more + grown / len(some))


def look_ahead(
    config: BuildConfig, records: Sequence[Record], beam_arguments: Sequence[str]
) -> Outlook:
    """Return what the steps of a build take beside its translators, by a build of some records.

    Nothing is translated: the English texts stand for their translations, which takes as long to
    judge.

    Args:
        config: The build.
        records: Some of its records.
        beam_arguments: Options of file systems.
    """
    some = records[: _records(config)]
    itself = dict.fromkeys(config.languages, _as_they_are(config, some))
    progress = Progress()
    with TemporaryDirectory() as folder:
        small = _prepare(config, some, itself, folder)
        with watch(progress):
            _time_build(small, some, beam_arguments)
        return Outlook(
            rows=1 + len(config.languages), paces=progress.paces(), ending=progress.seconds_idle()
        )


def _records(config: BuildConfig) -> int:
    """Return how many records are enough to see everything once."""
    return max(2, _ROWS // len(config.languages))


def _as_they_are(config: BuildConfig, records: Sequence[Record]) -> Dictionary:
    """Return the English texts of records as their own translations."""
    texts = {key: text for record in records for key, text in segments_of(config, record).items()}
    return {key: Translation(text) for key, text in texts.items()}


def _good(dictionary: Dictionary) -> Dictionary:
    return {key: translation for key, translation in dictionary.items() if not translation.error}


def _prepare(
    config: BuildConfig,
    records: Sequence[Record],
    dictionaries: Mapping[str, Dictionary],
    folder: str,
) -> BuildConfig:
    """Return the build that is rehearsed: its memory has the translations of the records."""
    source = parse_source(f"jsonl:{folder}/records.jsonl", dataset="rehearsal", split="train")
    small = replace(config, sources=(source,), inputs=(), readings=())
    translation = replace(config.translation.only(dictionaries), memory=str(Path(folder, "memory")))
    texts = {key: text for record in records for key, text in segments_of(config, record).items()}
    for lang, dictionary in dictionaries.items():
        done = {key: dictionary[key] for key in texts}
        path = join(translation.folder(lang), packet_id(list(texts)) + PACKET_SUFFIX)
        write_bytes(path, encode_packet(texts, done))
    return replace(small, translation=translation)


def _time_build(
    config: BuildConfig, records: Sequence[Record], beam_arguments: Sequence[str]
) -> tuple[float, int]:
    """Return what a build of some records takes, its report included: seconds and bytes."""
    path = Path(config.sources[0].path)
    lines = "".join(f"{dumps(_as_item(record))}\n" for record in records)
    path.write_text(lines, encoding="utf-8")
    with TemporaryDirectory(dir=path.parent) as output:
        config = replace(config, output=output)
        started = time.monotonic()
        run_pipeline(lambda pipeline: build(pipeline, config), beam_arguments)
        write_report(output, load_manifest(output, read_below))
        return time.monotonic() - started, _size_of(output)


def _as_item(record: Record) -> dict[str, object]:
    return {
        "id": record.record_id,
        "question": record.question,
        "passage": record.passage,
        "title": record.title,
        "answers": [{"text": answer.text, "start": answer.start} for answer in record.answers],
    }


def _size_of(folder: str) -> int:
    """Return the bytes of what grows with the records; a report does not for long."""
    return sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
