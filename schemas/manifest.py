"""The manifest: what a corpus is, how it was made, and what every file in it must be.

A manifest may come from anybody. Whatever commands rely on is checked here, where it is read.
"""

from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.corpus_layout import (
    FAILED_RECORD,
    MANIFEST_NAME,
    MOST_SHARDS,
    Place,
    parse_path,
)
from schemas.language import SOURCE_LANGUAGE
from schemas.manifest_values import (
    Config,
    Count,
    LanguageCode,
    LogRatio,
    Number,
    SourceText,
    describe,
)
from schemas.regular_file import read_regular
from schemas.row import SCHEMA_VERSION

MOST_BYTES: Final = 64 << 20
"""A larger manifest is not read; 100,000 files take about 30 MB."""

Read = Callable[[str, str, int], bytes]


class ManifestError(ValueError):
    """A corpus has no manifest that can be read; the message is a sentence."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class FileEntry(_Model):
    """One Parquet file of the corpus.

    Attributes:
        path: Path relative to the corpus, with forward slashes, as `file_path` makes it.
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
    rows: Count
    size: Count
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

    @property
    def part(self) -> tuple[int, int]:
        """Number of the shard, from 0, and number of all shards, as the path says."""
        return self._place()[3:]

    def _place(self) -> Place:
        place = parse_path(self.path)
        if place is None:
            raise ValueError(f"path {self.path!r} is not that of a file of a corpus")
        return place

    @model_validator(mode="after")
    def _path_agrees(self) -> "FileEntry":
        if self._place()[:3] != (self.kind, self.split, self.lang):
            raise ValueError(f"path {self.path!r} does not agree with kind, split and lang")
        return self


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

    kept: Count = 0
    rejected: Count = 0
    failed: Count = 0
    unverified: Count = 0
    reasons: dict[str, Count] = {}


class SourceCounts(_Model):
    """What became of the source items before translation; the same in every language.

    Attributes:
        read: Items read, good or bad.
        failed: Items that are no valid record, by reason.
        duplicates: Records with the question and passage of another one.
        leaked: Records removed because they are in an evaluation set, by set.
        looked_for: Items of each evaluation set that were looked for.
        mended: Records in which something was put right when they were read, by what it was.
        moved: Records that changed their split, because their passage is in a more protected
            one as well, by both splits: `train>test`.
        groups: Records that went on to translation.
    """

    read: Count
    failed: dict[str, Count] = {}
    duplicates: Count = 0
    leaked: dict[str, Count] = {}
    looked_for: dict[str, Count] = {}
    mended: dict[str, Count] = {}
    moved: dict[str, Count] = {}
    groups: Count


class FieldReading(_Model):
    """Where a field of the records was found, and whether that was guessed."""

    target: SourceText
    path: SourceText
    guessed: bool


class ExampleRecord(_Model):
    """A record as it was understood; long texts are cut."""

    record_id: SourceText
    question: SourceText
    passage: SourceText
    title: SourceText
    answers: list[SourceText]


class SourceReading(_Model):
    """How files of a source were understood before anything was translated.

    Attributes:
        source: The source, as the configuration names it.
        format: Format of the files.
        files: How many of the files that were looked at were understood in this way.
        layout: A fixed layout that was recognised; then there are no fields.
        notes: What is unusual about them: encoding, separator, line ends.
        fields: Where the fields of the records are.
        ignored: Columns that are not used.
        example: The first record.
    """

    source: SourceText
    format: SourceText
    files: Count
    layout: SourceText = ""
    notes: list[SourceText] = []
    fields: list[FieldReading] = []
    ignored: list[SourceText] = []
    example: ExampleRecord | None = None


class SegmentCounts(_Model):
    """What translating into one language took.

    Attributes:
        distinct: Distinct segments the corpus needs.
        remembered: Segments found in the translation memory before the run.
        translated: Segments translated in this run.
        failed: Segments no translation could be had for.
        fallback: Segments that another translator made, as the first failed on them.
        seconds: Seconds spent in the translator.
        input_tokens: Tokens of prompts that were sent to a server in this run.
        output_tokens: Tokens of its answers.
        cost: What these tokens cost at the prices that were given; None without prices.
    """

    distinct: Count = 0
    remembered: Count = 0
    translated: Count = 0
    failed: Count = 0
    fallback: Count = 0
    seconds: Number = 0.0
    input_tokens: Count = 0
    output_tokens: Count = 0
    cost: Number | None = None


class Calibration(_Model):
    """What is usual for correct translations, for one language and kind of value.

    Attributes:
        median: Median of ln(target characters / source characters), of an overlap or of a score;
            for `unmarked`, the share of questions.
        mad: Median absolute deviation of the same, scaled to a standard deviation; for meaning, of
            what lies below the median.
        rows: Rows it was measured on.
        origin: `shipped`, `run` or `widened` (too few rows to trust).
    """

    median: LogRatio
    mad: Number
    rows: Count
    origin: str


