"""`tandemqa build`: from English question-answer sets to a parallel corpus."""

import argparse
import sys
from collections.abc import Sequence

from pipelines.commands.options import DEFAULTS, REQUIRED, add_build_options
from schemas.command import FailedRunError, add_command, merge_config


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "build",
        "translate English question-answer sets into a parallel corpus",
        "tandemqa build --input squad.json --languages es,ca,pt --output corpora/squad",
        _run,
        takes_beam_options=True,
    )
    add_build_options(parser)
    parser.add_argument(
        "--overwrite",
        action="store_true",
        default=None,
        help="replace the corpus that stands at --output",
    )
    parser.add_argument(
        "--quiet", action="store_true", default=None, help="show no progress and no summary"
    )


def _run(options: argparse.Namespace, beam_arguments: Sequence[str]) -> int:
    from pipelines.build import build  # Beam is imported only when it is needed
    from pipelines.commands.output import prepare_output, read_manifest
    from pipelines.commands.resolve import resolve
    from pipelines.commands.summary import summarise
    from pipelines.io.remote import use_options
    from pipelines.report.write import write_report
    from pipelines.run import beam_options, run_pipeline

    use_options(beam_options(beam_arguments))
    merged = merge_config(options, DEFAULTS, REQUIRED)
    config = resolve(merged)
    quiet = bool(merged.get("quiet"))
    if prepare_output(config, overwrite=bool(merged.get("overwrite"))):
        run_pipeline(
            lambda p: build(p, config), beam_arguments, not quiet, config.translation.folders
        )
        write_report(config.output, read_manifest(config.output))
    else:
        sys.stderr.write(
            f"{config.output} is complete already; --overwrite builds it again, for instance "
            "after the inputs have changed\n"
        )
    manifest = read_manifest(config.output)
    if not quiet:
        sys.stdout.write(summarise(manifest, config.output))
    if manifest.faults:
        raise FailedRunError(
            f"the corpus is marked failed: {'; '.join(manifest.faults)}. Look at "
            f"{config.output}/report.html, then build again with another translator or limit."
        )
    return 0
