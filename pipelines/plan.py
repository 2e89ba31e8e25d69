"""What a build would do: segments the memory lacks, and how long all of it would take."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from json import dumps, loads
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import apache_beam as beam
from apache_beam.pvalue import AsDict, AsSingleton, PCollection
from apache_beam.transforms.combiners import Count, Top

from pipelines.corpus.config import BuildConfig
from pipelines.corpus.write import SHARD_CHARACTERS
from pipelines.ingest.deduplicate import Deduplicate
from pipelines.ingest.failure_limit import LimitFailures
from pipelines.ingest.read import Read
from pipelines.ingest.source_language import KeepEnglish
from pipelines.io.progress import Progress
from pipelines.leaks.decontaminate import Decontaminate
from pipelines.rehearsal import RECORDS, Dictionary, Pace, Segments, translate_for
from pipelines.run import run_pipeline
from pipelines.translation.packet import Packet
from pipelines.translation.segment import ExtractSegments, Segment, Segmented
from pipelines.translation.translate import LookUp
from schemas.record import Answer, Record
from translators.isolation import processes_of
from translators.ladder import translate_all
from translators.registry import open_translator
from translators.usage import token_cost

SAMPLE: Final = 256
_FIRST: Final = 32
# Bytes of the local runner: of the process that was started, of each that works, and of each for an
# English character in the shard that it writes (docs/scaling.md).
_MEMORY: Final = 200_000_000
_MEMORY_OF_PROCESS: Final = 200_000_000
_MEMORY_OF_CHARACTER: Final = 11
# From so many records on processes share the work, and each one more adds so much of the first.
_SHARED_RECORDS: Final = 300
_GAIN: Final = 0.6
_BUDGET: Final = 6.0  # seconds for translating samples, in all languages together


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
        segments: Distinct segments in them.
        missing: What the memory lacks, by language; languages that lack nothing are absent.
        sample: Some of the records, chosen by hash.
        seconds: How long it took to find out.
    """

    records: int
    segments: int
    missing: dict[str, Missing]
    sample: tuple[Record, ...]
    seconds: float

    @property
    def characters(self) -> float:
        """English characters in all records, by the sample."""
        sizes = [len(record.question) + len(record.passage) for record in self.sample]
        return self.records * sum(sizes) / max(1, len(sizes))


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
    work: Work, translating: float, starting: float, pace: Pace, processes: int = 1, shards: int = 0
) -> Forecast:
    """Return what a whole build would take.

    Args:
        work: What it would do.
        translating: Seconds of the translators.
        starting: Seconds that the command took before it began to read.
        pace: What a build takes beside the translators, in one process.
        processes: How many it would use.
        shards: Files for each language; 0 if that is decided by their size.
    """
    workers = processes if work.records >= _SHARED_RECORDS else 1
    speed = 1 + _GAIN * (workers - 1)
    beside = pace.fixed + pace.for_record * max(0, work.records - 1) / speed
    characters = work.characters / shards if shards else min(work.characters, SHARD_CHARACTERS)
    for_process = _MEMORY_OF_PROCESS + _MEMORY_OF_CHARACTER * round(characters)
    return Forecast(
        reading=starting + min(work.seconds, beside),
        translating=translating,
        writing=max(0.0, beside - work.seconds),
        memory=_MEMORY + for_process * workers,
        disk=round(pace.bytes_for_record * work.records),
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
    started = time.monotonic()
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "work.json"))
        run_pipeline(lambda pipeline: _construct(pipeline, config, path), beam_arguments, progress)
        facts = loads(Path(path).read_text())
    missing = {
        lang: Missing(part["segments"], part["characters"], tuple(map(tuple, part["sample"])))
        for lang, part in sorted(facts["missing"].items())
    }
    sample = tuple(map(_as_record, facts["sample"]))
    seconds = time.monotonic() - started
    return Work(facts["records"], facts["segments"], missing, sample, seconds)


def estimate(
    config: BuildConfig, lang: str, missing: Missing, records: Sequence[Segments]
) -> tuple[Estimate, Dictionary]:
    """Return tokens and seconds of one language, from translating a sample of its segments.

    The first call for a model also warms it up, which is not counted.

    Args:
        config: The build.
        lang: BCP-47 code of a target language.
        missing: What the memory lacks.
        records: Segments of some records, of which as many are translated as there is time for;
            these translations are returned, too.
    """
    texts = [text for _, text in missing.sample]
    translation = config.translation.config(lang)
    budget = _BUDGET / len(config.languages)
    translator = open_translator(translation)
    try:
        translate_all(translator, texts[:1], lang)
        translator.take_usage()
        sample = texts[:_FIRST]
        seconds = _time(lambda: translate_all(translator, sample, lang))
        more = texts[: round(_FIRST * budget / max(seconds, 1e-6))]
        if len(more) > len(sample):
            sample = more
            translator.take_usage()
            seconds = _time(lambda: translate_all(translator, sample, lang))
        share = missing.characters / sum(map(len, sample))
        tokens = translator.count_tokens(sample, lang)
        usage = translator.take_usage()
        done = translate_for(translator, records, lang, budget / 2)
    finally:
        translator.close()
    # Most of a prompt is the same for every segment; answers are as long as the texts.
    sent = round(usage.input_tokens * missing.segments / len(sample))
    answered = round(usage.output_tokens * share)
    cost = token_cost(sent, answered, dict(translation.options))
    seconds *= share / processes_of(translation)
    return Estimate(round(tokens * share), seconds, sent, answered, cost), done


def _time(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


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
    looked_up = segments | "LookUp" >> LookUp(config.translation)
    missing = looked_up.packets | "Measure" >> beam.Map(_measure) | beam.CombinePerKey(_add)
    written: PCollection[None] = (
        pipeline
        | beam.Create([path])
        | "WriteWork"
        >> beam.Map(
            _write_work,
            AsSingleton(records | "CountRecords" >> Count.Globally()),
            AsSingleton(segments.texts | "CountSegments" >> Count.Globally()),
            AsDict(missing),
            AsSingleton(records | "SampleRecords" >> Top.Smallest(RECORDS, key=itemgetter(0))),
        )
    )
    return written


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
) -> None:
    facts = {
        "records": records,
        "segments": segments,
        "missing": {lang: asdict(part) for lang, part in missing.items()},
        "sample": [asdict(segmented.record) for _, segmented in sample],
    }
    Path(path).write_text(dumps(facts))


def _as_record(facts: dict[str, Any]) -> Record:
    answers = tuple(Answer(**answer) for answer in facts["answers"])
    return Record(**{**facts, "answers": answers, "mended": tuple(facts["mended"])})
