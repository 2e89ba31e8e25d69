"""Reason codes: why an item or a row is not in the corpus, or what a check thinks of it.

A code is declared once, beside the rule that gives it, with its meaning:

    MOJIBAKE: Final = declare_reason("mojibake", "characters that were decoded wrongly")

Whatever fails, rejects or flags takes a `Reason`, so that the type checker finds a code that
nobody has declared. `pipelines/corpus/reasons.py` gathers all of them for the report and the docs.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NewType

Reason = NewType("Reason", str)

NO_REASON: Final = Reason("")

_MEANINGS: Final[dict[str, str]] = {}


def declare_reason(code: str, meaning: str) -> Reason:
    """Return a new reason code.

    Args:
        code: What stands in files, counters and reports; never changed once it was released.
        meaning: What is wrong, for a reader who sees the code in a report; not a whole sentence.

    Raises:
        ValueError: If the code already means something else.
    """
    if _MEANINGS.setdefault(code, meaning) != meaning:
        raise ValueError(f"reason {code!r} is already declared: {_MEANINGS[code]}")
    return Reason(code)


def declared_reasons() -> Mapping[str, str]:
    """Return the meaning of every reason that a loaded module has declared."""
    return MappingProxyType(_MEANINGS)
