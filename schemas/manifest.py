"""The manifest: what a corpus is, how it was made, and what every file in it must be."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

MANIFEST_NAME: Final = "manifest.json"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileEntry(_Model):
    """One Parquet file of the corpus.

    Attributes:
        path: Path relative to the corpus, with forward slashes.
        kind: `row`, `quarantine` or `failed_record`.
        split: Split of its rows; empty for quarantine and failed records.
        lang: BCP-47 code of its rows; empty for failed records.
        rows: Number of rows.
        size: Size in bytes.
        sha256: SHA-256 of the file, in hex.
    """

    path: str
    kind: str
    split: str
    lang: str
    rows: int
    size: int
    sha256: str


class LanguageCounts(_Model):
    """What became of the records in one language.

    Attributes:
        kept: Rows in shards.
        rejected: Rows refused by a check.
        failed: Rows that could not be translated.
        unverified: Kept rows in which neither question nor passage shows the language, though a
            detector knows it.
        reasons: Rejected and failed rows by their first reason.
    """

    kept: int = 0
    rejected: int = 0
    failed: int = 0
    unverified: int = 0
    reasons: dict[str, int] = {}


class SourceCounts(_Model):
    """What became of the source items before translation; the same in every language.

    Attributes:
        read: Items read, good or bad.
        failed: Items that are no valid record, by reason.
        duplicates: Records with the question and passage of another one.
        leaked: Records removed because they are in an evaluation set, by set.
        looked_for: Items of each evaluation set that were looked for.
        moved: Records that changed their split, because their passage is in a more protected
            one as well, by both splits: `train>test`.
        groups: Records that went on to translation.
    """

    read: int
    failed: dict[str, int] = {}
    duplicates: int = 0
    leaked: dict[str, int] = {}
    looked_for: dict[str, int] = {}
    moved: dict[str, int] = {}
    groups: int


class SegmentCounts(_Model):
    """What translating into one language took.

    Attributes:
        distinct: Distinct segments the corpus needs.
        remembered: Segments found in the translation memory before the run.
        translated: Segments translated in this run.
        failed: Segments no translation could be had for.
        seconds: Seconds spent in the translator.
    """

    distinct: int = 0
    remembered: int = 0
    translated: int = 0
    failed: int = 0
    seconds: float = 0.0


class Calibration(_Model):
    """Length ratio of correct translations, for one language and field.

    Attributes:
        median: Median of ln(target characters / source characters).
        mad: Median absolute deviation of the same, scaled to a standard deviation.
        rows: Rows it was measured on.
        origin: `shipped`, `run` or `widened` (too few rows to trust).
    """

    median: float
    mad: float
    rows: int
    origin: str


class TranslatorEntry(_Model):
    """Who translated into one language, in full."""

    backend: str
    model: str
    revision: str
    engine: str
    parameters: dict[str, str]
    parameters_hash: str
    license: str
    pivots: list[str]
    memory: str


class Manifest(_Model):
    """Everything a reader must know about a corpus; written last, so its presence means done.

    `faults` are sentences about what makes a corpus failed as a whole. `alarms` counts rows that
    look like items of an evaluation set in their language: by language, set and field.
    """

    schema_version: str
    tandemqa_version: str
    created: datetime
    seconds: float
    config: dict[str, Any]
    languages: list[str]
    shards: int
    source: SourceCounts
    counts: dict[str, LanguageCounts]
    faults: list[str] = []
    alarms: dict[str, dict[str, dict[str, int]]] = {}
    segments: dict[str, SegmentCounts]
    translators: dict[str, TranslatorEntry]
    calibration: dict[str, dict[str, Calibration]]
    files: list[FileEntry]
    versions: dict[str, str]

    def conservation_faults(self) -> list[str]:
        """Return one sentence for each language in which records were lost or invented."""
        source = self.source
        before = sum(source.failed.values()) + source.duplicates + sum(source.leaked.values())
        faults = []
        if source.read != before + source.groups:
            faults.append(
                f"source: read {source.read}, but {before} set aside + {source.groups} groups"
            )
        for lang in self.languages:
            counts = self.counts.get(lang, LanguageCounts())
            total = counts.kept + counts.rejected + counts.failed
            if total != source.groups:
                faults.append(
                    f"{lang}: {source.groups} groups, but {counts.kept} kept + "
                    f"{counts.rejected} rejected + {counts.failed} failed = {total}"
                )
        return faults
