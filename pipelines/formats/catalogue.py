"""The formats by name, and how to tell which one a path has."""

from typing import Final

from apache_beam.io.filesystem import BeamIOError

from pipelines.formats import hub_folder, huggingface
from pipelines.formats.extensions import format_by_name
from pipelines.formats.stream import list_tree
from schemas.collection_files import is_collection, locate_parts

HUB: Final = "hub"
FORMATS: Final = {
    "squad": "SQuAD 1 or 2 JSON",
    "nq": "Natural Questions or QED, one JSON object a line",
    "json": "a JSON list of objects, alone, under `data`, or by id; SQuAD is recognised",
    "jsonl": "one JSON object a line",
    "csv": "comma-separated, with a header",
    "tsv": "tab-separated, with a header",
    "parquet": "Parquet",
    "beir": "a directory or zip file with corpus, queries and qrels: BEIR, MTEB, MIRACL, Mr. TyDi",
    "msmarco": "a directory with collection.tsv, queries.*.tsv and qrels.*.tsv",
    HUB: "a directory with files named for splits, as the hub keeps them: data/train-*.parquet",
    "hf": "a Hugging Face dataset, downloaded: NAME[:CONFIG][#SPLIT], or a directory",
    "hf-stream": "the same, read over the network without a copy on disk",
}
HUGGING_FACE: Final = ("hf", "hf-stream")


def guess_format(path: str) -> str:
    """Tell the format by the extension or by what is in a directory; "" if that is impossible."""
    if format := format_by_name(path):
        return format
    if huggingface.is_saved(path):
        return "hf"
    try:
        files = list_tree(path)
        parts = locate_parts(path, list_tree)
    except (BeamIOError, ValueError, OSError):
        return ""  # reported by check_sources
    if any(name.startswith("collection.") for name in files):
        return "msmarco"
    if is_collection(parts):
        return "beir"
    return HUB if hub_folder.find_files(path) else ""
