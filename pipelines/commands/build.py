"""`tandemqa build`: from English question-answer sets to a parallel corpus."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.commands.options import CorpusOptions, absolute
from schemas.command import Command, FailedRunError
from schemas.notices import collect_notices
from schemas.options import option
from schemas.plain_text import write_error, write_out
from schemas.wording import counted

if TYPE_CHECKING:
    from pipelines.corpus.config import BuildConfig
    from pipelines.io.progress import Progress


# Bytes of input: a smaller build is over before it is worth knowing when.
_LARGE: Final = 1 << 20


class BuildOptions(CorpusOptions):
    """The options of `build`."""

    overwrite: bool = option(False, "replace the corpus that stands at --output")
    quiet: bool = option(False, "show no progress and no summary")


def _run(options: BuildOptions, beam_arguments: Sequence[str]) -> int:
    if not options.quiet:  # at once: it takes some seconds until more is known
        inputs = counted(len(options.input), "input")
        into = ", ".join(options.languages)
        write_error(f"{inputs} into {into}; corpus: {absolute(options.output)}\n")
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
    work, warnings = prepare_output(config, overwrite=options.overwrite), []
    if work:
        progress = None
        if not options.quiet:
            write_error(tell_readings(config.readings) + tell_work(config))
            progress = _progress(work, beam_arguments)
        with collect_notices() as notices:
            folders = config.translation.folders
            run_pipeline(lambda p: build(p, work), beam_arguments, progress, folders)
        warnings = notices.lines()
    else:
        write_error(f"{config.output} is complete already; --overwrite builds it again\n")
    manifest = read_manifest(config.output)
    if not has_reports(config.output):
        write_report(config.output, manifest)
    if not options.quiet:
        write_out(summarise(manifest, config.output, warnings))
    if manifest.faults:
        raise FailedRunError(
            f"the corpus is marked failed: {'; '.join(manifest.faults)}. Look at "
            f"{config.output}/report.html, then build again with another translator or limit."
        )
    return 0


def _progress(config: "BuildConfig", beam_arguments: Sequence[str]) -> "Progress":
    """Return how the build is going; before a large one, tell how long it will take."""
    from pipelines.io.progress import ALL, Outlook, Progress
    from pipelines.look_ahead import look_ahead
    from pipelines.run import beam_options, runs_here

    steps = [step for step in ALL if step != "meaning" or config.meaning]
    files = [Path(entry.path) for entry in config.inputs]
    size = sum(path.stat().st_size for path in files if path.is_file())
    if size < _LARGE or not runs_here(beam_options(beam_arguments)):
        return Progress(steps, Outlook(rows=1 + len(config.languages)))
    write_error("trying some records, to tell how long all will take\n")
    prospect = look_ahead(config, size, beam_arguments)
    progress = Progress(steps, prospect.outlook)
    write_error(prospect.tell(progress.seconds_left()))
    return progress


COMMAND: Final = Command(
    "build",
    "translate English question-answer sets into a parallel corpus",
    "tandemqa build --input squad.json --languages es,ca,pt --output corpora/squad",
    BuildOptions,
    _run,
    takes_beam_options=True,
)
