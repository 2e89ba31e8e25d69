"""A small corpus on disk with everything a report must show: scripts, refusals, hostile texts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.corpus.sorted_file import encode
from schemas.check import FLAG, PASS, REJECT, SKIPPED, Check
from schemas.corpus_layout import file_path
from schemas.identity import content_id
from schemas.manifest import (
    Calibration,
    FileEntry,
    LanguageCounts,
    Manifest,
    SegmentCounts,
    SourceCounts,
    TranslatorEntry,
)
from schemas.record import FailedRecord, failed_records_to_table
from schemas.row import (
    SCHEMA_VERSION,
    QuarantinedRow,
    Row,
    RowAnswer,
    RowTranslator,
    quarantine_to_table,
    rows_to_table,
)

HOSTILE = "<script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
CLOSING = "</script></style><!--<script>document.title='pwned'</script>\u2028 & \U0001f600 "
TEXTS = {
    "en": ("How long is river {n}?", "The river is {n} kilometres long. Many boats use it."),
    "es": ("¿Qué longitud tiene el río {n}?", "El río tiene {n} kilómetros. Lo usan barcos."),
    "ar": ("كم يبلغ طول النهر {n}؟", "يبلغ طول النهر {n} كيلومترا. تستخدمه قوارب كثيرة."),
    "zh-Hans": ("第{n}条河有多长？", "这条河长{n}公里。许多船只使用它。"),
    "gl": ("Canto mide o río {n}?", "O río mide {n} quilómetros. Úsano moitos barcos."),
}
NLLB = TranslatorEntry(
    backend="nllb",
    model="facebook/nllb-200-distilled-600M",
    revision="abc",
    engine="ctranslate2 4.8",
    parameters={},
    parameters_hash="0",
    license="CC-BY-NC-4.0",
    pivots=[],
    memory="nllb/ar",
)
APERTIUM = NLLB.model_copy(
    update={"backend": "apertium", "model": "eng-spa>spa-glg", "license": "GPL-2.0-only",
            "pivots": ["es"]}
)  # fmt: skip


def checks_of(number: int, lang: str, refusal: str = "") -> tuple[Check, ...]:
    """Return plausible checks; `refusal` is the name of the one that rejects the question."""
    if lang == "gl":
        language = Check("script_only", "question", 8.0, -12.0, SKIPPED)
    elif number % 10 == 1:
        language = Check("unverified_short", "question", None, None, SKIPPED)
    elif number % 10 == 2:
        language = Check("similar_language", "question", -6.0, -40.0, SKIPPED)
    else:
        language = Check("wrong_language", "question", 20.0 + number, -12.0, PASS)
    deviation = (number % 21 - 10) / 40
    checks = [
        Check("empty", "question", 0.9, 0.1, PASS),
        language,
        Check("length_ratio", "question", deviation, 0.7, PASS),
        Check("length_ratio", "passage", deviation / 2, 0.3, PASS),
        Check("number_missing", "passage", 0.5, 1.0, FLAG if number % 7 == 0 else PASS),
    ]
    refused = {
        "untranslated": Check("untranslated", "question", -40.0, -12.0, REJECT),
        "length_ratio": Check("length_ratio", "question", 1.2, 0.7, REJECT),
        "wrong_script": Check("wrong_script", "question", 0.1, 0.5, REJECT),
    }
    if refusal == "length_ratio":
        checks[2] = refused[refusal]
    elif refusal:
        checks[1] = refused[refusal]
    return tuple(checks)


def make_row(number: int, lang: str, **changes: Any) -> Row:
    question, passage = (text.format(n=850 + number) for text in TEXTS[lang])
    answer = str(850 + number)
    source = lang == "en"
    row = Row(
        group_id=content_id("group", str(number)),
        record_id=f"r{number}",
        dataset="rivers",
        split="validation" if number % 10 == 0 else "train",
        lang=lang,
        is_source=source,
        question=question,
        passage=passage,
        title="",
        passage_id=content_id("p", str(number)),
        answers=(RowAnswer(answer, passage.index(answer), "source" if source else "verbatim", 1),),
        sentence_map=(),
        languages=tuple(sorted(TEXTS)),
        mono=True,
        cross=True,
        checks=() if source else checks_of(number, lang),
        score_min=None if source or lang == "gl" else -0.9 - number / 100,
        score_mean=None if source or lang == "gl" else -0.4 - number / 100,
        unknown_share=0.05 if lang == "gl" else None,
        translator=None if source else RowTranslator("nllb", "m", "r", "e", "0"),
        license="Apache-2.0",
    )
    return replace(row, **changes)


def refuse(number: int, lang: str, reason: str, status: str = "rejected") -> QuarantinedRow:
    failed = status == "failed"
    texts = {"question": "", "passage": "", "answers": ()} if failed else {}
    if reason == "untranslated":
        texts = {"question": TEXTS["en"][0].format(n=850 + number)}
    checks = () if failed else checks_of(number, lang, reason)
    english = make_row(number, "en")
    return QuarantinedRow(
        row=make_row(number, lang, checks=checks, languages=(), **texts),
        status=status,
        reason=reason,
        reasons=(reason,),
        detail=f"{reason} of the question",
        source_question=english.question,
        source_passage=english.passage,
        source_answers=tuple(a.text for a in english.answers),
    )


class ReportCorpus:
    """Writes the files of a corpus and collects what its manifest says of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[FileEntry] = []
        self.counts: dict[str, Counter[str]] = {lang: Counter() for lang in TEXTS}
        self.reasons: dict[str, Counter[str]] = {lang: Counter() for lang in TEXTS}

    def put_rows(self, rows: Iterable[Row], number: int = 0, shards: int = 1) -> None:
        by_place: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            by_place.setdefault((row.split, row.lang), []).append(row)
            self.counts[row.lang]["kept"] += 1
        for (split, lang), part in by_place.items():
            part.sort(key=lambda row: row.group_id)
            self._put(("row", split, lang, number, shards), rows_to_table(part))

    def put_quarantine(self, items: list[QuarantinedRow]) -> None:
        for lang in {item.row.lang for item in items}:
            part = sorted(
                (item for item in items if item.row.lang == lang), key=lambda i: i.row.group_id
            )
            for item in part:
                self.counts[lang][item.status] += 1
                self.reasons[lang][item.reason] += 1
            self._put(("quarantine", "", lang, 0, 1), quarantine_to_table(part))

    def put_failures(self, failures: list[FailedRecord]) -> None:
        self._put(("failed_record", "", "", 0, 1), failed_records_to_table(failures))

    def _put(self, place: tuple[str, str, str, int, int], table: pa.Table) -> None:
        path, content, rows = file_path(place), encode(table), table.num_rows
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(content)
        digest = sha256(content).hexdigest()
        kind, split, lang = place[:3]
        self.files.append(
            FileEntry(path=path, kind=kind, split=split, lang=lang, rows=rows, size=len(content),
                      sha256=digest)
        )  # fmt: skip

    def manifest(self, **changes: Any) -> Manifest:
        groups = self.counts["en"]["kept"]
        calibration = Calibration(median=0.1, mad=0.1, rows=240, origin="shipped")
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            tandemqa_version="0.1.0",
            created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
            seconds=12.5,
            config={
                "sources": [{"path": "rivers.json", "dataset": "rivers", "license": "Apache-2.0"}]
            },
            languages=list(TEXTS),
            shards=max((entry.part[1] for entry in self.files), default=1),
            source=SourceCounts(
                read=groups + 6,
                failed={"malformed_json": 2},
                duplicates=1,
                leaked={"xquad": 3},
                looked_for={"xquad": 1190},
                groups=groups,
            ),
            counts={
                lang: LanguageCounts(**self.counts[lang], reasons=self.reasons[lang])
                for lang in TEXTS
            },
            segments={
                lang: SegmentCounts(distinct=90, remembered=30, translated=60, seconds=1.5)
                for lang in TEXTS
                if lang != "en"
            },
            translators={
                lang: APERTIUM if lang == "gl" else NLLB for lang in TEXTS if lang != "en"
            },
            calibration={"es": {"question": calibration}},
            files=sorted(self.files, key=lambda entry: entry.path),
            versions={"python": "3.11"},
        )
        return manifest.model_copy(update=changes)


