"""Faults of a whole language: a corpus that has one is marked failed."""

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.check import PASS, Check
from schemas.manifest import LanguageCounts

FEW_ROWS: Final = 20
# Reasons that are faults of the setup rather than of single rows, and from which share of rows.
_SYSTEMIC: Final = {
    "wrong_language_token": (0.01, "the model ignores the target language"),
    "target_duplicate": (0.2, "many sources share one translation"),
    "untranslated": (0.3, "the translator returns English"),
}
# Checks that leave open a language that a detector knows.
_UNVERIFIED: Final = frozenset({"unverified_short", "language_disputed"})
# Checks that settle it as far as it can be settled.
_SETTLED: Final = frozenset({"similar_language", "script_only"})


def is_unverified(checks: Iterable[Check]) -> bool:
    """Return whether neither question nor passage of a row shows its language.

    A language that no detector knows does not count: that is no fault of the row.
    """
    found = {c.name for c in checks if c.name != "wrong_language" or c.verdict == PASS}
    return bool(found & _UNVERIFIED) and not found & (_SETTLED | {"wrong_language"})


def systemic_faults(
    counts: Mapping[str, LanguageCounts], max_rejected_share: float, max_unverified_share: float
) -> list[str]:
    """Return one sentence with numbers for each fault of a language.

    Args:
        counts: What became of the records, by language.
        max_rejected_share: Share of rejected and failed rows that is allowed, 0 to 1.
        max_unverified_share: Share of kept rows in an unverified language that is allowed.
    """
    faults = []
    for lang, count in counts.items():
        lost, total = count.rejected + count.failed, count.kept + count.rejected + count.failed
        if total < FEW_ROWS:
            continue
        if lost > max_rejected_share * total:
            reasons = sorted(count.reasons.items(), key=lambda item: (-item[1], item[0]))[:3]
            told = ", ".join(f"{reason} {number:,}" for reason, number in reasons)
            faults.append(
                f"{lang}: {lost:,} of {total:,} rows ({lost / total:.1%}) were rejected or failed, "
                f"more than --max-rejected-share {max_rejected_share:g} allows: {told}"
            )
        if count.unverified > max_unverified_share * count.kept:
            faults.append(
                f"{lang}: the language of {count.unverified:,} of {count.kept:,} kept rows "
                f"({count.unverified / count.kept:.1%}) could not be verified, more than "
                f"--max-unverified-share {max_unverified_share:g} allows"
            )
        for reason, (share, meaning) in _SYSTEMIC.items():
            number = count.reasons.get(reason, 0)
            if number > share * total:
                faults.append(f"{lang}: {reason} in {number:,} of {total:,} rows: {meaning}")
    return faults
