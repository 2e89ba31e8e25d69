"""Which languages and pairs of languages are drawn, and how often."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schemas.command import UsageError
from trainer.batches.batch_settings import BatchSettings
from trainer.batches.group_table import GroupTable
from trainer.corpora.int_columns import Mask

_MONO: Final = "monolingual batches"

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LanguageWeights:
    """Chances of languages and pairs; those with too little for a batch have none.

    Attributes:
        mono: Of each language, to be that of a monolingual batch (or of a pair of `xx`).
        cross: Of each language, to be that of a question of a `mixed` batch.
        passage: Of each language, to be that of a passage of a `mixed` batch.
        pairs: Of each pair (question, passage), to be that of a `pair` batch.
        too_few: Languages and pairs left out, each with how many groups it has that may be in one
            batch.
    """

    mono: Floats
    cross: Floats
    passage: Floats
    pairs: Floats
    too_few: dict[tuple[int, ...], int]


def weigh_languages(table: GroupTable, settings: BatchSettings) -> LanguageWeights:
    """Return the chances under some settings; kinds of batches never made are not looked at.

    Raises:
        UsageError: If no language or pair has enough groups for a kind of batch that is wanted.
    """
    size, temperature = settings.batch_size, settings.language_temperature
    too_few: dict[tuple[int, ...], int] = {}
    unused = np.zeros(table.languages)
    mono, cross, pairs = unused, unused, np.zeros((table.languages, table.languages))
    if settings.mono_ratio > 0 or settings.cross_mode == "xx":
        mono = temper(_counts(table, table.mono, size, too_few), temperature)
        _require(mono, _MONO, table, too_few, size)
    if settings.mono_ratio < 1 and settings.cross_mode == "mixed":
        cross = temper(_counts(table, table.cross, size, too_few), temperature)
        _require(cross, "mixed batches", table, too_few, size)
    if settings.mono_ratio < 1 and settings.cross_mode == "pair":
        pairs = temper(_pair_counts(table, size, too_few), temperature)
        _require(pairs, "batches of one pair of languages", table, too_few, size)
    passage = temper(table.cross.sum(axis=0, dtype=np.int64), temperature)
    return LanguageWeights(mono, cross, passage, pairs, too_few)


def temper(counts: NDArray[np.int64], temperature: float) -> Floats:
    """Return chances in proportion to counts ** (1 / temperature); all zero without counts."""
    exponent = 0.0 if math.isinf(temperature) else 1 / temperature
    weights = np.where(counts > 0, (counts / max(counts.max(), 1)) ** exponent, 0.0)
    total = weights.sum()
    return np.asarray(weights / total if total else weights)


def _counts(
    table: GroupTable, allowed: Mask, size: int, too_few: dict[tuple[int, ...], int]
) -> NDArray[np.int64]:
    """Return the groups of each language, 0 where too few of them may be in one batch."""
    counts: NDArray[np.int64] = allowed.sum(axis=0, dtype=np.int64)
    for lang in np.flatnonzero(counts):
        apart = table.count_apart(allowed[:, lang])
        if apart < size:
            too_few[(int(lang),)] = apart
            counts[lang] = 0
    return counts


def _pair_counts(
    table: GroupTable, size: int, too_few: dict[tuple[int, ...], int]
) -> NDArray[np.int64]:
    """Return the groups of each pair, 0 where too few of them may be in one batch."""
    counts = table.count_pairs()
    sharing = int(np.bincount(table.clusters[table.cross.any(axis=1)], minlength=1).max())
    for first, second in _uncertain(counts, size * sharing):
        both = table.cross[:, first] & table.cross[:, second]
        apart = table.count_apart(both)
        if apart < size:
            too_few[first, second] = apart
            counts[first, second] = counts[second, first] = 0
    return counts


def _uncertain(counts: NDArray[np.int64], enough: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of which too few groups might be apart."""
    for first, second in np.argwhere((counts > 0) & (counts < enough)).tolist():
        if first < second:
            yield first, second


def _require(
    weights: Floats, what: str, table: GroupTable, too_few: dict[tuple[int, ...], int], size: int
) -> None:
    if weights.sum():
        return
    most = max(too_few.values(), default=0)
    if not most and what != _MONO:
        raise UsageError(
            f"{what} of {size} pairs cannot be made: no group may serve in two languages. Take "
            "monolingual batches alone (mono_ratio 1), or corpora with translations"
        )
    raise UsageError(
        f"{what} of {size} pairs cannot be made: each needs {size} groups with distinct "
        f"passages and questions, and the best of {table.languages} languages has {most}. Make "
        "batches smaller, or give more data"
    )
