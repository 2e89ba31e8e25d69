"""What a build would do: segments the memory lacks, and how long all of it would take."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from json import dumps, loads
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsList, AsSingleton, PCollection
from apache_beam.transforms.combiners import Count, Top

from pipelines.corpus.config import BuildConfig
from pipelines.corpus.write import SHARD_CHARACTERS
from pipelines.ingest.deduplicate import Deduplicate
from pipelines.ingest.failure_limit import LimitFailures
from pipelines.ingest.read import Read
from pipelines.ingest.source_language import KeepEnglish
from pipelines.io.progress import Progress
from pipelines.leaks.decontaminate import Decontaminate
from pipelines.local.processes import memory_of_processes
from pipelines.local.speed import Speed
from pipelines.local.stage_times import time_stages
from pipelines.rehearsal import RECORDS, Dictionary, Rehearsal, characters_of
from pipelines.run import run_pipeline
from pipelines.translation.pace import translate_for
from pipelines.translation.packet import Packet
from pipelines.translation.segment import ExtractSegments, Segment, Segmented, SegmentedRecord
from pipelines.translation.translate import LookUp, Piece
from schemas.record import Answer, Record
from translators.isolation import processes_of
from translators.registry import open_translator
from translators.translator import Translation
from translators.usage import token_cost

SAMPLE: Final = 256
# Bytes of the local runner: of the process that was started, of each that works, and of each for an
# English character in the shard that it writes (docs/scaling.md).
_MEMORY: Final = 200_000_000
_MEMORY_OF_PROCESS: Final = 200_000_000
_MEMORY_OF_CHARACTER: Final = 11
_BUDGET: Final = 4.0  # seconds for translating samples, in all languages together


@dataclass(frozen=True, slots=True)
class Missing:
    """Segments of one language that the memory lacks.

    Attributes:
        segments: How many.
        characters: English characters in them.
        sample: Some of them, chosen by hash.
    """

    segments: int = 0
    characters: int = 0
    sample: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What a build would read and lack.

    Attributes:
        records: Records that would be translated.
        characters: English characters in them.
        segments: Distinct segments in them.
        missing: What the memory lacks, by language; languages that lack nothing are absent.
        sample: Some of the records, chosen by hash.
        held: What the memory holds of their segments, by language.
        stages: Seconds of the stages that found this out, by name.
    """

    records: int
    characters: int
    segments: int
    missing: dict[str, Missing]
    sample: tuple[Record, ...]
    held: dict[str, Dictionary]
    stages: dict[str, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one language would take.

    Attributes:
        tokens: Tokens of the missing segments, as the translator counts them.
        seconds: Seconds on this machine, from translating a sample.
        input_tokens: Tokens that a server would be sent, prompts included; 0 without a server.
        output_tokens: Tokens that it would answer.
        cost: What they cost at its prices; None without prices.
    """

    tokens: int
    seconds: float
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    def __add__(self, other: "Estimate") -> "Estimate":
        """Return both together."""
        costs = [cost for cost in (self.cost, other.cost) if cost is not None]
        return Estimate(
            self.tokens + other.tokens,
            self.seconds + other.seconds,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            sum(costs) if costs else None,
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a whole build would take on this machine.

    Attributes:
        reading: Seconds until all is looked up in the memory, from the start of the command.
        translating: Seconds of the translators.
        writing: Seconds for assembling, checking and writing.
        memory: Bytes that the local runner needs.
        disk: Bytes of the corpus and of what the memory grows by.
    """

    reading: float
    translating: float
    writing: float
    memory: int
    disk: int

    @property
    def seconds(self) -> float:
        """Seconds of the whole build."""
        return self.reading + self.translating + self.writing


def forecast(
    work: Work,
    rehearsal: Rehearsal,
    speed: Speed,
    *,
    starting: float = 0.0,
    translating: float = 0.0,
    processes: int = 1,
    shards: int = 0,
) -> Forecast:
    """Return what a whole build would take.

    Args:
        work: What it would do.
        rehearsal: What a build of some records took.
        speed: How fast this machine is.
        starting: Seconds that the command took before it began to read.
        translating: Seconds of the translators.
        processes: How many it would use.
        shards: Files for each language; 0 if that is decided by their size.
    """
    characters, stages = work.characters, rehearsal.times.stages
    seconds = [
        work.stages.get(stage.name, rehearsal.seconds_of(stage, characters, speed))
        for stage in stages
    ]
    read = [number for number, stage in enumerate(stages) if stage.name in work.stages]
    looked_up = 1 + max(read, default=-1)
    is_shared = any(rehearsal.is_shared(stage, characters) for stage in stages if stage.worth > 1)
    in_shard = characters / shards if shards else min(characters, SHARD_CHARACTERS)
    for_process = _MEMORY_OF_PROCESS + _MEMORY_OF_CHARACTER * round(in_shard)
    for_all = min(for_process * processes, memory_of_processes()) if is_shared else 0
    return Forecast(
        reading=starting + sum(seconds[:looked_up]),
        translating=translating,
        writing=sum(seconds[looked_up:]) + rehearsal.times.between / speed.one,
        memory=_MEMORY + max(for_process, for_all),
        disk=rehearsal.disk(characters),
    )


def survey(
    config: BuildConfig, beam_arguments: Sequence[str], progress: Progress | None = None
) -> Work:
    """Read, segment and look everything up in the memory; translate nothing.

    Args:
        config: The build.
        beam_arguments: Options of file systems; it runs in this process.
        progress: What to show on standard error; None for nothing.
    """
    with TemporaryDirectory() as folder, time_stages() as times:
        path = str(Path(folder, "work.json"))
        run_pipeline(lambda pipeline: _construct(pipeline, config, path), beam_arguments, progress)
        facts = loads(Path(path).read_text())
    missing = {
        lang: Missing(part["segments"], part["characters"], tuple(map(tuple, part["sample"])))
        for lang, part in sorted(facts["missing"].items())
    }
    held: dict[str, dict[bytes, Translation]] = {lang: {} for lang in config.languages}
    for lang, key, translation in facts["held"]:
        held[lang][bytes.fromhex(key)] = Translation(**translation)
    return Work(
        records=facts["records"],
        characters=facts["characters"],
        segments=facts["segments"],
        missing=missing,
        sample=tuple(map(_as_record, facts["sample"])),
        held=dict(held),
        stages={stage.name: stage.wall for stage in times.stages if _is_stable(stage.name)},
    )


def _is_stable(name: str) -> bool:
    """Return whether a stage has the same name in every graph that has it."""
    return not name.startswith("ref_PCollection")


def estimate(
    config: BuildConfig, lang: str, missing: Missing, texts: Mapping[bytes, str], gain: float
) -> tuple[Estimate, Dictionary]:
    """Return tokens and seconds of one language, from translating some segments.

    The first call for a model also warms it up, which is not counted.

    Args:
        config: The build.
        lang: BCP-47 code of a target language.
        missing: What the memory lacks.
        texts: Segments that it lacks, of which as many are translated as there is time for; these
            translations are returned, too. Where there are none, those are that were sampled.
        gain: How many times as much as one process all of them do.
    """
    texts = texts or {bytes.fromhex(key): text for key, text in missing.sample}
    translation = config.translation.config(lang)
    translator = open_translator(translation)
    try:
        wanted = list(texts.values())
        done, pace = translate_for(translator, wanted, lang, _BUDGET / len(config.languages))
        sample = wanted[: len(done)]
        tokens = translator.count_tokens(sample, lang)
        usage = translator.take_usage()
    finally:
        translator.close()
    share = missing.characters / sum(map(len, sample))
    # Most of a prompt is the same for every segment; answers are as long as the texts.
    sent = round(usage.input_tokens * missing.segments / len(sample))
    answered = round(usage.output_tokens * share)
    cost = token_cost(sent, answered, dict(translation.options))
    seconds = pace * missing.characters / min(processes_of(translation), gain)
    found = Estimate(round(tokens * share), seconds, sent, answered, cost)
    return found, dict(zip(texts, done, strict=False))


def _construct(pipeline: beam.Pipeline, config: BuildConfig, path: str) -> PCollection[None]:
    read = pipeline | "Read" >> Read(config.sources)
    unique = read.records | "Deduplicate" >> Deduplicate()
    english = unique.records | "KeepEnglish" >> KeepEnglish(config.language_model)
    failed = (read.failed, unique.failed, english.failed) | "AllFailed" >> beam.Flatten()
    within = (english.records, read.records, failed) | LimitFailures(config.max_failed_share)
    clean = within | "Decontaminate" >> Decontaminate(config.evaluation_sets)
    records = clean.records | "Segment" >> Segment(
        config.answer_markers, config.translation.context
    )
    segments = records | "Extract" >> ExtractSegments()
    # Named as in a build, so that its stages can be told to be the same.
    looked_up = segments | "Translate/LookUp" >> LookUp(config.translation)
    missing = looked_up.packets | "Measure" >> beam.Map(_measure) | beam.CombinePerKey(_add)
    sample = records | "SampleRecords" >> Top.Smallest(RECORDS, key=itemgetter(0))
    groups = sample | "SampledGroups" >> beam.Map(lambda some: frozenset(map(itemgetter(0), some)))
    held = looked_up.pieces | "Held" >> beam.FlatMap(_held, AsSingleton(groups))
    written: PCollection[None] = (
        pipeline
        | beam.Create([path])
        | "WriteWork"
        >> beam.Map(
            _write_work,
            AsSingleton(records | "CountRecords" >> Count.Globally()),
            AsSingleton(segments.texts | "CountSegments" >> Count.Globally()),
            AsDict(missing),
            AsSingleton(sample),
            AsSingleton(records | beam.MapTuple(_size) | "AddSizes" >> beam.CombineGlobally(sum)),
            AsList(held),
        )
    )
    return written


def _held(
    found: tuple[str, Piece], groups: Container[str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what the memory holds for the records of the sample."""
    group_id, (key, by_language) = found
    if group_id in groups:
        for lang, translation in by_language.items():
            yield lang, key.hex(), asdict(translation)


def _size(group_id: str, segmented: SegmentedRecord) -> int:
    return characters_of(segmented.record)


def _measure(packet: Packet) -> tuple[str, Missing]:
    sample = tuple((key.hex(), text) for key, text in packet.segments[:SAMPLE])
    characters = sum(len(text) for _, text in packet.segments)
    return packet.lang, Missing(len(packet.segments), characters, sample)


def _add(parts: Iterable[Missing]) -> Missing:
    segments = characters = 0
    sample: list[tuple[str, str]] = []
    for part in parts:
        segments += part.segments
        characters += part.characters
        sample = sorted([*sample, *part.sample])[:SAMPLE]
    return Missing(segments, characters, tuple(sample))


def _write_work(
    path: str,
    records: int,
    segments: int,
    missing: dict[str, Missing],
    sample: Sequence[Segmented],
    characters: int,
    held: Sequence[tuple[str, str, dict[str, Any]]],
) -> None:
    facts = {
        "records": records,
        "characters": characters,
        "segments": segments,
        "missing": {lang: asdict(part) for lang, part in missing.items()},
        "sample": [asdict(segmented.record) for _, segmented in sample],
        "held": held,
    }
    Path(path).write_text(dumps(facts))


def _as_record(facts: dict[str, Any]) -> Record:
    answers = tuple(Answer(**answer) for answer in facts["answers"])
    return Record(**{**facts, "answers": answers, "mended": tuple(facts["mended"])})
