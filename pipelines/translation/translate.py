"""Translate distinct segments: look them up in the memory, pack the rest, translate the packs."""

import logging
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Final, Literal, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsSingleton, PCollection, TaggedOutput
from apache_beam.transforms.combiners import Count

from pipelines.io.progress import expect
from pipelines.io.storage import is_local, join, list_files
from pipelines.local.processes import in_all_processes, in_one_process
from pipelines.shuffle.group import GroupPacked, JoinPacked, SpreadPacked
from pipelines.translation.fallback import Member, finish_with_fallbacks
from pipelines.translation.metrics import PacketStats, report_looked_up, report_packet
from pipelines.translation.packet import Finished, Packet, load_packet
from translators.memory import PACKET_SUFFIX, BrokenPacketError, directory, preferred
from translators.registry import TranslatorConfig
from translators.translator import Translation, TranslatorInfo

MISSING: Final = "missing"
BROKEN: Final = "broken"

logger = logging.getLogger(__name__)

# Translations of one segment into some languages.
Translated = tuple[bytes, dict[str, Translation]]
# A language and the place of one of its translators, 0 for the first.
Who = tuple[str, int]
Needed = tuple[tuple[str, int], tuple[bytes, str, dict[int, Translation]]]


@dataclass(frozen=True, slots=True)
class TranslationPlan:
    """Who translates into what, and where finished packets are kept.

    Attributes:
        configs: The translator into each target language.
        infos: Its description, for each target language.
        fallbacks: Language, translator and description of those that take what the ones before
            them failed on, in that order.
        memory: Folder of the translation memory.
        packet_size: Segments in a packet, about; bounds what a crash can cost.
        accelerator: What the workers of this step alone must have, in Beam's words, such as
            `type:nvidia-l4;count:1;install-nvidia-driver`; empty for nothing.
    """

    configs: tuple[tuple[str, TranslatorConfig], ...]
    infos: tuple[tuple[str, TranslatorInfo], ...]
    memory: str
    packet_size: int
    accelerator: str = ""
    fallbacks: tuple[tuple[str, TranslatorConfig, TranslatorInfo], ...] = ()

    def config(self, target: str) -> TranslatorConfig:
        """Return who translates into a language."""
        return dict(self.configs)[target]

    @property
    def context(self) -> int:
        """Sentences on each side of a segment that the translators are shown."""
        return max(int(dict(config.options).get("context", 0)) for _, config in self.configs)

    def only(self, targets: Container[str]) -> "TranslationPlan":
        """Return the plan for some of its languages."""
        return replace(
            self,
            configs=tuple(pair for pair in self.configs if pair[0] in targets),
            infos=tuple(pair for pair in self.infos if pair[0] in targets),
            fallbacks=tuple(found for found in self.fallbacks if found[0] in targets),
        )

    def folder(self, target: str) -> str:
        """Return the folder of the packets of one language."""
        return join(self.memory, directory(dict(self.infos)[target], target))

    def fallbacks_of(self, target: str) -> list[tuple[TranslatorConfig, TranslatorInfo]]:
        """Return who takes what the translator into a language fails on, in order."""
        return [(config, info) for lang, config, info in self.fallbacks if lang == target]

    def all_infos(self, target: str) -> list[TranslatorInfo]:
        """Return the descriptions of the translator into a language and of its fallbacks."""
        return [dict(self.infos)[target], *(info for _, info in self.fallbacks_of(target))]

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the packets of all languages."""
        return tuple(self.folder(lang) for lang, _ in self.infos)


class Remembered(NamedTuple):
    """What the memory holds, and the paths of packets that are broken and not used."""

    translations: PCollection[tuple[bytes, tuple[Who, Translation]]]
    broken: PCollection[str]


class Lookup(NamedTuple):
    """Segments found in the memory, those that are not, packed for the translator, and damage."""

    remembered: PCollection[Translated]
    packets: PCollection[Packet]
    missing: PCollection[int]
    broken: PCollection[str]


class Translations(NamedTuple):
    """Every translation of every segment, what each packet took, and broken packets."""

    translations: PCollection[Translated]
    remembered: PCollection[Translated]
    stats: PCollection[PacketStats]
    broken: PCollection[str]


@dataclass(eq=False)
class LookUp(beam.PTransform[PCollection[tuple[bytes, str]], Lookup]):
    """Split distinct segments into those the memory holds and packets of those it lacks."""

    plan: TranslationPlan

    def expand(self, segments: PCollection[tuple[bytes, str]]) -> "Lookup":
        memory = segments.pipeline | "ReadMemory" >> ReadMemory(self.plan)
        total = segments | "CountDistinct" >> Count.Globally()
        looked_up = (
            {"text": segments, "memory": memory.translations}
            | "JoinMemory" >> JoinPacked()
            | "Split"
            >> beam.FlatMap(_split, AsSingleton(total), self.plan).with_outputs(
                MISSING, main="remembered"
            )
        )
        missing = looked_up[MISSING]
        packets = missing | "Group" >> GroupPacked() | "Pack" >> beam.MapTuple(_pack)
        return Lookup(
            looked_up.remembered,
            packets,
            missing | "CountMissing" >> Count.Globally(),
            memory.broken,
        )


@dataclass(eq=False)
class Translate(beam.PTransform[PCollection[tuple[bytes, str]], Translations]):
    """Translate distinct segments into every language, each packet saved before it goes on."""

    plan: TranslationPlan

    def expand(self, segments: PCollection[tuple[bytes, str]]) -> "Translations":
        remembered, packets, missing, broken = segments | LookUp(self.plan)
        step = beam.Map(_translate, AsSingleton(missing), self.plan)
        if self.plan.accelerator:
            step = step.with_resource_hints(accelerator=self.plan.accelerator)
        balanced = packets | "Balance" >> SpreadPacked()
        with in_one_process():
            finished = balanced | "TranslatePackets" >> step
        translated = finished | "Unpack" >> beam.FlatMap(_unpack)
        return Translations(
            (remembered, translated) | beam.Flatten(),
            remembered,
            finished | "Stats" >> beam.Map(_stats),
            broken,
        )


@dataclass(eq=False)
class ReadMemory(beam.PTransform[beam.pvalue.PBegin, Remembered]):
    """Read what the memory holds for the plan's languages, of all translators."""

    plan: TranslationPlan

    def expand(self, begin: beam.pvalue.PBegin) -> "Remembered":
        folders = [
            ((lang, place), join(self.plan.memory, directory(info, lang)))
            for lang, _ in self.plan.infos
            for place, info in enumerate(self.plan.all_infos(lang))
        ]
        listed = (
            begin
            | "Folders" >> beam.Create(folders)
            | "ListPackets" >> beam.FlatMapTuple(_list_packets)
            | "BalanceFiles" >> beam.Reshuffle()
        )
        with in_all_processes() if is_local(self.plan.memory) else in_one_process():
            read = listed | "ReadPackets" >> beam.FlatMapTuple(_read_packet).with_outputs(
                BROKEN, main="read"
            )
        return Remembered(read.read, read[BROKEN])


