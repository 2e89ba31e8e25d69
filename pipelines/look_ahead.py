"""What a build will take, told before it begins: it is tried with some records.

This must not take long itself, so it is rougher than `plan`, which reads everything.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Final

from pipelines.corpus.config import BuildConfig
from pipelines.ingest.extent import Extent, estimate_extent
from pipelines.ingest.source import first_records
from pipelines.io.progress import Outlook
from pipelines.io.storage import list_files
from pipelines.local.speed import measure_gain
from pipelines.rehearsal import Dictionary, characters_of, rehearse, segments_of
from pipelines.run import local_processes
from pipelines.translation.pace import translate_for
from pipelines.translation.worker import worker_translator
from schemas.options import settings_of
from schemas.record import Record
from schemas.wording import counted, duration
from translators.isolation import processes_of
from translators.registry import TranslatorConfig

logger = logging.getLogger(__name__)

# A row is tried for so many bytes that become rows, in all languages together.
_BYTES_OF_ROW: Final = 40_000
_MOST: Final = 512
_FEWEST: Final = 4  # records
# Seconds for translating: so many for each byte that becomes a row, and at most.
_SECONDS_OF_BYTE: Final = 4e-8
_BUDGET: Final = 3.0


@dataclass(frozen=True, slots=True)
class Prospect:
    """What a build will take.

    Attributes:
        outlook: What its progress goes by.
        records: About how many records there are; None if that is not known yet.
        translating: Seconds that translators take.
        unknown: Languages that may take more, since nobody knows how much there is to translate,
            or how long it takes.
    """

    outlook: Outlook
    records: int | None = None
    translating: float = 0.0
    unknown: tuple[str, ...] = ()

    def tell(self, seconds: float | None) -> str:
        """Return it as one line; empty if not enough is known.

        Args:
            seconds: How long all of it will take.
        """
        if self.records is None or seconds is None:
            return ""
        records = f"about {counted(self.records, 'record')}"
        if self.unknown:
            more = f"what is missing of {', '.join(self.unknown)} comes on top"
            return f"{records}, {duration(seconds)} or more: {more}\n"
        of = f" (translating: {duration(self.translating)})" if self.translating >= 1 else ""
        return f"{records}, about {duration(seconds)}{of}\n"


def look_ahead(config: BuildConfig, size: int, beam_arguments: Sequence[str]) -> Prospect:
    """Return what a build will take, as far as it can be told in a few seconds.

    Args:
        config: The build.
        size: Bytes of its inputs.
        beam_arguments: Options of file systems and the number of processes.
    """
    rows = 1 + len(config.languages)
    extent = estimate_extent(config.sources)
    found = extent.sample if extent else first_records(config.sources)
    records = _spread(found, max(_FEWEST, min(_MOST, size * rows // _BYTES_OF_ROW) // rows))
    gain = measure_gain(local_processes(beam_arguments))
    budget = min(_BUDGET, size * rows * _SECONDS_OF_BYTE)
    tried = _try_translators(config, _texts_of(config, records), budget, gain)
    dictionaries = {lang: own.dictionary for lang, own in tried.items()}
    rehearsal = rehearse(config, records, dictionaries, (), beam_arguments)
    if not rehearsal:
        return Prospect(Outlook(rows))
    characters = extent.characters if extent else size
    items = extent.items if extent else rehearsal.records * size / rehearsal.characters
    outlook = rehearsal.outlook(rows, items, characters, rehearsal.speed(gain))
    if not extent:
        return Prospect(outlook)
    return _with_translators(config, records, extent, tried, outlook)


def _with_translators(
    config: BuildConfig,
    records: Sequence[Record],
    extent: Extent,
    tried: Mapping[str, "_Tried"],
    outlook: Outlook,
) -> Prospect:
    """Return what a build will take with the translators of which it is known what they do."""
    known = {lang: own.pace for lang, own in tried.items() if not _has_memory(config, lang)}
    unknown = tuple(lang for lang in config.languages if lang not in known)
    texts = _texts_of(config, records)
    share = extent.distinct / sum(map(characters_of, records))
    segments = round(share * len(texts)) * len(known)
    translating = share * sum(map(len, texts.values())) * sum(known.values())
    outlook = outlook._replace(
        paces={**outlook.paces, "translate": translating / max(1, segments)},
        expected={"read": extent.items, "translate": segments},
        at_least=bool(unknown),
    )
    return Prospect(outlook, extent.items, translating, unknown)


def _texts_of(config: BuildConfig, records: Sequence[Record]) -> dict[bytes, str]:
    return {key: text for record in records for key, text in segments_of(config, record).items()}


def _spread(records: Sequence[Record], most: int) -> Sequence[Record]:
    """Return some records from all over a sequence."""
    return records[:: max(1, len(records) // most)][:most]


@dataclass(frozen=True, slots=True)
class _Tried:
    """Translations into one language, and the seconds that a character takes."""

    dictionary: Dictionary
    pace: float


def _try_translators(
    config: BuildConfig,
    texts: Mapping[bytes, str],
    budget: float,
    gain: float,
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, _Tried]:
    """Return what translators make of texts in a moment, by language.

    When time is over, as with large models, other languages are taken to be as fast.
    """
    tried: dict[str, _Tried] = {}
    end = clock() + _BUDGET
    for lang, translation in config.translation.configs:
        if not texts or not _is_free(config, lang, translation):
            continue
        if tried and clock() > end:
            tried[lang] = _Tried({}, mean(own.pace for own in tried.values()))
            continue
        try:
            with worker_translator(translation) as translator:
                own = budget / len(config.languages)
                done, pace = translate_for(translator, list(texts.values()), lang, own, clock)
        except OSError as error:  # the build will tell, and what to do about it
            logger.info("%s cannot be tried: %s", translation.backend, error)
            continue
        pace /= min(processes_of(translation), gain)
        tried[lang] = _Tried(dict(zip(texts, done, strict=False)), pace)
    return tried


def _is_free(config: BuildConfig, lang: str, translation: TranslatorConfig) -> bool:
    """Return whether it costs neither money nor the loading of a model that may not be needed."""
    family = translation.family
    asks_a_server = "endpoint" in settings_of(family.options)
    return not asks_a_server and not (family.in_process and _has_memory(config, lang))


def _has_memory(config: BuildConfig, lang: str) -> bool:
    """Return whether the memory holds anything of a language: it may be much, or all."""
    return any(True for _ in list_files(config.translation.folder(lang)))
