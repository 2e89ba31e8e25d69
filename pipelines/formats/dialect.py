"""How a text file is written: its encoding and, in tables, separator and column names."""

import codecs
import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.formats.fields import Fields, resolve

SEPARATORS: Final = {"tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_EXCEL_LINE: Final = "sep="  # Excel's own first line
_TAB: Final = "\\t"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the user says of the files of a source; what is not said is detected.

    Attributes:
        encoding: Encoding of text that is not UTF-8 and has no byte order mark.
        separator: The character between the columns of a table.
        columns: Names of the columns of a table without a header.
    """

    encoding: str = ""
    separator: str = ""
    columns: tuple[str, ...] = ()


def parse_dialect(encoding: str = "", separator: str = "", columns: Iterable[str] = ()) -> Dialect:
    """Understand the options of a dialect, as the command line gives them.

    Raises:
        ValueError: If there is no such encoding, or the separator is not one character.
    """
    separator = SEPARATORS.get(separator, "\t" if separator == _TAB else separator)
    if len(separator) > 1 or separator in ('"', "\n", "\r"):
        known = ", ".join(SEPARATORS)
        raise ValueError(f"separator {separator!r}: wanted one character or one of: {known}")
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError:
        known = "windows-1252, latin-1, utf-16-le"
        raise ValueError(f"unknown encoding {encoding!r}; choose one such as {known}") from None
    return Dialect(encoding, separator, tuple(columns))


def excel_separator(line: str) -> str:
    """Return the separator that a first line `sep=;` names; "" for any other line."""
    text = line.strip("\r\n").strip('"')
    named = text.lower().startswith(_EXCEL_LINE) and len(text) == len(_EXCEL_LINE) + 1
    return text[-1] if named else ""


def detect_separator(header: str, usual: str, fields: Fields) -> str:
    """Return the separator with which a header line has a question and a passage.

    Names of columns are better evidence than how often a character occurs, which is all that
    `csv.Sniffer` goes by. Without such names it is the usual one where it separates anything.

    Args:
        header: The line with the names of the columns.
        usual: The separator that the extension of the file promises.
        fields: The field mapping, as the user gave it.
    """
    candidates = dict.fromkeys((usual, *SEPARATORS.values()))
    split = {separator: split_header(header, separator) for separator in candidates}
    for separator, names in split.items():
        known = resolve(names, fields)
        if all(known.get(target) in names for target in ("question", "passage")):
            return separator
    return next((separator for separator, names in split.items() if len(names) > 1), usual)


def split_header(header: str, separator: str) -> Sequence[str]:
    """Return the names of the columns in a header line, without quotes around them."""
    line = header.rstrip("\r\n")
    plain = [name.strip().strip('"') for name in line.split(separator)]
    try:
        names = next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return plain
    return plain if len(names) == 1 and separator == "\t" else names
