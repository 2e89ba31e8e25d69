"""Group, join and spread elements whose values are packed on their way, and count the bytes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.shuffle.compact import pack, unpack

# Values of all keys that become lists together: in 15 languages, each list has some dozens.
_TOGETHER: Final = 1024

# What each pipeline shuffles packed, for `shuffled_bytes`.
_packed: Final[WeakKeyDictionary[beam.Pipeline, list[PCollection[Any]]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Packed values that are unpacked one by one; may be gone through several times.

    Attributes:
        values: The packed values.
        tag: The first byte of those that are meant; empty for all.
    """

    values: Iterable[bytes]
    tag: bytes = b""

    def __iter__(self) -> Iterator[Any]:
        """Yield the values."""
        start = len(self.tag)
        return (unpack(v[start:]) for v in self.values if v.startswith(self.tag))


class GroupPacked(
    beam.PTransform[PCollection[tuple[Any, Any]], PCollection[tuple[Any, Iterable[Any]]]]
):
    """Like Beam's `GroupByKey`."""

    def expand(self, items: PCollection[tuple[Any, Any]]) -> PCollection[tuple[Any, Iterable[Any]]]:
        packed = _count(items | "Pack" >> beam.MapTuple(_pack))
        grouped: PCollection[tuple[Any, Iterable[Any]]] = (
            packed | beam.GroupByKey() | "Unpack" >> beam.MapTuple(_unpack)
        )
        return grouped


class GroupInLists(
    beam.PTransform[PCollection[tuple[Any, Any]], PCollection[tuple[Any, Iterable[list[Any]]]]]
):
    """Like Beam's `GroupByKey` for keys with very many values, which come in lists.

    A list has the values of a key that one worker had about the same time. As these are alike, it
    takes half the bytes of its values one by one.
    """

    def expand(
        self, items: PCollection[tuple[Any, Any]]
    ) -> PCollection[tuple[Any, Iterable[list[Any]]]]:
        grouped: PCollection[tuple[Any, Iterable[list[Any]]]] = (
            items
            | beam.BatchElements(min_batch_size=_TOGETHER, max_batch_size=_TOGETHER)
            | "Lists" >> beam.FlatMap(_as_lists)
            | GroupPacked()
        )
        return grouped


class JoinPacked(beam.PTransform[Any, PCollection[tuple[Any, dict[str, Iterable[Any]]]]]):
    """Like Beam's `CoGroupByKey`."""

    def expand(
        self, inputs: "Mapping[str, PCollection[tuple[Any, Any]]]"
    ) -> PCollection[tuple[Any, dict[str, Iterable[Any]]]]:
        tags = {name: bytes([number]) for number, name in enumerate(inputs)}
        packed = [
            _count(items | f"Pack_{name}" >> beam.MapTuple(_pack, tags[name]))
            for name, items in inputs.items()
        ]
        joined: PCollection[tuple[Any, dict[str, Iterable[Any]]]] = (
            packed | beam.Flatten() | beam.GroupByKey() | "Unpack" >> beam.Map(_separate, tags)
        )
        return joined


class SpreadPacked(beam.PTransform[PCollection[Any], PCollection[Any]]):
    """Like Beam's `Reshuffle`."""

    def expand(self, items: PCollection[Any]) -> PCollection[Any]:
        packed = _count(items | "Pack" >> beam.Map(_pack_alone))
        spread: PCollection[Any] = packed | beam.Reshuffle() | "Unpack" >> beam.MapTuple(_restore)
        return spread


def shuffled_bytes(pipeline: beam.Pipeline) -> PCollection[int]:
    """Return how many bytes all groups and joins of a pipeline shuffle, those above at least.

    It is counted from the elements, as a counter of Beam's may count a retried bundle twice.
    """
    sizes = [
        packed | f"ShuffledBytes{number}" >> beam.MapTuple(_size)
        for number, packed in enumerate(_packed.get(pipeline, []))
    ]
    total: PCollection[int] = (
        sizes
        | "ShuffledBytes" >> beam.Flatten(pipeline=pipeline)
        | "SumShuffled" >> beam.CombineGlobally(sum)
    )
    return total


def _count(packed: PCollection[Any]) -> PCollection[Any]:
    _packed.setdefault(packed.pipeline, []).append(packed)
    return packed


def _as_lists(items: Sequence[tuple[Any, Any]]) -> Iterator[tuple[Any, list[Any]]]:
    lists: dict[Any, list[Any]] = defaultdict(list)
    for key, value in items:
        lists[key].append(value)
    yield from lists.items()


def _pack(key: Any, value: Any, tag: bytes = b"") -> tuple[Any, bytes]:  # noqa: ANN401
    return key, tag + pack(value)


def _pack_alone(value: Any) -> tuple[None, bytes]:  # noqa: ANN401
    return None, pack(value)


def _unpack(key: Any, values: Iterable[bytes]) -> tuple[Any, Iterable[Any]]:  # noqa: ANN401
    return key, Unpacked(values)


def _separate(
    item: tuple[Any, Iterable[bytes]], tags: Mapping[str, bytes]
) -> tuple[Any, dict[str, Iterable[Any]]]:
    key, values = item
    return key, {name: Unpacked(values, tag) for name, tag in tags.items()}


def _restore(key: None, value: bytes) -> Any:  # noqa: ANN401
    return unpack(value)


def _size(key: Any, value: bytes) -> int:  # noqa: ANN401
    return len(value) + (len(key) if isinstance(key, str | bytes) else 0)