def _list_packets(who: Who, folder: str) -> Iterator[tuple[Who, str, str, int]]:
    for path, size in list_files(folder):
        if path.endswith(PACKET_SUFFIX):
            yield who, folder, path.rpartition("/")[2], size


def _read_packet(
    who: Who, folder: str, name: str, size: int
) -> Iterator[tuple[bytes, tuple[Who, Translation]] | TaggedOutput[Literal["broken"], str]]:
    try:
        for key, translation in load_packet(folder, name, size).items():
            yield key, (who, translation)
    except BrokenPacketError as error:
        logger.warning("%s", error)
        yield TaggedOutput(BROKEN, join(folder, name))


def _split(
    joined: tuple[bytes, dict[str, Iterable[Any]]], total: int, plan: TranslationPlan
) -> Iterator[Translated | TaggedOutput[Literal["missing"], Needed]]:
    """Send each language of a segment to the memory's output or to a packet.

    The packet is chosen by the segment's hash and the number of all distinct segments, not of
    the missing ones: after a crash the same packets are made again, so they are either
    complete in the memory or translated whole, as in a run that was never disturbed.
    """
    key, values = joined
    known: dict[str, dict[int, Translation]] = {}
    for (lang, place), translation in values["memory"]:
        own = known.setdefault(lang, {})
        own[place] = preferred(own[place], translation) if place in own else translation
    first = {lang: own[0] for lang, own in known.items() if 0 in own}
    packets = -(-total // plan.packet_size)
    for text in values["text"]:
        report_looked_up(len(first), len(plan.infos) - len(first))
        good = {
            lang: translation
            for lang, translation in first.items()
            if translation.finished or not plan.fallbacks_of(lang)
        }
        if good:
            yield key, good
        for lang, _ in plan.infos:
            if lang not in good:
                packet = (lang, int.from_bytes(key[:8], "big") % packets)
                yield TaggedOutput(MISSING, (packet, (key, text, known.get(lang, {}))))


def _pack(
    place: tuple[str, int], segments: Iterable[tuple[bytes, str, dict[int, Translation]]]
) -> Packet:
    in_order = sorted(segments, key=itemgetter(0))
    return Packet(
        place[0],
        tuple((key, text) for key, text, _ in in_order),
        {key: known for key, _, known in in_order if known},
    )


def _translate(packet: Packet, missing: int, plan: TranslationPlan) -> Finished:
    expect("translate", missing)
    lang = packet.lang
    fallbacks = [
        Member(config, join(plan.memory, directory(info, lang)))
        for config, info in plan.fallbacks_of(lang)
    ]
    first = Member(plan.config(lang), plan.folder(lang))
    finished = finish_with_fallbacks(packet, first, fallbacks)
    report_packet(finished.stats)
    return finished


def _unpack(finished: Finished) -> Iterator[Translated]:
    for key, translation in finished.translations.items():
        yield key, {finished.stats.lang: translation}


def _stats(finished: Finished) -> PacketStats:
    return finished.stats
