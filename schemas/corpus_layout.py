"""Which files a corpus has and what they are called: one rule for whoever writes or reads them."""

import re
from typing import Final

from schemas.language import LANGUAGES
from schemas.ownership import MARKER_NAME

MANIFEST_NAME: Final = "manifest.json"
CARD_NAME: Final = "README.md"
REPORT_PAGE_NAME: Final = "report.html"
REPORT_FACTS_NAME: Final = "report.json"
TOP_FILES: Final = (MARKER_NAME, MANIFEST_NAME, CARD_NAME, REPORT_PAGE_NAME, REPORT_FACTS_NAME)
"""What is beside the folders of Parquet files."""
FOLDERS: Final = ("data", "quarantine")
"""Where the Parquet files are; readers take everything in there for rows."""

SPLITS: Final = ("train", "validation", "test")
ROW: Final = "row"
QUARANTINE: Final = "quarantine"
FAILED_RECORD: Final = "failed_record"
KINDS: Final = (ROW, QUARANTINE, FAILED_RECORD)

MOST_SHARDS: Final = 99_999

_PARQUET: Final = re.compile(
    r"(?:data/(?P<split>[a-z]+)|quarantine)/(?:lang=(?P<lang>[\w-]+)|(?P<failed>records))"
    r"/part-(?P<number>\d{5})-of-(?P<shards>\d{5})\.parquet",
    re.ASCII,
)
_PARTIAL: Final = re.compile(r"\.[0-9a-f]{8}\.partial$", re.ASCII)


# Kind of the rows, their split (empty for quarantine and failed records) and their BCP-47 code
# (empty for failed records); number of the shard, from 0, and number of all shards.
Place = tuple[str, str, str, int, int]


def file_path(place: Place) -> str:
    """Return the path of the file at a place, relative to the corpus, with forward slashes.

    Raises:
        ValueError: If there is no such place, as with a split or language that does not exist.
    """
    _check_place(place)
    kind, split, lang, number, shards = place
    name = f"part-{number:05}-of-{shards:05}.parquet"
    if kind == ROW:
        return f"data/{split}/lang={lang}/{name}"
    if kind == QUARANTINE:
        return f"quarantine/lang={lang}/{name}"
    return f"quarantine/records/{name}"


def parse_path(path: str) -> Place | None:
    """Return the place of a file with a path relative to a corpus; None if it is not ours."""
    found = _PARQUET.fullmatch(path)
    if not found:
        return None
    split, lang = found["split"] or "", found["lang"] or ""
    kind = ROW if split else FAILED_RECORD if found["failed"] else QUARANTINE
    place = (kind, split, lang, int(found["number"]), int(found["shards"]))
    try:
        return place if file_path(place) == path else None
    except ValueError:
        return None


def is_parquet_name(path: str) -> bool:
    """Return whether a path, relative to a corpus, is one that `file_path` makes."""
    return parse_path(path) is not None


def is_partial_name(path: str) -> bool:
    """Return whether a path is the temporary name of a file of a corpus."""
    whole, count = _PARTIAL.subn("", path)
    return bool(count) and (whole in TOP_FILES or is_parquet_name(whole))


def _check_place(place: Place) -> None:
    kind, split, lang, number, shards = place
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is not one of {', '.join(KINDS)}")
    if kind == ROW and split not in SPLITS:
        raise ValueError(f"split {split!r} is not one of {', '.join(SPLITS)}")
    if kind != ROW and split:
        raise ValueError(f"split {split!r}: files of kind {kind} have no split")
    if kind != FAILED_RECORD and lang not in LANGUAGES:
        raise ValueError(f"lang {lang!r} is not in the language table")
    if kind == FAILED_RECORD and lang:
        raise ValueError(f"lang {lang!r}: files of kind {kind} have no language")
    if not 0 <= number < shards <= MOST_SHARDS:
        raise ValueError(f"shard {number} of {shards} does not exist")
