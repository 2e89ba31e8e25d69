"""`tandemqa verify`: is a corpus whole?"""

from collections.abc import Sequence
from typing import Final

from pipelines.commands.options import absolute
from schemas.command import Command
from schemas.options import Options, option
from schemas.plain_text import one_line, write_out
from schemas.wording import counted


class VerifyOptions(Options):
    """The options of `verify`."""

    corpus: str = option(..., "the corpus directory", "DIR", positional=True)


def _run(options: VerifyOptions, beam_arguments: Sequence[str]) -> int:
    from pipelines.commands.output import read_manifest
    from pipelines.corpus.verify import verify
    from pipelines.io.remote import use_options
    from pipelines.run import beam_options

    use_options(beam_options(beam_arguments))
    output = absolute(options.corpus)
    manifest = read_manifest(output)
    faults = list(verify(output, manifest))
    for fault in faults:
        write_out(f"{one_line(fault)}\n")
    rows = sum(entry.rows for entry in manifest.files if entry.kind == "row")
    write_out(
        f"{counted(len(faults), 'fault')} found\n"
        if faults
        else f"whole: {len(manifest.files)} files, {rows:,} rows in "
        f"{len(manifest.languages)} languages\n"
    )
    return 1 if faults else 0


COMMAND: Final = Command(
    "verify",
    "check that a corpus is whole: files, schemas, counts, languages",
    "tandemqa verify corpora/squad",
    VerifyOptions,
    _run,
    takes_beam_options=True,
)