def make_corpus(folder: Path, groups: int = 40) -> Manifest:
    """Write the corpus and return its manifest."""
    corpus = ReportCorpus(folder)
    refused = {
        (3, "es"): refuse(3, "es", "untranslated"),
        (4, "es"): refuse(4, "es", "length_ratio"),
        (5, "ar"): refuse(5, "ar", "wrong_script"),
        (6, "zh-Hans"): refuse(6, "zh-Hans", "failed", "failed"),
        **{(n, "gl"): refuse(n, "gl", "length_ratio") for n in range(10, 22)},
    }
    changes: dict[tuple[int, str], dict[str, Any]] = {
        (7, "es"): {"question": HOSTILE},
        (8, "es"): {
            "passage": CLOSING + "x" * 5_000,
            "answers": (RowAnswer(HOSTILE, -1, "none", 0),),
        },
        (8, "en"): {"title": HOSTILE, "record_id": HOSTILE},
    }
    rows = []
    for number in range(groups):
        here = tuple(sorted(lang for lang in TEXTS if (number, lang) not in refused))
        rows += [
            make_row(number, lang, languages=here, **changes.get((number, lang), {}))
            for lang in here
        ]
    corpus.put_rows(rows)
    corpus.put_quarantine(list(refused.values()))
    corpus.put_failures(
        [
            FailedRecord("rivers.json", 3, "", "malformed_json", f"line 3: {HOSTILE}"),
            FailedRecord("rivers.json", 9, "", "malformed_json", "line 9: no JSON"),
            FailedRecord("rivers", 0, "r99", "duplicate", "same question and passage as r1"),
        ]
    )
    manifest = corpus.manifest()
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=2))
    return manifest
