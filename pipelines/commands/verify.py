"""`tandemqa verify`: is a corpus whole?"""

import argparse
import sys
from collections.abc import Sequence

from pipelines.commands.options import absolute
from schemas.command import add_command
from schemas.wording import counted


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "verify",
        "check that a corpus is whole: files, schemas, counts, languages",
        "tandemqa verify corpora/squad",
        _run,
        takes_beam_options=True,
    )
    parser.add_argument("corpus", metavar="DIR", help="the corpus directory")


def _run(options: argparse.Namespace, beam_arguments: Sequence[str]) -> int:
    from pipelines.commands.output import read_manifest
    from pipelines.corpus.verify import verify
    from pipelines.io.remote import use_options
    from pipelines.run import beam_options

    use_options(beam_options(beam_arguments))
    output = absolute(options.corpus)
    manifest = read_manifest(output)
    faults = list(verify(output, manifest))
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    rows = sum(entry.rows for entry in manifest.files if entry.kind == "row")
    sys.stdout.write(
        f"{counted(len(faults), 'fault')} found\n"
        if faults
        else f"whole: {len(manifest.files)} files, {rows:,} rows in "
        f"{len(manifest.languages)} languages\n"
    )
    return 1 if faults else 0