class TranslatorEntry(_Model):
    """Who translated into one language, in full.

    `fallbacks` took the segments on which those before them failed; they have none themselves.
    """

    backend: str
    model: str
    revision: str
    engine: str
    parameters: dict[str, str]
    parameters_hash: str
    license: str
    pivots: list[LanguageCode]
    memory: str
    fallbacks: list["TranslatorEntry"] = []

    @property
    def licenses(self) -> list[str]:
        """Licences of all that may have translated."""
        return [self.license, *(fallback.license for fallback in self.fallbacks)]


class InputEntry(_Model):
    """A file or dataset that a corpus was built from.

    Attributes:
        path: Absolute path or URI; `hf:` and a name on the Hugging Face hub.
        fingerprint: What changes when the content does; empty if that could not be known.
    """

    path: str
    fingerprint: str


class Manifest(_Model):
    """Everything a reader must know about a corpus; written last, so its presence means done.

    `faults` are sentences about what makes a corpus failed as a whole. `alarms` counts rows that
    look like items of an evaluation set in their language: by language, set and field.
    `readings` says how the sources were understood: what was guessed about them is there.
    `card_sha256` is the SHA-256 of README.md in hex, and `inputs` are the files that were read,
    evaluation sets included; corpora of older versions have neither. `broken_packets` are files of
    the translation memory that were not as they had been written, and were not used.
    `shuffled_bytes` are those of records, segments, translations and rows on their way between the
    steps of the build; 0 in corpora of older versions.
    """

    schema_version: str
    tandemqa_version: str
    created: datetime
    seconds: Number
    config: Config
    languages: list[LanguageCode]
    shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)]
    shuffled_bytes: Count = 0
    readings: list[SourceReading] = []
    source: SourceCounts
    counts: dict[LanguageCode, LanguageCounts]
    faults: list[str] = []
    alarms: dict[LanguageCode, dict[str, dict[str, Count]]] = {}
    segments: dict[LanguageCode, SegmentCounts]
    translators: dict[LanguageCode, TranslatorEntry]
    calibration: dict[LanguageCode, dict[str, Calibration]]
    files: list[FileEntry]
    versions: dict[str, str]
    card_sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    inputs: list[InputEntry] = []
    broken_packets: list[str] = []

    @model_validator(mode="after")
    def _parts_agree(self) -> "Manifest":
        if repeated := _repeated(self.languages):
            raise ValueError(f"languages: {repeated} is there twice")
        if SOURCE_LANGUAGE not in self.languages:
            raise ValueError(f"languages: {SOURCE_LANGUAGE}, the source language, is missing")
        if missing := [lang for lang in self.languages if lang not in self.counts]:
            raise ValueError(f"counts: none for {missing[0]}")
        for name in ("counts", "alarms", "segments", "translators", "calibration"):
            if unknown := set(getattr(self, name)) - set(self.languages):
                raise ValueError(f"{name}: {min(unknown)} is not among the languages")
        if path := _repeated([entry.path for entry in self.files]):
            raise ValueError(f"files: {path} is there twice")
        for entry in self.files:
            self._check_entry(entry)
        return self

    def _check_entry(self, entry: FileEntry) -> None:
        if entry.kind == FAILED_RECORD:
            return
        if entry.lang not in self.languages:
            raise ValueError(f"files: {entry.path} is in none of the languages")
        if entry.part[1] != self.shards:
            raise ValueError(f"files: {entry.path} is not one of {self.shards} shards")

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


def load_manifest(corpus: str, read: Read = read_regular) -> Manifest:
    """Return the manifest of a corpus, checked in all its parts.

    Args:
        corpus: The folder of the corpus.
        read: Reads a file by folder, path below it and the most bytes it may have.

    Raises:
        ManifestError: If there is none, or it is not one that this version can read.
    """
    path = f"{corpus.rstrip('/')}/{MANIFEST_NAME}"
    try:
        content = read(corpus, MANIFEST_NAME, MOST_BYTES)
    except FileNotFoundError:
        raise ManifestError(
            f"{corpus}: no {MANIFEST_NAME}: no finished corpus, or one that is incomplete; run "
            "`tandemqa build` again with the same arguments, and it goes on where it stopped"
        ) from None
    except OSError as error:
        raise ManifestError(f"cannot read {path}: {error}") from error
    try:
        _refuse_other_version(corpus, content)
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ManifestError(
            f"{path}: not a manifest that this version can read: {describe(error)}"
        ) from error


class _Versioned(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    schema_version: str


def _refuse_other_version(corpus: str, content: bytes) -> None:
    version = _Versioned.model_validate_json(content).schema_version
    if version != SCHEMA_VERSION:
        raise ManifestError(
            f"{corpus}: schema version {version}, this version of tandemqa reads "
            f"{SCHEMA_VERSION}; build the corpus again"
        )


def _repeated(names: Collection[str]) -> str:
    """Return a name that is there more than once; empty if there is none."""
    return next((name for name, count in Counter(names).items() if count > 1), "")
