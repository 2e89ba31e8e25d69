"""Tables as text with a header line: CSV and TSV, whatever separates their columns."""

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pipelines.formats.dialect import detect_separator, excel_separator, split_header
from pipelines.formats.fields import fold
from pipelines.formats.item import ENCODING_ADVICE, Item, Origin, Repeated
from pipelines.formats.stream import CutLine
from schemas.file_reasons import INVALID_UTF8, WRONG_COLUMN_COUNT
from schemas.reason import declare_reason
from schemas.record import FailedRecord

_MALFORMED_HEADER: Final = declare_reason(
    "malformed_header", "a header line whose quotes cannot be parsed"
)
_MALFORMED_ROW: Final = declare_reason("malformed_row", "a row whose quotes cannot be parsed")

# A quote that is never closed would make the rest of the file one field; longer rows are
# taken for that. The longest passages are some hundred thousand characters.
ROW_LIMIT: Final = 10_000_000
# Tables have no types: this is how pandas and spreadsheets write that there is no value. `None` is
# one of them, but also an answer.
_NOTHING: Final = frozenset(
    ("nan", "NaN", "NaT", "<NA>", "null", "NULL", "None", "#N/A", "N/A", "n/a")
)
# They hardly ever occur in prose: a line with as many of them as the header is a row, even
# where a quote was opened before it.
_CERTAIN_SEPARATORS: Final = ("\t", "|")
_NUMBERED: Final = re.compile(r"(\D*)(\d{1,18})")
_LONG_ID: Final = 16

_Line = tuple[int, str]


class _CutText(str):
    """The text of a `CutLine`."""


