"""Write the report of a corpus beside its manifest."""

import json

from pipelines.corpus.output_folder import REPORTS, check_pages, write_pages
from pipelines.report.facts import gather_facts
from pipelines.report.view import write_page
from schemas.corpus_layout import REPORT_FACTS_NAME, REPORT_PAGE_NAME
from schemas.errors import FailedRunError
from schemas.manifest import Manifest


def write_report(output: str, manifest: Manifest) -> None:
    """Write `report.html` and `report.json`, with the same facts, into a corpus.

    Raises:
        UsageError: If there is a report that is not as tandemqa wrote it.
        FailedRunError: If a file of the corpus cannot be read, or the report cannot be written.
    """
    check_pages(output, REPORTS, manifest)
    facts = gather_facts(output, manifest)
    text = json.dumps(facts, ensure_ascii=False, allow_nan=False, indent=1)
    pages = {
        REPORT_FACTS_NAME: text.encode() + b"\n",
        REPORT_PAGE_NAME: write_page(facts).encode(),
    }
    try:
        write_pages(output, pages)
    except OSError as error:
        raise FailedRunError(
            f"the corpus {output} is complete, but its report cannot be written ({error}); when "
            f"that is mended, type: tandemqa report {output}"
        ) from error
