"""`tandemqa revalidate`: judge a corpus again without translating again."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.commands.options import absolute
from schemas.command import FailedRunError, UsageError, add_command


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "revalidate",
        "judge a corpus again with other limits; rows move between data and quarantine",
        "tandemqa revalidate corpora/squad --limits passage_spreads=5 --output corpora/squad-wide",
        _run,
        takes_beam_options=True,
    )
    parser.add_argument("corpus", metavar="DIR", help="the corpus directory; it is not changed")
    parser.add_argument("--output", required=True, metavar="DIR", help="where the new corpus goes")
    parser.add_argument(
        "--limits", nargs="+", default=[], metavar="NAME=VALUE", help="limits of checks to change"
    )
    parser.add_argument(
        "--queue",
        metavar="JSONL",
        help="write the records whose translation was cut or failed, to be built again with "
        "other settings",
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress and no summary")


def _run(options: argparse.Namespace, beam_arguments: Sequence[str]) -> int:
    from pipelines.commands.output import read_manifest
    from pipelines.commands.summary import summarise
    from pipelines.limit_settings import parse_limits
    from pipelines.queue import queue_records
    from pipelines.report.write import write_report
    from pipelines.revalidate import revalidate
    from pipelines.run import run_pipeline
    from pipelines.storage import list_files

    corpus, output = absolute(options.corpus), absolute(options.output)
    manifest = read_manifest(corpus)
    if any(True for _ in list_files(output)):
        raise UsageError(f"--output {output} is not empty; name a new folder")
    try:
        limits = parse_limits(options.limits)
    except ValueError as error:
        raise UsageError(str(error)) from error
    run_pipeline(
        lambda p: revalidate(p, corpus, manifest, limits, output),
        beam_arguments,
        progress=not options.quiet,
    )
    revised = read_manifest(output)
    write_report(output, revised)
    if options.queue:
        count = queue_records(output, revised, absolute(options.queue))
        sys.stderr.write(f"{count:,} records queued in {options.queue}\n")
    if not options.quiet:
        sys.stdout.write(summarise(revised, output))
    if revised.faults:
        raise FailedRunError(f"the corpus is marked failed: {'; '.join(revised.faults)}")
    return 0
