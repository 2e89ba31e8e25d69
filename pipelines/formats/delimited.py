"""Tables as text with a header line: CSV and TSV."""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from pipelines.formats.item import INVALID_UTF8, WRONG_COLUMN_COUNT, Item, Origin
from schemas.reason import declare_reason
from schemas.record import FailedRecord

_MALFORMED_HEADER: Final = declare_reason(
    "malformed_header", "a header line whose quotes cannot be parsed"
)
_MALFORMED_ROW: Final = declare_reason("malformed_row", "a row whose quotes cannot be parsed")

# A quote that is never closed would make the rest of the file one field; longer rows are
# taken for that. The longest passages are some hundred thousand characters.
ROW_LIMIT: Final = 10_000_000

_Line = tuple[int, str]


def csv_items(lines: Iterable[bytes], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the rows of a CSV file as objects; quoted fields may hold line breaks."""
    return _items(_Rows(lines, ","), origin)


def tsv_items(lines: Iterable[bytes], origin: Origin) -> Iterator[Item | FailedRecord]:
    """Yield the rows of a TSV file as objects; quotes are honoured where they make sense."""
    return _items(_Rows(lines, "\t"), origin)


class _Rows:
    """Rows of fields; a row that cannot be parsed costs its first line only.

    The csv module reads on to the next quote when one is not closed, and takes many good rows
    with it. Here the lines it took are given back, but for the first.
    """

    def __init__(self, lines: Iterable[bytes], delimiter: str) -> None:
        self.lines = enumerate(lines, start=1)
        self.delimiter = delimiter
        self.waiting: deque[_Line] = deque()  # given back, to be read again
        self.taken: list[_Line] = []  # by the row that is being read
        csv.field_size_limit(ROW_LIMIT)

    def next_row(self, width: int = 0) -> tuple[int, list[str] | csv.Error, str] | None:
        """Return line number, fields and text of the next row; None at the end.

        Args:
            width: Number of fields a line must have to be read as it is, quotes and all, when
                its quotes make no sense; 0 for never.
        """
        self.taken = []
        try:
            row = next(csv.reader(self._take(), delimiter=self.delimiter, strict=True), None)
        except csv.Error as error:
            self.waiting.extendleft(reversed(self.taken[1:]))
            number, text = self.taken[0]
            plain = text.rstrip("\r\n").split(self.delimiter)
            return number, plain if len(plain) == width else error, text
        if row is None:
            return None
        return self.taken[0][0], row, "".join(text for _, text in self.taken)

    def _take(self) -> Iterator[str]:
        size = 0
        while size < ROW_LIMIT:
            if self.waiting:
                number, text = self.waiting.popleft()
            elif (numbered := next(self.lines, None)) is not None:
                # Bytes that are no UTF-8 become surrogates: the structure stays readable.
                number, text = numbered[0], numbered[1].decode("utf-8", "surrogateescape") + "\n"
            else:
                return
            size += len(text)
            self.taken.append((number, text))
            yield text


def _items(rows: _Rows, origin: Origin) -> Iterator[Item | FailedRecord]:
    header: list[str] = []
    while (parsed := rows.next_row(len(header) if rows.delimiter == "\t" else 0)) is not None:
        number, row, text = parsed
        if isinstance(row, csv.Error):
            reason = _MALFORMED_ROW if header else _MALFORMED_HEADER
            detail = f"{row}: look for a quote that is not closed or not doubled"
            yield origin.failed(number, reason, detail, text)
            if not header:
                return
        elif not text.strip():
            continue
        elif not header:
            header = row
        elif len(row) != len(header):
            detail = f"the row has {len(row)} fields, the header {len(header)}"
            yield origin.failed(number, WRONG_COLUMN_COUNT, detail, text)
        elif not _is_utf8(text):
            yield origin.failed(number, INVALID_UTF8, "the row is not UTF-8", text)
        else:
            yield Item(number, dict(zip(header, row, strict=True)))


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
