"""Alarms: what a person should look at before using a corpus."""

from collections.abc import Iterator, Mapping
from statistics import median
from typing import Any, Final

from schemas.manifest import LanguageCounts, Manifest
from schemas.wording import counted

HIGHEST_SHARE: Final = 0.2
TIMES_MEDIAN: Final = 3
# Three times next to nothing is still next to nothing.
LEAST_SHARE: Final = 0.01
MOST_UNVERIFIED: Final = 0.5
_UNVERIFIED: Final = ("short", "script_only", "disputed")

Alarm = dict[str, str]


def find_alarms(
    manifest: Manifest, targets: list[str], verdicts: Mapping[str, Mapping[str, Any]]
) -> list[Alarm]:
    """Return the alarms of a corpus, each with language, kind and a sentence with the numbers.

    Args:
        manifest: The corpus.
        targets: Its languages without the source language.
        verdicts: Of the language check, by language and field.
    """
    return [
        *(_alarm("", "conservation", fault) for fault in manifest.conservation_faults()),
        *(_alarm("", "fault", f"The corpus is marked failed: {f}.") for f in manifest.faults),
        *_leaks(manifest),
        *_rejections(manifest, targets),
        *_failures(manifest, targets),
        *_unverified(targets, verdicts),
    ]


def _alarm(lang: str, kind: str, text: str) -> Alarm:
    return {"lang": lang, "kind": kind, "text": text}


def _leaks(manifest: Manifest) -> Iterator[Alarm]:
    for lang, sets in manifest.alarms.items():
        for name, fields in sets.items():
            told = " and ".join(counted(count, field) for field, count in sorted(fields.items()))
            text = f"Similar to the evaluation set {name} in this language: {told}."
            yield _alarm(lang, "leak", text)


def _share(count: int, counts: LanguageCounts) -> float:
    return count / max(counts.kept + counts.rejected + counts.failed, 1)


def _rejections(manifest: Manifest, targets: list[str]) -> Iterator[Alarm]:
    shares = {
        lang: _share(manifest.counts[lang].rejected, manifest.counts[lang]) for lang in targets
    }
    usual = median(shares.values()) if shares else 0.0
    for lang, share in shares.items():
        if share > HIGHEST_SHARE:
            text = f"{share:.1%} of the rows were rejected (alarm above {HIGHEST_SHARE:.0%})."
            yield _alarm(lang, "rejected", text)
        elif share > max(TIMES_MEDIAN * usual, LEAST_SHARE):
            text = (
                f"{share:.1%} of the rows were rejected, more than {TIMES_MEDIAN} times the "
                f"median of all languages ({usual:.1%})."
            )
            yield _alarm(lang, "rejected", text)


def _failures(manifest: Manifest, targets: list[str]) -> Iterator[Alarm]:
    for lang in targets:
        counts = manifest.counts[lang]
        share = _share(counts.failed, counts)
        if share > HIGHEST_SHARE:
            text = (
                f"{share:.1%} of the rows failed in translation (alarm above {HIGHEST_SHARE:.0%})."
            )
            yield _alarm(lang, "failed", text)


def _unverified(targets: list[str], verdicts: Mapping[str, Mapping[str, Any]]) -> Iterator[Alarm]:
    for lang in targets:
        shares = {
            field: sum(mix[name] for name in _UNVERIFIED) / max(sum(mix.values()), 1)
            for field, mix in verdicts[lang].items()
        }
        high = {field: share for field, share in shares.items() if share > MOST_UNVERIFIED}
        if high:
            told = " and ".join(f"{share:.1%} of the {field}s" for field, share in high.items())
            text = (
                f"The language of {told} could not be verified (alarm above {MOST_UNVERIFIED:.0%})."
            )
            yield _alarm(lang, "unverified", text)
