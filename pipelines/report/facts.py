"""The facts of a report: everything the page shows, as plain JSON values."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from pipelines.corpus.corpus_file import DamagedCorpusError, open_file
from pipelines.report.alarms import find_alarms
from pipelines.report.check_facts import describe_checks, language_verdicts
from pipelines.report.sample import Sample
from pipelines.report.scan import Scan, scan_file
from schemas.command import FailedRunError
from schemas.language import LANGUAGES, SOURCE_LANGUAGE
from schemas.manifest import FileEntry, Manifest

EXAMPLES_PER_REASON: Final = 5

_FAILURE_COLUMNS: Final = ["source", "line", "record_id", "reason", "detail"]
_RIGHT_TO_LEFT: Final = frozenset({"Adlm", "Arab", "Hebr", "Nkoo", "Syrc", "Thaa"})
Facts = dict[str, Any]


def gather_facts(output: str, manifest: Manifest) -> Facts:
    """Return the facts of a corpus; its files are read once, one by one.

    Raises:
        FailedRunError: If a file of the manifest cannot be read.
    """
    scans: dict[str, Scan] = {lang: Scan() for lang in manifest.languages}
    sample, failures = Sample(), _Failures()
    for entry in _in_reading_order(manifest.files):
        try:
            _read(output, entry, scans, sample, failures)
        except DamagedCorpusError as error:
            raise FailedRunError(
                f"{output}/{error}; `tandemqa verify {output}` tells what is wrong with the corpus"
            ) from error
    targets = [lang for lang in manifest.languages if lang != SOURCE_LANGUAGE]
    verdicts = {lang: language_verdicts(scans[lang]) for lang in targets}
    whole = manifest.model_dump(mode="json")
    return {
        "corpus": _corpus(manifest, scans[SOURCE_LANGUAGE]),
        "alarms": find_alarms(manifest, targets, verdicts),
        "source": whole["source"],
        "source_examples": failures.examples,
        "languages": {
            lang: {
                **_language(manifest, lang),
                "methods": dict(sorted(scans[lang].methods.items())),
                **(describe_checks(lang, scans[lang], verdicts[lang]) if lang in verdicts else {}),
            }
            for lang in manifest.languages
        },
        "translators": whole["translators"],
        "calibration": whole["calibration"],
        "segments": whole["segments"],
        "config": whole["config"],
        "versions": whole["versions"],
        "sample": sample.groups(),
    }


def _in_reading_order(entries: Iterable[FileEntry]) -> list[FileEntry]:
    """Return the source language first and the quarantine last, as the sample needs it."""
    kinds = {"row": 0, "quarantine": 1, "failed_record": 2}
    return sorted(entries, key=lambda e: (kinds[e.kind], e.lang != SOURCE_LANGUAGE, e.path))


class _Failures:
    """A few source items that became no record, for every reason."""

    def __init__(self) -> None:
        self.examples: dict[str, list[dict[str, Any]]] = {}

    def add(self, items: Iterable[dict[str, Any]]) -> None:
        for item in items:
            examples = self.examples.setdefault(item.pop("reason"), [])
            if len(examples) < EXAMPLES_PER_REASON:
                examples.append(item)


def _read(
    output: str, entry: FileEntry, scans: dict[str, Scan], sample: Sample, failures: _Failures
) -> None:
    file = open_file(output, entry)
    if entry.kind == "failed_record":
        for table in file.tables(_FAILURE_COLUMNS):
            failures.add(table.to_pylist())
        return
    is_source = entry.lang == SOURCE_LANGUAGE
    scan_file(scans[entry.lang], file, entry.kind == "row", is_source)
    if entry.kind == "quarantine":
        sample.add_quarantine(entry.lang, file)
    elif is_source:
        sample.add_source(file)
    else:
        sample.add_rows(file)


def _corpus(manifest: Manifest, scan: Scan) -> Facts:
    rows = [entry for entry in manifest.files if entry.kind == "row"]
    return {
        "created": manifest.created.isoformat(timespec="seconds"),
        "seconds": manifest.seconds,
        "tandemqa_version": manifest.tandemqa_version,
        "schema_version": manifest.schema_version,
        "rows": sum(entry.rows for entry in rows),
        "groups": manifest.source.groups,
        "complete_groups": scan.breadth[len(manifest.languages)],
        "groups_by_languages": {str(n): count for n, count in sorted(scan.breadth.items())},
        "files": len(rows),
        "bytes": sum(entry.size for entry in rows),
        "shards": manifest.shards,
    }


def _language(manifest: Manifest, lang: str) -> Facts:
    splits: Counter[str] = Counter()
    for entry in manifest.files:
        if entry.kind == "row" and entry.lang == lang:
            splits[entry.split] += entry.rows
    language = LANGUAGES[lang]
    return {
        "name": language.name,
        "direction": "rtl" if language.script in _RIGHT_TO_LEFT else "ltr",
        "splits": dict(sorted(splits.items())),
        **manifest.counts[lang].model_dump(),
    }
