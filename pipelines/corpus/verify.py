"""Prove that a corpus is whole: files, schemas, counts and the line-up of languages."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.io.storage import join, list_files, read_bytes
from schemas.identity import bucket
from schemas.manifest import FileEntry, Manifest
from schemas.record import FAILED_RECORD_SCHEMA
from schemas.row import QUARANTINE_SCHEMA, ROW_SCHEMA, SCHEMA_VERSION

_SCHEMAS = {
    "row": ROW_SCHEMA,
    "quarantine": QUARANTINE_SCHEMA,
    "failed_record": FAILED_RECORD_SCHEMA,
}
_COUNTED_AS = {
    "row": "kept",
    "quarantine": "rejected or failed",
    "failed_record": "set aside before translation",
}
_COLUMNS = ["group_id", "lang", "split", "languages", "question", "passage", "answers"]


def verify(output: str, manifest: Manifest) -> Iterator[str]:
    """Yield one sentence for every fault of a corpus; nothing when it is whole.

    Looked at: schema version, conservation of records, missing and foreign files, SHA-256,
    schema and rows of every file, order and bucket of groups, answer offsets, and whether each
    group is in exactly the languages that its rows name.
    """
    if manifest.schema_version != SCHEMA_VERSION:
        yield (
            f"manifest.json: schema version {manifest.schema_version}, "
            f"this version reads {SCHEMA_VERSION}"
        )
        return
    yield from manifest.faults
    yield from manifest.conservation_faults()
    yield from _counts(manifest)
    yield from _foreign_files(output, manifest)
    shards: dict[tuple[str, int], list[tuple[FileEntry, pa.Table]]] = defaultdict(list)
    for number, entries in _by_bucket(manifest).items():
        for entry in entries:
            faults, table = _check_file(output, entry)
            yield from faults
            if table is not None and entry.kind == "row":
                yield from _check_rows(entry, table, number, manifest.shards)
                shards[entry.split, number].append((entry, table))
        for (split, _), tables in shards.items():
            yield from _check_languages(split, tables)
        shards.clear()


def _by_bucket(manifest: Manifest) -> dict[int, list[FileEntry]]:
    """Return the files by bucket, so that only one bucket is in memory at a time."""
    by_bucket: dict[int, list[FileEntry]] = defaultdict(list)
    for entry in manifest.files:
        by_bucket[_number(entry)].append(entry)
    return dict(sorted(by_bucket.items()))


def _number(entry: FileEntry) -> int:
    return int(entry.path.rpartition("part-")[2].partition("-")[0])


def _counts(manifest: Manifest) -> Iterator[str]:
    """Yield where the files of the manifest hold another number of rows than it counts."""
    source = manifest.source
    set_aside = sum(source.failed.values()) + source.duplicates + sum(source.leaked.values())
    expected = {("failed_record", ""): set_aside}
    for lang, counts in manifest.counts.items():
        expected["row", lang] = counts.kept
        expected["quarantine", lang] = counts.rejected + counts.failed
    found = Counter[tuple[str, str]]()
    for entry in manifest.files:
        found[entry.kind, entry.lang] += entry.rows
    for kind, lang in expected:
        if found[kind, lang] != expected[kind, lang]:
            yield (
                f"{lang or 'source'}: {expected[kind, lang]} {_COUNTED_AS[kind]}, "
                f"{found[kind, lang]} in the files of the manifest"
            )


def _foreign_files(output: str, manifest: Manifest) -> Iterator[str]:
    known = {join(output, entry.path) for entry in manifest.files}
    for folder in ("data", "quarantine"):
        for path, _ in list_files(join(output, folder)):
            if path not in known:
                yield f"{path}: not in the manifest"


def _check_file(output: str, entry: FileEntry) -> tuple[list[str], pa.Table | None]:
    """Return the faults of one file, and its content when it can be read."""
    try:
        content = read_bytes(join(output, entry.path))
    except OSError:
        return [f"{entry.path}: missing"], None
    faults = []
    if sha256(content).hexdigest() != entry.sha256:
        faults.append(f"{entry.path}: content changed (SHA-256 differs)")
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        schema = file.schema_arrow
        expected = _SCHEMAS[entry.kind]
        if not schema.equals(expected, check_metadata=True):
            return [
                *faults,
                f"{entry.path}: schema changed ({_difference(schema, expected)})",
            ], None
        if file.metadata.num_rows != entry.rows:
            faults.append(
                f"{entry.path}: {file.metadata.num_rows} rows, {entry.rows} in the manifest"
            )
        return faults, file.read(_COLUMNS if entry.kind == "row" else ["reason"])
    except (pa.ArrowException, OSError) as error:
        return [*faults, f"{entry.path}: not readable as Parquet ({error})"], None


def _difference(found: pa.Schema, wanted: pa.Schema) -> str:
    names = [name for name in wanted.names if name not in found.names]
    if names:
        return f"columns missing: {', '.join(names)}"
    changed = [
        f"{field.name}: {found.field(field.name).type}, wanted {field.type}"
        for field in wanted
        if not found.field(field.name).equals(field)
    ]
    extra = [name for name in found.names if name not in wanted.names]
    return "; ".join(changed + [f"unknown column {name}" for name in extra]) or "metadata"


def _check_rows(entry: FileEntry, table: pa.Table, number: int, shards: int) -> Iterator[str]:
    groups = table.column("group_id").to_pylist()
    if groups != sorted(set(groups)):
        yield f"{entry.path}: groups are not in order, or one stands twice"
    if any(bucket(group, shards) != number for group in groups):
        yield f"{entry.path}: holds groups of another shard"
    if set(table.column("lang").to_pylist()) - {entry.lang}:
        yield f"{entry.path}: holds rows of another language"
    wrong = 0
    passages, answers = table.column("passage").to_pylist(), table.column("answers").to_pylist()
    for passage, found in zip(passages, answers, strict=True):
        wrong += sum(
            a["start"] >= 0 and not passage.startswith(a["text"], a["start"]) for a in found
        )
    if wrong:
        yield f"{entry.path}: {wrong} answers do not stand where their offset says"
    if any(not text.strip() for text in passages + table.column("question").to_pylist()):
        yield f"{entry.path}: holds an empty question or passage"


def _check_languages(split: str, tables: list[tuple[FileEntry, pa.Table]]) -> Iterator[str]:
    """Yield where the languages of a bucket do not line up."""
    present: dict[str, set[str]] = defaultdict(set)
    named: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for entry, table in tables:
        for group, languages in zip(
            table.column("group_id").to_pylist(), table.column("languages").to_pylist(), strict=True
        ):
            present[group].add(entry.lang)
            named[group].add(tuple(languages))
    wrong = [group for group in present if named[group] != {tuple(sorted(present[group]))}]
    if wrong:
        yield (
            f"{split}: {len(wrong)} groups are not in the languages their rows name, "
            f"such as {wrong[0]}"
        )
