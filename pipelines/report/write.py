"""Write the report of a corpus beside its manifest."""

import json

from pipelines.io.storage import join, write_bytes
from pipelines.report.facts import gather_facts
from pipelines.report.view import write_page
from schemas.corpus_layout import REPORT_FACTS_NAME, REPORT_PAGE_NAME
from schemas.manifest import Manifest


def write_report(output: str, manifest: Manifest) -> None:
    """Write `report.html` and `report.json`, with the same facts, into a corpus.

    Raises:
        FailedRunError: If a file of the corpus cannot be read.
    """
    facts = gather_facts(output, manifest)
    text = json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1)
    write_bytes(join(output, REPORT_FACTS_NAME), text.encode() + b"\n")
    write_bytes(join(output, REPORT_PAGE_NAME), write_page(facts).encode())
