"""`tandemqa report`: write the report of a corpus again."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.commands.options import absolute
from schemas.command import add_command


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "report",
        "write report.html and report.json: how good a corpus is, and why rows are missing",
        "tandemqa report corpora/squad",
        _run,
        takes_beam_options=True,
    )
    parser.add_argument("corpus", metavar="DIR", help="the corpus directory")


def _run(options: argparse.Namespace, beam_arguments: Sequence[str]) -> int:
    from pipelines.commands.output import read_manifest
    from pipelines.io.remote import use_options
    from pipelines.io.storage import join
    from pipelines.report.write import write_report
    from pipelines.run import beam_options
    from schemas.corpus_layout import REPORT_PAGE_NAME

    use_options(beam_options(beam_arguments))
    output = absolute(options.corpus)
    write_report(output, read_manifest(output))
    sys.stdout.write(f"{join(output, REPORT_PAGE_NAME)}\n")
    return 0
