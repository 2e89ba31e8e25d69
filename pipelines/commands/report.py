"""`tandemqa report`: write the report of a corpus again."""

from collections.abc import Sequence
from typing import Final

from pipelines.commands.options import absolute
from schemas.command import Command
from schemas.options import Options, option
from schemas.plain_text import write_out


class ReportOptions(Options):
    """The options of `report`."""

    corpus: str = option(..., "the corpus directory", "DIR", positional=True)


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
    write_out(f"{join(output, REPORT_PAGE_NAME)}\n")
    return 0


COMMAND: Final = Command(
    "report",
    "write report.html and report.json: how good a corpus is, and why rows are missing",
    "tandemqa report corpora/squad",
    ReportOptions,
    _run,
    takes_beam_options=True,
)
