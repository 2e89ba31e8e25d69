"""Group, join and spread elements whose values are packed on their way, and count the bytes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import apache_beam as beam
from apache_beam.coders.observable import ObservableMixin
from apache_beam.pvalue import PCollection
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from pipelines.shuffle.compact import pack, unpack

# Values of all keys that become lists together: in 15 languages, each list has some dozens.
_TOGETHER: Final = 1024

# What each pipeline shuffles packed, for `shuffled_bytes`.
_packed: Final[WeakKeyDictionary[beam.Pipeline, list[PCollection[Any]]]] = WeakKeyDictionary()


class Unpacked(ObservableMixin):
    """Packed values that are unpacked one by one; may be gone through several times.

    Beam measures some of the elements of every step, and would unpack and pickle all values for
    that; here it looks on while they are used.
    """

    def __init__(self, values: Iterable[bytes], tag: bytes = b"") -> None:
        """Take the values.

        Args:
            values: The packed values.
            tag: The first byte of those that are meant; empty for all.
        """
        self.observers: list[Callable[..., None]] = []
        self._values = values
        self._tag = tag

    def __iter__(self) -> Iterator[Any]:
        """Yield the values."""
        start = len(self._tag)
        for value in self._values:
            if value.startswith(self._tag):
                for observe in self.observers:
                    observe(value, is_encoded=True)
                yield unpack(value[start:])

    def __reduce__(self) -> tuple[type["Unpacked"], tuple[list[bytes], bytes]]:
        """Return what makes an equal object, without who looks on."""
        return Unpacked, (list(self._values), self._tag)


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
            _count(items | "Pack" >> beam.ParDo(_PackInLists()))
            | beam.GroupByKey()
            | "Unpack" >> beam.MapTuple(_unpack)
        )
        return grouped


class _PackInLists(beam.DoFn):
    """Packs some values of a key together; the last ones of a bundle when that ends."""

    def __init__(self) -> None:
        self._lists: dict[Any, list[Any]] = defaultdict(list)
        self._held = 0

    def start_bundle(self) -> None:
        self._lists.clear()
        self._held = 0

    def process(self, item: tuple[Any, Any]) -> Iterator[tuple[Any, bytes]]:
        key, value = item
        self._lists[key].append(value)
        self._held += 1
        if self._held >= _TOGETHER:
            yield from self._take()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        return map(GlobalWindows.windowed_value, self._take())

    def _take(self) -> Iterator[tuple[Any, bytes]]:
        for key, values in self._lists.items():
            yield key, pack(values)
        self._lists.clear()
        self._held = 0


class JoinPacked(beam.PTransform[Any, PCollection[tuple[Any, dict[str, Iterable[Any]]]]]):
    """Like Beam's `CoGroupByKey`; several collections may stand under one name, in a tuple."""

    def expand(
        self,
        inputs: "Mapping[str, PCollection[tuple[Any, Any]] | tuple[PCollection[Any], ...]]",
    ) -> PCollection[tuple[Any, dict[str, Iterable[Any]]]]:
        tags = {name: bytes([number]) for number, name in enumerate(inputs)}
        packed = [
            _count(items | f"Pack_{name}{number or ''}" >> beam.MapTuple(_pack, tags[name]))
            for name, given in inputs.items()
            for number, items in enumerate(given if isinstance(given, tuple) else (given,))
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
        packed | f"ShuffledBytes{number}" >> beam.ParDo(_SumOfBundle())
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


class _SumOfBundle(beam.DoFn):
    """Adds up the bytes of all keys and values of a bundle."""

    def __init__(self) -> None:
        self._sum = 0

    def start_bundle(self) -> None:
        self._sum = 0

    def process(self, item: tuple[Any, bytes]) -> None:
        key, value = item
        self._sum += len(value) + (len(key) if isinstance(key, str | bytes) else 0)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        yield GlobalWindows.windowed_value(self._sum)


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
