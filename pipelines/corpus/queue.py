"""Records whose translation failed or was cut, ready to be built again with other settings."""

import json
from collections.abc import Iterator
from typing import Any, Final

from pipelines.corpus.corpus_file import open_file
from pipelines.io.storage import write_bytes
from schemas.language import SOURCE_LANGUAGE
from schemas.manifest import FileEntry, Manifest

# Another beam size, length limit or model may help; a wrong fact in the source does not change.
DECODING: Final = frozenset({"decode_limit", "repetition", "empty", "wrong_language_token"})

_COLUMNS: Final = [
    "group_id", "record_id", "question", "passage", "title", "answers", "split", "license",
]  # fmt: skip


def queue_records(corpus: str, manifest: Manifest, path: str) -> int:
    """Write the English records of failed and badly decoded rows as JSONL; return their number.

    Each record stands once, with the languages it is missing in under `languages`; the fields
    are those that `tandemqa build` reads without a mapping.
    """
    languages: dict[str, list[str]] = {}
    for entry in manifest.files:
        if entry.kind == "quarantine":
            for row in _read(corpus, entry, ["group_id", "status", "reasons"]):
                if row["status"] == "failed" or DECODING & set(row["reasons"]):
                    languages.setdefault(row["group_id"], []).append(entry.lang)
    lines = []
    for entry in manifest.files:
        if entry.kind == "row" and entry.lang == SOURCE_LANGUAGE and languages:
            for row in _read(corpus, entry, _COLUMNS):
                if found := languages.get(row["group_id"]):
                    lines.append(_line(row, sorted(found)))
    write_bytes(path, "".join(line + "\n" for line in sorted(lines)).encode())
    return len(lines)


def _read(corpus: str, entry: FileEntry, columns: list[str]) -> Iterator[dict[str, Any]]:
    for table in open_file(corpus, entry).tables(columns):
        yield from table.to_pylist()


def _line(row: dict[str, Any], languages: list[str]) -> str:
    record = {
        "id": row["record_id"],
        "question": row["question"],
        "passage": row["passage"],
        "title": row["title"],
        "answers": [{"text": a["text"], "answer_start": a["start"]} for a in row["answers"]],
        "split": row["split"],
        "license": row["license"],
        "languages": languages,
    }
    return json.dumps(record, ensure_ascii=False)
