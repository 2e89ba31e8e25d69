"""Records whose translation failed or was cut, ready to be built again with other settings."""

import json
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.storage import join, read_bytes, write_bytes
from schemas.manifest import Manifest

# Another beam size, length limit or model may help; a wrong fact in the source does not change.
DECODING: Final = frozenset({"decode_limit", "repetition", "empty", "wrong_language_token"})


def queue_records(corpus: str, manifest: Manifest, path: str) -> int:
    """Write the English records of failed and badly decoded rows as JSONL; return their number.

    Each record stands once, with the languages it is missing in under `languages`; the fields
    are those that `tandemqa build` reads without a mapping.
    """
    queued: dict[str, dict[str, object]] = {}
    languages: dict[str, list[str]] = {}
    for entry in manifest.files:
        if entry.kind != "quarantine":
            continue
        table = pq.read_table(pa.BufferReader(read_bytes(join(corpus, entry.path))))
        for row in table.to_pylist():
            if row["status"] == "failed" or DECODING & set(row["reasons"]):
                languages.setdefault(row["group_id"], []).append(entry.lang)
                queued[row["group_id"]] = {
                    "id": row["record_id"],
                    "question": row["source_question"],
                    "passage": row["source_passage"],
                    "answers": row["source_answers"],
                    "split": row["split"],
                    "license": row["license"],
                }
    lines = [
        json.dumps({**queued[group], "languages": sorted(languages[group])}, ensure_ascii=False)
        for group in sorted(queued)
    ]
    write_bytes(path, "".join(line + "\n" for line in lines).encode())
    return len(lines)
