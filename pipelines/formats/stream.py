"""The bytes of one file, decompressed on the way, from any file system Beam knows."""

import bz2
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import zstandard
from apache_beam.io.filesystem import CompressionTypes

from pipelines.formats.decoding import recode, to_utf8, unify_line_ends
from pipelines.io.remote import file_systems
from pipelines.io.storage import is_local
from schemas.reason import NO_REASON, declare_reason

_CORRUPT_FILE: Final = declare_reason("corrupt_file", "compressed data that is damaged")
_TRUNCATED_FILE: Final = declare_reason("truncated_file", "compressed data that breaks off")

_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe, which can be read only once",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
PLAIN_CHUNK: Final = 1 << 20
# A decompressor may return 30,000 times what it is given, so it is given little.
PACKED_CHUNK: Final = 1 << 12
# Natural Questions has lines of 10 MB; a file without line breaks must not fill the memory.
LONGEST_LINE: Final = 64 << 20
_BEGINNING: Final = 4096  # bytes of a longer line that are kept, to show which one it is
ZIP: Final = ".zip"
_INSIDE: Final = f"{ZIP}!/"


def open_file(path: str) -> BinaryIO:
    """Open `path` as it is stored: seekable, and not decompressed.

    A file inside a zip file is `FILE.zip!/NAME`; nothing is ever unpacked to disk.

    Raises:
        OSError: If it cannot be opened, or is a pipe or the like, which would never end.
    """
    archive, inside, member = path.partition(_INSIDE)
    if inside:
        packed = zipfile.ZipFile(open_file(archive + ZIP))
        return cast(BinaryIO, packed.open(member))
    refuse_irregular(path)
    file: BinaryIO = file_systems().open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    return file


def refuse_irregular(path: str) -> None:
    """Refuse what can be read only once, or is no file at all: input is read again and again.

    Raises:
        OSError: If the local path is a folder, pipe, device or socket.
    """
    if not is_local(path) or _INSIDE in path or not Path(path).exists():
        return
    kind = stat.S_IFMT(Path(path).stat().st_mode)
    if kind != stat.S_IFREG:
        what = _KINDS.get(kind, "not a file")
        raise OSError(f"{path} is {what}; save what is to be read in a file, and name that")


def match_files(pattern: str) -> list[str]:
    """Return the paths that a path or glob stands for, sorted.

    Raises:
        ValueError: If no installed package serves the file system of `pattern`.
        BeamIOError: If the file system refuses to answer.
    """
    return sorted(
        file.path for match in file_systems().match([pattern]) for file in match.metadata_list
    )


def list_directory(path: str) -> list[str]:
    """Return the files that stand directly in the directory `path`; none if it is not one."""
    return match_files(path.rstrip("/") + "/*")


def list_tree(path: str) -> dict[str, str]:
    """Return all files below a directory, or in a zip file: their paths by their names in it.

    Raises:
        ValueError: If the zip file is damaged.
    """
    if not path.endswith(ZIP):
        root = path.rstrip("/") + "/"
        return {file.removeprefix(root): file for file in match_files(f"{root}**")}
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            return {name: f"{path}!/{name}" for name in archive.namelist()}
    except zipfile.BadZipFile as error:
        raise ValueError(f"not a zip file, or a damaged one ({error}); fetch it again") from error


class CutLine(bytes):
    """The beginning of a line longer than `LONGEST_LINE`; the rest of it was skipped."""


class PartialLine:
    """The pieces of a line that has not ended yet; no more of them than `LONGEST_LINE` allows."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self.size += len(piece)
        if self.size > LONGEST_LINE:
            self.pieces = [b"".join(self.pieces)[:_BEGINNING] or piece[:_BEGINNING]]
        else:
            self.pieces.append(piece)

    def take(self) -> bytes:
        """Return the line, or a `CutLine`, and begin another."""
        whole = b"".join(self.pieces)
        line = CutLine(whole) if self.size > LONGEST_LINE else whole
        self.pieces, self.size = [], 0
        return line


class Stream:
    """What is in one file, read once from start to end, as UTF-8.

    Args:
        path: The file.
        encoding: Encoding of text that is not UTF-8 and has no byte order mark; if there is none
            such text stays as it is.

    A damaged file ends early instead of raising: what came before the damage has been given out,
    and `fault` then holds the reason code `truncated_file` or `corrupt_file`.
    """

    def __init__(self, path: str, encoding: str = "") -> None:
        self.path = path
        self.encoding = encoding
        self.fault = NO_REASON

    def chunks(self) -> Iterator[bytes]:
        """Yield the decompressed bytes piece by piece."""
        new_decoder = _DECODERS.get(self.path[self.path.rfind(".") :].lower())
        with open_file(self.path) as file:
            if new_decoder is None:
                while chunk := file.read(PLAIN_CHUNK):
                    yield chunk
            else:
                yield from self._decompress(file, new_decoder)

    def lines(self) -> Iterator[bytes]:
        r"""Yield the lines without their `\n` and without a byte order mark.

        Only `\n` ends a line: U+2028 and the like belong to the text. Where the first line ends
        with a lone `\r`, it and `\r\n` end lines as well. The piece of a line that stands before
        damage is dropped, since it would be reported a second time. A line longer than
        `LONGEST_LINE` comes as a `CutLine`.
        """
        line = PartialLine()
        for piece in unify_line_ends(to_utf8(self.chunks(), self.encoding)):
            first, *others = piece.split(b"\n")
            line.add(first)
            if others:
                yield self._recode(line.take())
                yield from map(self._recode, map(_limited, others[:-1]))
                line.add(others[-1])
        if line.size and not self.fault:
            yield self._recode(line.take())

    def read(self) -> bytes:
        """Return the whole file; what could be read of it if `fault` is set afterwards."""
        text = b"".join(to_utf8(self.chunks(), self.encoding))
        return b"\n".join(map(self._recode, text.split(b"\n"))) if self.encoding else text

    def _recode(self, line: bytes) -> bytes:
        if not self.encoding or isinstance(line, CutLine):
            return line
        return recode(line, self.encoding)

    def _decompress(self, file: BinaryIO, new_decoder: Callable[[], Any]) -> Iterator[bytes]:
        decoder, begun = new_decoder(), False
        while chunk := file.read(PACKED_CHUNK):
            while chunk:
                try:
                    piece, begun = decoder.decompress(chunk), True
                except (zlib.error, OSError, zstandard.ZstdError):
                    self.fault = _CORRUPT_FILE
                    return
                yield piece
                chunk = b""
                if decoder.eof:  # files joined with `cat` hold several streams, or padding
                    chunk = decoder.unused_data.lstrip(b"\0")
                    decoder, begun = new_decoder(), False
        if begun:
            self.fault = _TRUNCATED_FILE


def _limited(line: bytes) -> bytes:
    return line if len(line) <= LONGEST_LINE else CutLine(line[:_BEGINNING])


def _new_gzip() -> Any:  # noqa: ANN401 - zlib has no public name for this type
    return zlib.decompressobj(wbits=31)


def _new_zstd() -> Any:  # noqa: ANN401 - zstandard has no type hints
    return zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()


_DECODERS: Final[dict[str, Callable[[], Any]]] = {
    ".gz": _new_gzip,
    ".bz2": bz2.BZ2Decompressor,
    ".zst": _new_zstd,
}
COMPRESSIONS: Final = tuple(_DECODERS)
