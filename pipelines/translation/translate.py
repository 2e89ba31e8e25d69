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
from pipelines.translation.segment import Segments
from translators.memory import PACKET_SUFFIX, BrokenPacketError, directory, preferred
from translators.registry import TranslatorConfig
from translators.translator import Translation, TranslatorInfo

MISSING: Final = "missing"
UNFINISHED: Final = "unfinished"
REMEMBERED: Final = "remembered"
BROKEN: Final = "broken"

logger = logging.getLogger(__name__)

# The key of a segment, and translations of it into some languages.
Piece = tuple[bytes, dict[str, Translation]]
# A language and the place of one of its translators, 0 for the first.
Who = tuple[str, int]


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
    """What the memory holds of the segments, and what it does not.

    Attributes:
        pieces: What it holds, for each group in which the segment occurs.
        remembered: The language of each translation that it holds.
        packets: What it lacks, packed for the translator.
        missing: How many segments these are, in all languages together.
        unfinished: The groups of the segments that it lacks in some language, by their key.
        broken: Paths of packets that are broken and not used.
    """

    pieces: PCollection[tuple[str, Piece]]
    remembered: PCollection[str]
    packets: PCollection[Packet]
    missing: PCollection[int]
    unfinished: PCollection[tuple[bytes, str]]
    broken: PCollection[str]


class Translations(NamedTuple):
    """Every translation of every group, what each packet took, and broken packets."""

    pieces: tuple[PCollection[tuple[str, Piece]], ...]
    remembered: PCollection[str]
    stats: PCollection[PacketStats]
    broken: PCollection[str]


@dataclass(eq=False)
class LookUp(beam.PTransform[Any, Lookup]):
    """Split distinct segments into those the memory holds and packets of those it lacks."""

    plan: TranslationPlan

    def expand(self, segments: "Segments") -> "Lookup":
        memory = segments.texts.pipeline | "ReadMemory" >> ReadMemory(self.plan)
        total = segments.texts | "CountDistinct" >> Count.Globally()
        looked_up = (
            {"text": segments.texts, "groups": segments.groups, "memory": memory.translations}
            | "JoinMemory" >> JoinPacked()
            | "Split"
            >> beam.FlatMap(_split, AsSingleton(total), self.plan).with_outputs(
                MISSING, UNFINISHED, REMEMBERED, main="pieces"
            )
        )
        missing = looked_up[MISSING]
        return Lookup(
            looked_up.pieces,
            looked_up[REMEMBERED],
            missing | "Group" >> GroupPacked() | "Pack" >> beam.MapTuple(_pack),
            missing | "CountMissing" >> Count.Globally(),
            looked_up[UNFINISHED],
            memory.broken,
        )


@dataclass(eq=False)
class Translate(beam.PTransform[Any, Translations]):
    """Translate distinct segments into every language, each packet saved before it goes on.

    What the memory holds is shuffled once less: it goes to the groups of its segments at once.
    """

    plan: TranslationPlan

    def expand(self, segments: "Segments") -> "Translations":
        found = segments | LookUp(self.plan)
        step = beam.Map(_translate, AsSingleton(found.missing), self.plan)
        if self.plan.accelerator:
            step = step.with_resource_hints(accelerator=self.plan.accelerator)
        balanced = found.packets | "Balance" >> SpreadPacked()
        with in_one_process():
            finished = balanced | "TranslatePackets" >> step
        translated = (
            {"translations": finished | beam.FlatMap(_unpack), "groups": found.unfinished}
            | "JoinSegments" >> JoinPacked()
            | "ToGroups" >> beam.FlatMapTuple(_to_groups)
        )
        return Translations(
            (found.pieces, translated),
            found.remembered,
            finished | "Stats" >> beam.Map(_stats),
            found.broken,
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
) -> Iterator[Any]:
    """Send each language of a segment to its groups, as a `Piece`, or to a packet.

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
        for lang, _ in plan.infos:
            if lang in good:
                yield TaggedOutput(REMEMBERED, lang)
            else:
                packet = (lang, int.from_bytes(key[:8], "big") % packets)
                yield TaggedOutput(MISSING, (packet, (key, text, known.get(lang, {}))))
        for group_id in values["groups"]:
            if good:
                yield group_id, (key, good)
            if len(good) < len(plan.infos):
                yield TaggedOutput(UNFINISHED, (key, group_id))


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


def _unpack(finished: Finished) -> Iterator[tuple[bytes, tuple[str, Translation]]]:
    for key, translation in finished.translations.items():
        yield key, (finished.stats.lang, translation)


def _to_groups(key: bytes, joined: dict[str, Iterable[Any]]) -> Iterator[tuple[str, Piece]]:
    by_language = dict(joined["translations"])
    for group_id in joined["groups"]:
        yield group_id, (key, by_language)


def _stats(finished: Finished) -> PacketStats:
    return finished.stats
