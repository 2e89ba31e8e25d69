"""What a corpus is, as a model trained on it must say."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from schemas.command import UsageError
from schemas.corpus_layout import MANIFEST_NAME
from trainer.corpora.corpus_files import expand, is_corpus, read_manifest

TRAIN: Final = "train"
VALIDATION: Final = "validation"

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class CorpusFacts:
    """Facts of one corpus.

    Attributes:
        path: Where it was read from.
        digest: SHA-256 of its manifest, which has those of all its files; of the files
            themselves where there is no manifest.
        tandemqa_version: Version that built it; empty where there is no manifest, as below.
        sources: Name and licence of each source dataset.
        rows: Rows to train on, by language.
        translators: Backend and model by language.
        evaluation_sets: Records removed because they are in an evaluation set, by set.
        splits: Splits that have rows.
    """

    path: str
    digest: str
    tandemqa_version: str
    sources: tuple[tuple[str, str], ...]
    rows: dict[str, int]
    translators: dict[str, str]
    evaluation_sets: dict[str, int]
    splits: tuple[str, ...]


def read_facts(path: str) -> CorpusFacts:
    """Return the facts of a corpus, or of a Parquet file, a folder or a glob of them.

    Raises:
        UsageError: If there is nothing at the path, or a manifest that cannot be read.
    """
    if not is_corpus(path):
        return CorpusFacts(path, _digest(_parquet_files(path)), "", (), {}, {}, {}, ())
    manifest = read_manifest(Path(path))
    rows: dict[str, int] = {}
    for entry in manifest.files:
        if entry.kind == "row" and entry.split == TRAIN:
            rows[entry.lang] = rows.get(entry.lang, 0) + entry.rows
    sources = {
        (str(source.get("dataset") or "unnamed"), str(source.get("license") or "unknown"))
        for source in manifest.config.get("sources", [])
    }
    return CorpusFacts(
        path=path,
        digest=_digest([Path(path) / MANIFEST_NAME]),
        tandemqa_version=manifest.tandemqa_version,
        sources=tuple(sorted(sources)),
        rows=rows,
        translators={
            lang: f"{entry.backend}: {entry.model} ({entry.license or 'licence unknown'})"
            for lang, entry in manifest.translators.items()
        },
        evaluation_sets=dict(manifest.source.leaked),
        splits=tuple(sorted({entry.split for entry in manifest.files if entry.kind == "row"})),
    )


def _parquet_files(path: str) -> list[Path]:
    files = list(expand(path))
    if not files:
        raise UsageError(f"{path}: no corpus and no Parquet file")
    return files


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
