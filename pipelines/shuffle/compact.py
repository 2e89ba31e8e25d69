"""Records, translations and rows as few bytes, for their way through a shuffle.

Pickles take twice as many. Here a data class is its name and its values, and what nearly all rows
have in common, the names of checks first of all, is in the compressor's dictionary. The form is
for one run only: what is packed is never kept.
"""

import marshal
import pickle
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

import zstandard
from apache_beam.coders import Coder

from schemas.check import Check
from schemas.record import Answer, Record
from schemas.row import QuarantinedRow, Row, RowAnswer, RowTranslator
from translators.segmentation import Segment
from translators.translator import Translation

# The highest that is not much slower than the first: a row takes 58 microseconds, and 86 with 6.
_LEVEL: Final = 3
# Without references: these depend on how often an object is used elsewhere.
_MARSHAL_VERSION: Final = 2
_PLAIN: Final = frozenset({str, int, float, bool, bytes, type(None)})


@dataclass(frozen=True, slots=True)
class _Kind:
    """A data class: its name, and how to take its values."""

    name: str
    values: Callable[[Any], list[Any]]


class _Compressor(threading.local):
    """Compressor and decompressor of a thread, which no other one may use."""

    def __init__(self) -> None:
        super().__init__()
        often = zstandard.ZstdCompressionDict(_OFTEN, zstandard.DICT_TYPE_RAWCONTENT)
        bare = zstandard.FORMAT_ZSTD1_MAGICLESS
        parameters = zstandard.ZstdCompressionParameters.from_level(
            _LEVEL, format=bare, write_checksum=False, write_dict_id=False
        )
        often.precompute_compress(compression_params=parameters)
        self.pack = zstandard.ZstdCompressor(
            dict_data=often, compression_params=parameters
        ).compress
        self.unpack = zstandard.ZstdDecompressor(dict_data=often, format=bare).decompress


def pack(value: object) -> bytes:
    """Return a value as bytes; what is neither plain nor a data class is pickled."""
    return _compressor.pack(_dump(value))


def unpack(content: bytes) -> Any:  # noqa: ANN401 - what was packed
    """Return the value that was packed."""
    return _from_plain(marshal.loads(_compressor.unpack(content)))


class PackedCoder(Coder):
    """Packs elements that lie between two steps, of a type that is registered with it."""

    def encode(self, value: object) -> bytes:
        return pack(value)

    def decode(self, encoded: bytes) -> Any:  # noqa: ANN401 - what was packed
        return unpack(encoded)

    def is_deterministic(self) -> bool:
        return False  # equal dictionaries may have another order


def _dump(value: object) -> bytes:
    return marshal.dumps(_to_plain(value), _MARSHAL_VERSION)


def _to_plain(value: Any) -> Any:  # noqa: ANN401 - any part of a value
    """Return a value of plain ones: other objects become lists that begin with their kind."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple:
        return tuple(_all_to_plain(value))
    if kind is list:
        return [None, *_all_to_plain(value)]
    if kind is dict:
        return {_to_plain(key): _to_plain(item) for key, item in value.items()}
    known = _kind(kind)
    if known is None:
        return [True, pickle.dumps(value, pickle.HIGHEST_PROTOCOL)]
    return [known.name, *_all_to_plain(known.values(value))]


def _all_to_plain(values: Iterable[Any]) -> list[Any]:
    """Return plain values; it asks for their types itself, as most are plain already."""
    return [value if type(value) in _PLAIN else _to_plain(value) for value in values]


def _from_plain(value: Any) -> Any:  # noqa: ANN401 - any part of a value
    kind = type(value)
    if kind is tuple:
        return tuple(_all_from_plain(value))
    if kind is list:
        name, *items = _all_from_plain(value)
        if name is None:
            return items
        return pickle.loads(items[0]) if name is True else _class_of(name)(*items)
    if kind is dict:
        return {_from_plain(key): _from_plain(item) for key, item in value.items()}
    return value


def _all_from_plain(values: Iterable[Any]) -> list[Any]:
    return [value if type(value) in _PLAIN else _from_plain(value) for value in values]


@cache
def _kind(kind: type) -> _Kind | None:
    if not is_dataclass(kind):
        return None
    names = [f.name for f in fields(kind)]
    return _Kind(
        f"{kind.__module__}:{kind.__qualname__}",
        lambda value: [getattr(value, name) for name in names],
    )


@cache
def _class_of(name: str) -> type:
    module, _, qualified_name = name.partition(":")
    found: type = getattr(import_module(module), qualified_name)
    return found


# What stands in most rows, the most frequent last: the dictionary of the compressor. A check that
# is not in it costs some bytes.
_CHECKS: Final = [
    "translator_score",
    "empty",
    "decode_limit",
    "mojibake",
    "wrong_script",
    "copy_of_source",
    "wrong_language",
    "target_duplicate",
    "repetition",
    "markup_added",
    "english_sentence",
    "length_ratio",
    "unrelated",
    "question_answered",
    "question_form",
    "sent_count",
    "sentence_short",
    "sentence_long",
    "number_changed",
    "number_missing",
    "brackets",
    "unknown_words",
]
_EXAMPLE: Final = Row(
    *("", "", "", "train", "es", False, "What is the", " of the and in to a was by for ", "", ""),
    (RowAnswer("", -1, "exact", 1.0),), ((0, 9, 0, 9),), ("en", "es"), True, True, (), None, None,
    0.0, RowTranslator("apertium", "", "", "apertium", ""), "",
)  # fmt: skip
_OFTEN: Final = b"".join(
    map(
        _dump,
        (
            QuarantinedRow(_EXAMPLE, "rejected", "", (), "", "", "", ()),
            Record("", "", "train", "", "", "", (Answer("", -1),)),
            (b"", ("es", Translation("", None, True, 0.0))),
            *([Segment(".", 0, 9)] * 2),
            *(Check(name, of, 0.0, 0.0, "pass") for of in ("answer", "question", "passage")
              for name in _CHECKS),
        ),
    )
)  # fmt: skip
_compressor: Final = _Compressor()
