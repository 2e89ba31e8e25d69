"""What a translator fails on is given to the next of its language."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from pipelines.translation.metrics import PacketStats
from pipelines.translation.packet import Finished, Packet, finish_packet
from translators.registry import TranslatorConfig
from translators.translator import Translation


class Member(NamedTuple):
    """One of the translators of a language.

    Attributes:
        config: The translator.
        folder: The memory's folder for it and the language.
    """

    config: TranslatorConfig
    folder: str


def finish_with_fallbacks(packet: Packet, first: Member, fallbacks: Sequence[Member]) -> Finished:
    """Return the translations of a packet; they are in the memory when this returns.

    What each translator makes is saved in its own part of the memory: a build that was killed finds
    it again. A fallback is opened only for segments on which those before it failed or that they
    did not finish, and of which the memory holds nothing of its own.
    """
    unfinished = packet.known_by(0)
    finished = finish_packet(packet.without(unfinished), *first)
    done = {**unfinished, **finished.translations}
    stats = replace(finished.stats, segments=len(packet.segments))
    for place, member in enumerate(fallbacks, 1):
        good = {key for key, translation in done.items() if _is_good(translation)}
        rest = packet.without(good)
        if not rest.segments:
            break
        known = packet.known_by(place)
        tried = finish_packet(rest.without(known), *member, must_work=False)
        better = {
            key: replace(translation, fallback=place)
            for key, translation in {**known, **tried.translations}.items()
            if key not in good and _is_good(translation)
        }
        done |= better
        stats = _add(stats, tried.stats, len(better))
    failed = sum(bool(translation.error) for translation in done.values())
    return Finished(done, replace(stats, failed=failed))


def _is_good(translation: Translation) -> bool:
    return translation.finished and not translation.error


def _add(stats: PacketStats, tried: PacketStats, better: int) -> PacketStats:
    return replace(
        stats,
        fallback=stats.fallback + better,
        seconds=stats.seconds + tried.seconds,
        usage=stats.usage + tried.usage,
    )
