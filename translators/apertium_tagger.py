"""Apertium's tagger data made complete, so that no sentence changes how later ones are read.

`apertium-tagger` (all versions to 3.8.3) handles a word whose set of possible tags it never met
in training by taking the most similar known set, and writes it over its *open class*, the tags
that unknown words may have (`find_similar_ambiguity_class` in `tagger_utils.cc` assigns through a
reference). From then on unknown words are tagged differently: what a sentence becomes depends on
all that the process read before. For English to Spanish `known` is enough.

Here every such set is added to the data beforehand, with the probabilities of the set it would be
taken for: the same tags are chosen, and the open class stays.
"""

import itertools
from typing import Final

_LARGEST: Final = 12  # tags; a set of n has 2^n subsets, and the largest met so far has 7
_REAL: Final = 8  # bytes of a stored probability


def complete_tagger(data: bytes) -> bytes:
    """Return the contents of an HMM `.prob` file with all foreseeable ambiguity classes added.

    Raises:
        ValueError: If the data are not those of an HMM tagger.
    """
    reader = _Reader(data)
    try:
        open_size = reader.skip_to_classes()
        classes_start = reader.at
        classes = [frozenset(reader.numbers()) for _ in range(reader.number())]
        classes_end = reader.at
        tags, columns = reader.number(), reader.number()
        matrix = reader.take(tags * tags * _REAL)
        entries = {reader.pair(): reader.take(_REAL) for _ in range(reader.number())}
    except IndexError:
        raise ValueError("not the data of an HMM tagger: it ends too soon") from None
    if columns != len(classes):
        raise ValueError(
            f"not the data of an HMM tagger: {len(classes)} ambiguity classes, {columns} columns"
        )

    added = _unforeseen(classes, open_size)
    for column, (new, similar) in enumerate(added, start=columns):
        for tag in sorted(new):
            entries[tag, column] = entries[tag, similar]
    old_classes = data[classes_start + len(_number(columns)) : classes_end]
    return b"".join(
        [
            data[:classes_start],
            _number(columns + len(added)),
            old_classes,
            *(_number(len(new)) + b"".join(map(_number, sorted(new))) for new, _ in added),
            _number(tags),
            _number(columns + len(added)),
            matrix,
            _number(len(entries)),
            *(_number(tag) + _number(column) + real for (tag, column), real in entries.items()),
            data[reader.at :],
        ]
    )


def _unforeseen(classes: list[frozenset[int]], open_size: int) -> list[tuple[frozenset[int], int]]:
    """Return the sets of tags that would change the open class, each with the index of its like.

    The tagger takes the smallest known set that has all the tags, the first if there are more.
    """
    known = set(classes)
    added: dict[frozenset[int], int] = {}
    for similar in sorted(range(len(classes)), key=lambda index: len(classes[index])):
        tags = sorted(classes[similar])
        if len(tags) >= min(open_size, _LARGEST):
            break
        for size in range(2, len(tags)):
            for subset in map(frozenset, itertools.combinations(tags, size)):
                if subset not in known:
                    added.setdefault(subset, similar)
    return list(added.items())


class _Reader:
    """Reads the tagger's file format: see `TaggerDataHMM::read` in `tagger_data_hmm.cc`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def number(self) -> int:
        """Return a number of one to four bytes; the two highest bits count those that follow."""
        first = self._data[self.at]
        end = self.at + 1 + (first >> 6)
        value = int.from_bytes(bytes([first & 0x3F]) + self._data[self.at + 1 : end], "big")
        self.at = end
        return value

    def numbers(self) -> list[int]:
        """Return a list of numbers; a text is stored so too."""
        return [self.number() for _ in range(self.number())]

    def pair(self) -> tuple[int, int]:
        return self.number(), self.number()

    def take(self, size: int) -> bytes:
        if self.at + size > len(self._data):
            raise IndexError(self.at + size)
        self.at += size
        return self._data[self.at - size : self.at]

    def skip_to_classes(self) -> int:
        """Go to the list of ambiguity classes and return the number of open tags."""
        open_size = len(self.numbers())
        for _ in range(self.number()):  # forbidden pairs
            self.pair()
        for _ in range(self.number()):  # names of tags
            self.numbers()
        for _ in range(self.number()):  # numbers of tags by name
            self.numbers(), self.number()
        for _ in range(self.number()):  # enforced sequences
            self.number(), self.numbers()
        for _ in range(self.number()):  # preferences
            self.numbers()
        for _ in range(self.number()):  # constants
            self.numbers(), self.number()
        return open_size


def _number(value: int) -> bytes:
    extra = max(0, (value.bit_length() + 1) // 8)  # six bits fit into the first byte
    return (value | extra << (6 + 8 * extra)).to_bytes(1 + extra, "big")
