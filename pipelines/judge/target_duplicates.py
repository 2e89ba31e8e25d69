"""Find translations that many different English texts have: a model's stock sentences."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

import apache_beam as beam
from apache_beam.pvalue import PCollection
from apache_beam.transforms.combiners import ToDict

from pipelines.text.characters import folded_words
from pipelines.translation.rows import Group

# Language, field, hash of the translation.
DuplicateKey = tuple[str, str, bytes]

# Distinct English texts remembered for a translation, so that one key stays small.
_REMEMBERED: Final = 50


@dataclass(eq=False)
class CountTargetDuplicates(
    beam.PTransform[PCollection[Group], PCollection[dict[DuplicateKey, int]]]
):
    """Count the distinct English texts of translations that have more than `most` of them.

    Attributes:
        most: Distinct English texts that may have the same translation.
    """

    most: int

    def expand(self, groups: PCollection[Group]) -> PCollection[dict[DuplicateKey, int]]:
        counts: PCollection[dict[DuplicateKey, int]] = (
            groups
            | "Hash" >> beam.FlatMap(hash_texts)
            | "CountSources" >> beam.CombinePerKey(_union)
            | "KeepStock" >> beam.FlatMap(_count_stock, self.most)
            | "Collect" >> ToDict()
        )
        return counts


def duplicate_key(lang: str, field: str, target: str) -> DuplicateKey:
    """Return what equal translations share; case, spaces and punctuation do not count."""
    return lang, field, _hash(target)


def hash_texts(group: Group) -> Iterator[tuple[DuplicateKey, frozenset[bytes]]]:
    """Yield key and hashed English text of every translated field of a group."""
    for draft in group.drafts:
        for field in ("question", "passage"):
            target = getattr(draft.row, field)
            if target.strip() and not draft.failure:
                source = _hash(getattr(group.source, field))
                yield duplicate_key(draft.row.lang, field, target), frozenset({source})


def _union(found: Iterable[frozenset[bytes]]) -> frozenset[bytes]:
    """Return all hashes; of very many the smallest, which are the same in any order."""
    together = frozenset[bytes]().union(*found)
    if len(together) <= _REMEMBERED:
        return together
    return frozenset(sorted(together)[:_REMEMBERED])


def _count_stock(
    item: tuple[DuplicateKey, frozenset[bytes]], most: int
) -> Iterator[tuple[DuplicateKey, int]]:
    key, sources = item
    if len(sources) > most:
        yield key, len(sources)


def _hash(text: str) -> bytes:
    dense = folded_words(text).strip()
    return sha256(dense.encode("utf-8")).digest()[:16]
