"""`tandemqa report`: write the report of a corpus again."""

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pipelines.commands.options import absolute
from schemas.command import Command
from schemas.options import Options, option
from schemas.plain_text import write_error, write_out


class ReportOptions(Options):
    """The options of `report`."""

    corpus: str = option(..., "the corpus directory", "DIR", positional=True)
    open: bool = option(False, "open the report in a browser, to read through the corpus")


def _run(options: ReportOptions, beam_arguments: Sequence[str]) -> int:
    from pipelines.commands.output import read_manifest
    from pipelines.io.remote import use_options
    from pipelines.io.storage import join
    from pipelines.report.write import write_report
    from pipelines.run import beam_options
    from schemas.corpus_layout import REPORT_PAGE_NAME

    use_options(beam_options(beam_arguments))
    output = absolute(options.corpus)
    write_report(output, read_manifest(output))
    page = join(output, REPORT_PAGE_NAME)
    write_out(f"{page}\n")
    if options.open:
        _open(page)
    return 0


def _open(page: str) -> None:
    """Open a page in the user's browser, or say why not; the report is written all the same."""
    if "://" in page:
        write_error("--open: the report is not on this machine; copy it here to open it\n")
    elif not webbrowser.open(Path(page).as_uri()):
        write_error("--open: no browser was found here; open the file in one\n")


COMMAND: Final = Command(
    "report",
    "write report.html and report.json: how good a corpus is, and why rows are missing",
    "tandemqa report corpora/squad --open",
    ReportOptions,
    _run,
    takes_beam_options=True,
)
