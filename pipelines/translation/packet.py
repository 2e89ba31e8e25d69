"""A packet: the unit of work, of retry and of resume."""

import logging
import time
from collections.abc import Container
from dataclasses import dataclass, field

from pipelines.io.storage import (
    exists,
    is_local,
    join,
    list_files,
    read_below,
    read_bytes,
    write_bytes,
)
from pipelines.translation.metrics import PacketStats
from pipelines.translation.worker import worker_translator
from schemas.regular_file import UnsafeFileError
from translators.ladder import translate_all
from translators.memory import (
    INFO_NAME,
    LARGEST_PACKET,
    PACKET_SUFFIX,
    BrokenPacketError,
    decode_packet,
    describe,
    describe_broken,
    encode_packet,
    packet_id,
)
from translators.registry import TranslatorConfig
from translators.translator import Translation, TranslationError
from translators.usage import Usage

_MIN_SEGMENTS = 8  # fewer that all fail say nothing about the translator

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Packet:
    """Segments that go to the translator together.

    Attributes:
        lang: Target language.
        segments: `(key, English text)`, sorted by key.
        known: What the memory holds of those segments all the same, by the place of the
            translator: what the first did not finish, and what its fallbacks made.
    """

    lang: str
    segments: tuple[tuple[bytes, str], ...]
    known: dict[bytes, dict[int, Translation]] = field(default_factory=dict)

    def known_by(self, place: int) -> dict[bytes, Translation]:
        """Return what the memory holds of one translator."""
        return {key: by_place[place] for key, by_place in self.known.items() if place in by_place}

    def without(self, keys: Container[bytes]) -> "Packet":
        """Return a packet of the other segments."""
        return Packet(self.lang, tuple(item for item in self.segments if item[0] not in keys))


@dataclass(frozen=True, slots=True)
class Finished:
    """The translations of a packet by segment key, and what they took."""

    translations: dict[bytes, Translation]
    stats: PacketStats


def finish_packet(
    packet: Packet, config: TranslatorConfig, folder: str, must_work: bool = True
) -> Finished:
    """Return the translations of a packet; they are in the memory when this returns.

    A packet that an earlier attempt saved is read, and only what failed there is tried again.

    Args:
        packet: What to translate.
        config: The translator; it is opened once per process.
        folder: The memory's folder for this translator and language.
        must_work: Whether it is an error when a translator that has not worked yet fails on all.
    """
    sources = dict(packet.segments)
    name = packet_id(list(sources))
    path = join(folder, name + PACKET_SUFFIX)
    done = _finished_before(folder, name + PACKET_SUFFIX)
    resumed = bool(done)
    missing = [key for key in sources if key not in done]
    seconds, usage = 0.0, Usage()
    if missing:
        logger.info("packet %s: %d segments into %s", name, len(missing), packet.lang)
        with worker_translator(config) as translator:
            started = time.monotonic()
            answers = translate_all(translator, [sources[key] for key in missing], packet.lang)
            seconds = time.monotonic() - started
            usage = translator.take_usage()
            info = translator.info(packet.lang)
        if must_work:
            _refuse_broken_translator(packet, answers, folder)
        done.update(zip(missing, answers, strict=True))
        failed = {key: translation for key, translation in done.items() if translation.error}
        content = encode_packet(sources, done)
        if not exists(join(folder, INFO_NAME)):
            write_bytes(join(folder, INFO_NAME), describe(info, packet.lang))
        write_bytes(path, content)
        # Read back what was saved: a resumed run sees exactly these values (float32 scores).
        done = {**decode_packet(content, path), **failed}
    stats = PacketStats(
        lang=packet.lang,
        packet=name,
        segments=len(sources),
        translated=len(missing),
        characters=sum(map(len, sources.values())),
        failed=sum(bool(translation.error) for translation in done.values()),
        seconds=seconds,
        resumed=resumed,
        usage=usage,
    )
    return Finished(done, stats)


def load_packet(folder: str, name: str, size: int = LARGEST_PACKET + 1) -> dict[bytes, Translation]:
    """Return the translations of a packet of the memory; none if it is not there.

    Args:
        folder: The memory's folder for a translator and language.
        name: Name of the file.
        size: Its size in bytes if that is known: an object store is not asked for it again.

    Raises:
        BrokenPacketError: If it is not as it was written.
        OSError: If it cannot be read.
    """
    content = read_packet(folder, name, size)
    return {} if content is None else decode_packet(content, join(folder, name))


def read_packet(folder: str, name: str, size: int) -> bytes | None:
    """Return the content of a packet of the memory; None if it is not there.

    Args:
        folder: The memory's folder for a translator and language.
        name: Name of the file.
        size: Its size in bytes.

    Raises:
        BrokenPacketError: If it is no regular file, or larger than any packet.
        OSError: If it cannot be read.
    """
    path = join(folder, name)
    try:
        if size > LARGEST_PACKET or is_local(path):
            return read_below(folder, name, LARGEST_PACKET)
        return read_bytes(path)
    except FileNotFoundError:
        return None
    except UnsafeFileError as error:
        raise BrokenPacketError(describe_broken(path, error)) from error


def _finished_before(folder: str, name: str) -> dict[bytes, Translation]:
    try:
        return load_packet(folder, name)
    except BrokenPacketError as error:
        logger.info("%s", error)  # who read the memory has told of it
        return {}


def _has_worked(folder: str) -> bool:
    """Whether the memory holds anything of a translator: then all may fail that failed before."""
    return any(path.endswith(PACKET_SUFFIX) for path, _ in list_files(folder))


def _refuse_broken_translator(packet: Packet, answers: list[Translation], folder: str) -> None:
    """Stop when nothing works: a broken translator must not end as a corpus of failed rows.

    Raises:
        TranslationError: If every segment of a packet that is not tiny failed.
    """
    reasons = {answer.error for answer in answers}
    if len(answers) >= _MIN_SEGMENTS and "" not in reasons and not _has_worked(folder):
        raise TranslationError(
            f"none of {len(answers):,} segments could be translated into {packet.lang} "
            f"({', '.join(sorted(reasons))}); the translator does not work."
        )
