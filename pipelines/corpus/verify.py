"""Prove that a corpus is whole: files, schemas, counts and the line-up of languages."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256

import pyarrow as pa

from pipelines.corpus.corpus_file import DamagedCorpusError, open_file
from pipelines.io.storage import list_entries, read_below
from schemas.corpus_layout import CARD_NAME, ROW, TOP_FILES
from schemas.identity import bucket
from schemas.manifest import FileEntry, Manifest
from schemas.wording import counted

_COUNTED_AS = {
    "row": "kept",
    "quarantine": "rejected or failed",
    "failed_record": "set aside before translation",
}
# What version control and the hub put beside a corpus.
_NOT_OF_THE_CORPUS = frozenset({".git", ".gitattributes", ".gitignore", ".cache"})
_LARGEST_CARD = 16 << 20
_COLUMNS = ["group_id", "lang", "split", "languages", "question", "passage", "answers"]


def verify(output: str, manifest: Manifest) -> Iterator[str]:
    """Yield one sentence for every fault of a corpus; nothing when it is whole.

    Looked at: conservation of records, missing and foreign files and links, SHA-256 of the card
    and of every file, schema and rows of every file, order and bucket of groups, answer offsets,
    and whether each group is in exactly the languages that its rows name. The manifest itself was
    checked when it was read.
    """
    yield from manifest.faults
    yield from manifest.conservation_faults()
    yield from _counts(manifest)
    yield from _foreign_files(output, manifest)
    yield from _check_card(output, manifest)
    shards: dict[tuple[str, int], list[tuple[FileEntry, pa.Table]]] = defaultdict(list)
    for number, entries in _by_bucket(manifest).items():
        for entry in entries:
            faults, table = _check_file(output, entry)
            yield from faults
            if table is not None and entry.kind == ROW:
                yield from _check_rows(entry, table, number, manifest.shards)
                shards[entry.split, number].append((entry, table))
        for (split, _), tables in shards.items():
            yield from _check_languages(split, tables)
        shards.clear()


def _by_bucket(manifest: Manifest) -> dict[int, list[FileEntry]]:
    """Return the files by bucket, so that only one bucket is in memory at a time."""
    by_bucket: dict[int, list[FileEntry]] = defaultdict(list)
    for entry in manifest.files:
        by_bucket[entry.part[0]].append(entry)
    return dict(sorted(by_bucket.items()))


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
    """Yield the files and links that no build has made."""
    known = {entry.path for entry in manifest.files} | set(TOP_FILES)
    for entry in list_entries(output):
        if entry.path not in known and entry.path.partition("/")[0] not in _NOT_OF_THE_CORPUS:
            yield f"{entry.path}: not in the manifest"


def _check_card(output: str, manifest: Manifest) -> Iterator[str]:
    if not manifest.card_sha256:  # of an older version
        return
    try:
        card = read_below(output, CARD_NAME, _LARGEST_CARD)
    except FileNotFoundError:
        yield f"{CARD_NAME}: missing"
    except OSError as error:
        yield f"{CARD_NAME}: cannot be read ({error})"
    else:
        if sha256(card).hexdigest() != manifest.card_sha256:
            yield f"{CARD_NAME}: content changed (SHA-256 differs)"


def _check_file(output: str, entry: FileEntry) -> tuple[list[str], pa.Table | None]:
    """Return the faults of one file, and its content when it can be read."""
    columns = _COLUMNS if entry.kind == ROW else None
    try:
        return [], pa.concat_tables(open_file(output, entry).tables(columns))
    except DamagedCorpusError as error:
        return [str(error)], None


def _check_rows(entry: FileEntry, table: pa.Table, number: int, shards: int) -> Iterator[str]:
    groups = table.column("group_id").to_pylist()
    if groups != sorted(set(groups)):
        yield f"{entry.path}: groups are not in order, or one stands twice"
    if any(bucket(group, shards) != number for group in groups):
        yield f"{entry.path}: holds groups of another shard"
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
    answers: dict[str, set[int]] = defaultdict(set)
    for entry, table in tables:
        for row in table.select(["group_id", "languages", "answers"]).to_pylist():
            present[row["group_id"]].add(entry.lang)
            named[row["group_id"]].add(tuple(row["languages"]))
            answers[row["group_id"]].add(len(row["answers"]))
    wrong = [group for group in present if named[group] != {tuple(sorted(present[group]))}]
    if wrong:
        yield (
            f"{split}: {counted(len(wrong), 'group')} not in the languages their rows name, such "
            f"as {wrong[0]}"
        )
    uneven = [group for group, numbers in answers.items() if len(numbers) > 1]
    if uneven:
        yield (
            f"{split}: {counted(len(uneven), 'group')} with more answers in one language than in "
            f"another, such as {uneven[0]}"
        )