def csv_items(lines: Iterable[bytes], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the rows of a CSV file as objects; quoted fields may hold line breaks."""
    return _items(_Rows(lines), origin, ",")


def tsv_items(lines: Iterable[bytes], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the rows of a TSV file as objects; quotes are honoured where they make sense."""
    return _items(_Rows(lines), origin, "\t")


class _Rows:
    """Rows of fields; a row that cannot be parsed costs its first line only.

    The csv module reads on to the next quote when one is not closed, and takes many good rows
    with it. Here the lines it took are given back, but for the first.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lines = enumerate(lines, start=1)
        self.separator = ""
        self.width = 0  # number of fields in the header
        self.waiting: deque[_Line] = deque()  # given back, to be read again
        self.taken: list[_Line] = []  # by the row that is being read
        csv.field_size_limit(ROW_LIMIT)

    def next_line(self) -> _Line | None:
        if self.waiting:
            return self.waiting.popleft()
        if (numbered := next(self.lines, None)) is None:
            return None
        # Bytes that are no UTF-8 become surrogates: the structure stays readable.
        text = numbered[1].decode("utf-8", "surrogateescape") + "\n"
        return numbered[0], _CutText(text) if isinstance(numbered[1], CutLine) else text

    def next_row(self) -> tuple[int, list[str] | csv.Error, str] | None:
        """Return line number, fields and text of the next row; None at the end."""
        if (line := self.next_line()) is None:
            return None
        number, text = line
        if isinstance(text, _CutText) or '"' not in text:
            return number, text.rstrip("\r\n").split(self.separator), text
        self.taken = [line]
        try:
            row = next(csv.reader(self._take(), delimiter=self.separator, strict=True))
            if len(self.taken) > 1 and self.width and len(row) != self.width:
                lines, fields = len(self.taken), len(row)
                raise csv.Error(f"its quotes make {lines} lines a row of {fields} fields")
        except csv.Error as error:
            self.waiting.extendleft(reversed(self.taken[1:]))
            plain = text.rstrip("\r\n").split(self.separator)
            fits = self.separator in _CERTAIN_SEPARATORS and len(plain) == self.width
            return number, plain if fits else error, text
        return number, row, "".join(text for _, text in self.taken)

    def _take(self) -> Iterator[str]:
        """Yield the line that was taken, and those that a quote opened in it may go on in."""
        size = len(self.taken[0][1])
        yield self.taken[0][1]
        while size < ROW_LIMIT and (line := self.next_line()) is not None:
            self.taken.append(line)
            if isinstance(line[1], _CutText) or self._is_row(line[1]):
                return
            size += len(line[1])
            yield line[1]

    def _is_row(self, text: str) -> bool:
        """Return whether a line, though a quote is open before it, must be a row of its own."""
        if self.width < 2 or text.count(self.separator) < self.width - 1:
            return False
        if self.separator in _CERTAIN_SEPARATORS:
            counts = {line.count(self.separator) for line in (self.taken[0][1], text)}
            return counts == {self.width - 1}
        first, other = (line.split(self.separator)[0] for line in (self.taken[0][1], text))
        alone = split_header(text, self.separator)
        return len(alone) == self.width and _follows(first, other, len(self.taken) - 1)


def _follows(first: str, other: str, distance: int) -> bool:
    """Return whether two values must be ids: numbers in a row, or hashes of one length."""
    before, after = _NUMBERED.fullmatch(first), _NUMBERED.fullmatch(other)
    if before and after and before[1] == after[1] and len(before[1]) < _LONG_ID:
        return int(after[2]) - int(before[2]) == distance
    return len(first) == len(other) >= _LONG_ID and other.isalnum() and first.isalnum()


def _items(rows: _Rows, origin: Origin, usual: str) -> Iterator[Item | FailedRecord]:
    header = _read_header(rows, origin, usual)
    if isinstance(header, FailedRecord):
        yield header
        return
    if origin.witness:
        origin.witness.separator = rows.separator
    repeated = {name for name, count in Counter(header).items() if count > 1}
    while header and (parsed := rows.next_row()) is not None:
        number, row, text = parsed
        if isinstance(text, _CutText):
            yield origin.too_long(number, text)
        elif isinstance(row, csv.Error):
            detail = f"{row}: look for a quote that is not closed or not doubled"
            yield origin.failed(number, _MALFORMED_ROW, detail, text)
        elif not text.strip():
            continue
        elif len(row) != len(header):
            detail = f"the row has {len(row)} fields, the header {len(header)}"
            yield origin.failed(number, WRONG_COLUMN_COUNT, detail, text)
        elif not _is_utf8(text):
            detail = f"the row is not UTF-8; {ENCODING_ADVICE}"
            yield origin.failed(number, INVALID_UTF8, detail, text)
        else:
            cells = row if _NOTHING.isdisjoint(row) else _without_nothing(row)
            value: dict[str, Any] = dict(zip(header, cells, strict=True))
            for name in repeated:
                found = [cell for key, cell in zip(header, cells, strict=True) if key == name]
                value[name] = Repeated(name, found)
            yield Item(number, value)


def _read_header(rows: _Rows, origin: Origin, usual: str) -> list[str] | FailedRecord:
    """Return the names of the columns, none for an empty file; settle separator and width."""
    line = rows.next_line()
    while line is not None and not line[1].strip():
        line = rows.next_line()
    if line is None:
        return []
    if isinstance(line[1], _CutText):
        return origin.too_long(*line)
    dialect = origin.dialect
    rows.separator = dialect.separator
    if excel := excel_separator(line[1]):
        rows.separator = rows.separator or excel
        line = rows.next_line() or line
    if not rows.separator:
        named = usual.join(dialect.columns)
        rows.separator = detect_separator(line[1], usual, origin.fields) if not named else usual
    rows.waiting.appendleft(line)
    if dialect.columns:
        first = split_header(line[1], rows.separator)
        if list(map(fold, first)) == list(map(fold, dialect.columns)):
            rows.next_line()
        rows.width = len(dialect.columns)
        return list(dialect.columns)
    if rows.separator in _CERTAIN_SEPARATORS:
        rows.next_line()
        header = list(split_header(line[1], rows.separator))
    else:
        number, row, text = rows.next_row() or (0, [], "")
        if isinstance(row, csv.Error):
            detail = f"{row}: look for a quote that is not closed or not doubled"
            return origin.failed(number, _MALFORMED_HEADER, detail, text)
        header = row
    rows.width = len(header)
    return header


def _without_nothing(row: list[str]) -> list[str | None]:
    """Return the cells, None for those that say that nothing is there.

    The word stays where another cell has it too: an answer that stands in its passage.
    """
    others = [cell for cell in row if cell not in _NOTHING]
    cells: list[str | None] = []
    for cell in row:
        is_word = any(re.search(rf"(?<!\w){re.escape(cell)}(?!\w)", other) for other in others)
        cells.append(None if cell in _NOTHING and not is_word else cell)
    return cells


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
