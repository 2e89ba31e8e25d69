"""The formats by name, and how to tell which one a path has."""

from pathlib import Path
from typing import Final

from apache_beam.io.filesystem import BeamIOError

from pipelines.formats import huggingface
from pipelines.formats.stream import COMPRESSIONS, list_directory

FORMATS: Final = {
    "squad": "SQuAD 1 or 2 JSON",
    "nq": "Natural Questions or QED, one JSON object a line",
    "json": "a JSON list of objects, alone, under `data`, or by id; SQuAD is recognised",
    "jsonl": "one JSON object a line",
    "csv": "comma-separated, with a header",
    "tsv": "tab-separated, with a header",
    "parquet": "Parquet",
    "beir": "a directory with corpus.jsonl, queries.jsonl and qrels/*.tsv",
    "msmarco": "a directory with collection.tsv, queries.*.tsv and qrels.*.tsv",
    "hf": "a Hugging Face dataset, downloaded: NAME[:CONFIG][#SPLIT], or a directory",
    "hf-stream": "the same, read over the network without a copy on disk",
}
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
HUGGING_FACE: Final = ("hf", "hf-stream")


def guess_format(path: str) -> str:
    """Tell the format by the extension or by what is in a directory; "" if that is impossible."""
    suffixes = [s for s in Path(path).suffixes if s.lower() not in COMPRESSIONS]
    if suffixes and (format := EXTENSIONS.get(suffixes[-1].lower())):
        return format
    if huggingface.is_saved(path):
        return "hf"
    try:
        names = {file.rpartition("/")[2].partition(".")[0] for file in list_directory(path)}
    except (BeamIOError, ValueError):
        return ""  # reported by check_sources
    if {"corpus", "queries"} <= names:
        return "beir"
    return "msmarco" if "collection" in names else ""
