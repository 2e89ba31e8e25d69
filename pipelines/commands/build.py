"""`tandemqa build`: from English question-answer sets to a parallel corpus."""

from collections.abc import Sequence
from typing import Final

from pipelines.commands.options import CorpusOptions, absolute
from schemas.command import Command, FailedRunError
from schemas.options import option
from schemas.plain_text import write_error, write_out


class BuildOptions(CorpusOptions):
    """The options of `build`."""

    overwrite: bool = option(False, "replace the corpus that stands at --output")
    quiet: bool = option(False, "show no progress and no summary")


def _run(options: BuildOptions, beam_arguments: Sequence[str]) -> int:
    from pipelines.build import build  # Beam is imported only when it is needed
    from pipelines.commands.output import check_output, prepare_output, read_manifest
    from pipelines.commands.resolve import resolve
    from pipelines.commands.summary import summarise, tell_readings, tell_work
    from pipelines.corpus.output_folder import has_reports
    from pipelines.io.remote import use_options
    from pipelines.report.write import write_report
    from pipelines.run import beam_options, run_pipeline

    use_options(beam_options(beam_arguments))
    check_output(absolute(options.output))
    config = resolve(options)
    work = prepare_output(config, overwrite=options.overwrite)
    if work:
        if not options.quiet:
            write_error(tell_readings(config.readings) + tell_work(config))
        run_pipeline(
            lambda p: build(p, work),
            beam_arguments,
            not options.quiet,
            config.translation.folders,
        )
    else:
        write_error(f"{config.output} is complete already; --overwrite builds it again\n")
    manifest = read_manifest(config.output)
    if not has_reports(config.output):
        write_report(config.output, manifest)
    if not options.quiet:
        write_out(summarise(manifest, config.output))
    if manifest.faults:
        raise FailedRunError(
            f"the corpus is marked failed: {'; '.join(manifest.faults)}. Look at "
            f"{config.output}/report.html, then build again with another translator or limit."
        )
    return 0


COMMAND: Final = Command(
    "build",
    "translate English question-answer sets into a parallel corpus",
    "tandemqa build --input squad.json --languages es,ca,pt --output corpora/squad",
    BuildOptions,
    _run,
    takes_beam_options=True,
)
