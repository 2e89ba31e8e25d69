"""Beam metrics and the log of packets; their names are stable, docs/observability.md lists them.

They tell how a run is going. What the manifest says is counted from the elements themselves, as a
retried bundle may be counted twice here.
"""

import json
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Final

from apache_beam.metrics.metric import Metrics

from pipelines.io.progress import advance
from schemas.check import Check
from translators.usage import Usage

READ: Final = "read"
TRANSLATE: Final = "translate"
VALIDATE: Final = "validate"
VERDICTS: Final = "verdicts"

_REMEMBERED: Final = Metrics.counter(TRANSLATE, "remembered")
_WANTED: Final = Metrics.counter(TRANSLATE, "wanted")

packet_log = logging.getLogger("tandemqa.packets")


@dataclass(frozen=True, slots=True)
class PacketStats:
    """What one packet took.

    Attributes:
        lang: Target language.
        packet: Name of the packet in the memory.
        segments: Segments in it.
        translated: Segments sent to the translator this time.
        characters: English characters in it.
        failed: Segments that could not be translated.
        fallback: Segments that another translator made, as the first failed on them.
        seconds: Time spent in the translator; 0 when an earlier attempt had finished it.
        resumed: An earlier attempt had saved it.
        usage: Batches, tokens and retries of the translator.
    """

    lang: str
    packet: str
    segments: int
    translated: int
    characters: int
    failed: int
    seconds: float
    resumed: bool
    usage: Usage = field(default_factory=Usage)
    fallback: int = 0


def report_packet(stats: PacketStats) -> None:
    """Count a finished packet, and log it as one line of JSON."""
    usage = stats.usage
    facts = {**asdict(stats), "padding_share": round(usage.padding_share, 4)}
    packet_log.info("%s", json.dumps(facts, ensure_ascii=False))
    advance(TRANSLATE, stats.segments, usage.input_tokens + usage.output_tokens)
    for name, count in (
        ("packets", 1),
        ("segments", stats.segments),
        ("resumed", stats.segments - stats.translated),
        ("failed", stats.failed),
        ("fallback", stats.fallback),
        ("batches", usage.batches),
        ("tokens", usage.tokens),
        ("retries", usage.retries),
        ("input_tokens", usage.input_tokens),
        ("output_tokens", usage.output_tokens),
    ):
        if count:
            Metrics.counter(TRANSLATE, name).inc(count)
    if stats.translated:
        _distribution("milliseconds_per_packet", stats.seconds * 1000)
    if usage.batches:
        _distribution("padding_percent", usage.padding_share * 100)
        _distribution("tokens_per_batch", usage.tokens / usage.batches)


def report_looked_up(remembered: int, wanted: int) -> None:
    """Count the languages in which the memory held a segment, and those in which it did not."""
    _REMEMBERED.inc(remembered)
    _WANTED.inc(wanted)


def report_verdicts(checks: Iterable[Check]) -> None:
    """Count the verdicts of the checks of a row."""
    for verdict, count in Counter(check.verdict for check in checks).items():
        Metrics.counter(VERDICTS, verdict).inc(count)


def _distribution(name: str, value: float) -> None:
    Metrics.distribution(TRANSLATE, name).update(round(value))
