"""Text in other encodings than UTF-8, turned into UTF-8 on the way."""

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

# Longest first: the mark of UTF-16 starts that of UTF-32.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, ""),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD: Final = 16  # bytes that are looked at
_LINE_END: Final = re.compile(rb"\n|\r[^\n]")
_FIRST_LINE: Final = 1 << 16  # bytes in which the first line end is looked for
_ASCII: Final = bytes(range(32, 127)) + b"\t\r\n"
# What cannot be decoded becomes half a character, which is no UTF-8 either: its item fails.
_INVALID: Final = "\udfff"
_ERRORS: Final = "tandemqa_invalid"


def _mark_invalid(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError):
        return _INVALID, error.end
    raise error


codecs.register_error(_ERRORS, _mark_invalid)


def detect_encoding(head: bytes, named: str = "") -> tuple[str, bytes]:
    """Return the encoding of a whole file and its byte order mark; ("", ...) for UTF-8.

    Without a mark, ASCII text in UTF-16 is known by its zeros, which no other text has. Whatever
    else is guessed from bytes alone is guessed wrongly too often in English text, where the few
    letters that tell Windows-1252 from its neighbours hardly occur: there the user decides.

    Args:
        head: The first bytes of the file.
        named: The encoding that the user named.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding, mark
    pairs = head[: min(len(head) // 2 * 2, _HEAD)]
    if len(pairs) > 2 and not any(pairs[1::2]) and all(pairs[::2]):
        return "utf-16-le", b""
    if len(pairs) > 2 and not any(pairs[::2]) and all(pairs[1::2]):
        return "utf-16-be", b""
    return ("" if _extends_ascii(named) else named), b""


def to_utf8(chunks: Iterable[bytes], named: str = "") -> Iterator[bytes]:
    """Yield the bytes of a file in UTF-8, without a byte order mark.

    Text that is neither marked nor UTF-8 stays as it is when `named` is like ASCII otherwise:
    then `recode` turns it line by line, as files are often put together from several.
    """
    chunks = iter(chunks)
    head = b""
    while len(head) < _HEAD and (chunk := next(chunks, b"")):
        head += chunk
    encoding, mark = detect_encoding(head[:_HEAD], named)
    chunks = chain([head[len(mark) :]], chunks)
    if not encoding:
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)(_ERRORS)
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "surrogatepass")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")


def describe_text(head: bytes, named: str = "") -> list[str]:
    """Return what is unusual about a text file, by its first bytes, as words for people."""
    encoding, mark = detect_encoding(head, named)
    notes = []
    if encoding:
        how = "by its byte order mark" if mark else "as you said" if named else "by its zeros"
        notes.append(f"{encoding.upper()} {how}")
    elif named:
        notes.append(f"{named} where it is not UTF-8")
    first = _LINE_END.search(next(to_utf8([head], named)))
    if first and first[0] != b"\n":
        notes.append("lines end with CR")
    return notes


def recode(line: bytes, named: str) -> bytes:
    """Return a line in UTF-8; it is taken for the named encoding where it is no UTF-8."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode(named, _ERRORS).encode("utf-8", "surrogatepass")
    return line


def unify_line_ends(pieces: Iterable[bytes]) -> Iterator[bytes]:
    r"""Yield the text with `\n` for `\r` and `\r\n` if its first line ends with a lone `\r`.

    Old Macs end lines so, and Excel on new ones still does. All other text stays as it is.
    """
    pieces = iter(pieces)
    head = b""
    while not (first := _LINE_END.search(head)) and len(head) < _FIRST_LINE:
        if not (piece := next(pieces, b"")):
            break
        head += piece
    pieces = chain([head], pieces)
    if not first or first[0] == b"\n":
        yield from pieces
        return
    held = b""  # half of a line end, perhaps
    for piece in pieces:
        text = held + piece
        held = b"\r" if text.endswith(b"\r") else b""
        yield text.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    yield b"\n" if held else b""


def _extends_ascii(encoding: str) -> bool:
    return not encoding or _ASCII.decode(encoding, "replace") == _ASCII.decode("ascii")
