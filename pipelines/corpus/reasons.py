"""What every reason code means: `python -m pipelines.corpus.reasons` writes docs/reasons.md."""

import sys
from typing import Final

# Imported for the reasons that they, and what they import, declare.
import pipelines.checks
import pipelines.ingest.deduplicate
import pipelines.ingest.read
import pipelines.ingest.source_language
import pipelines.leaks.rules
import pipelines.translation.rows  # noqa: F401
import translators.apertium
import translators.isolation
import translators.llm
import translators.sequence_model  # noqa: F401
from schemas.reason import declared_reasons
from schemas.tables import markdown_table

_MEANINGS: Final = declared_reasons()
_INTRODUCTION: Final = """\
# Reason codes

Why an item or a row is not in a corpus, or what a check noticed about a row that is. The codes
stand in `quarantine/`, in the manifest, in the report and in the names of counters. A model check
(`--model-checks NAME=...`) uses its own name as a code.
"""


def explain_reason(code: str) -> str:
    """Return what a reason code means; empty for the name of a model check."""
    return _MEANINGS.get(code, "")


def reasons_page() -> str:
    """Return all reason codes with their meanings, as Markdown."""
    rows = [(f"`{code}`", meaning) for code, meaning in sorted(_MEANINGS.items())]
    return f"{_INTRODUCTION}\n{markdown_table(('code', 'meaning'), rows, 'll')}\n"


if __name__ == "__main__":
    sys.stdout.write(reasons_page())
