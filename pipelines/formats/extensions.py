"""Formats by the extension of a file."""

from pathlib import PurePosixPath
from typing import Final

from pipelines.formats.stream import COMPRESSIONS

EXTENSIONS: Final = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".jsonlines": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}


def format_by_name(path: str) -> str:
    """Return the format of a file by its extension, which compression may follow; else ""."""
    suffixes = [s.lower() for s in PurePosixPath(path).suffixes if s.lower() not in COMPRESSIONS]
    return EXTENSIONS.get(suffixes[-1], "") if suffixes else ""
