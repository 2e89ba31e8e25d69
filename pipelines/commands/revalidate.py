"""`tandemqa revalidate`: judge a corpus again without translating again."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.commands.options import CheckOptions, absolute
from schemas.command import Command, FailedRunError, UsageError
from schemas.options import option
from schemas.plain_text import write_error, write_out

if TYPE_CHECKING:
    from pipelines.corpus.reread import Corpus
    from pipelines.revalidate import Revision


class RevalidateOptions(CheckOptions):
    """The options of `revalidate`."""

    corpus: str = option(..., "the corpus directory; it is not changed", "DIR", positional=True)
    output: str = option(..., "where the new corpus goes", "DIR", min_length=1)
    queue: str = option(
        "",
        "write the records whose translation was cut or failed, to be built again with other "
        "settings",
        "JSONL",
    )
    retried: str = option(
        "",
        "the corpus built from such a queue: its rows stand in for those that were cut or failed "
        "here",
        "DIR",
    )
    memory: str = option(
        "",
        "translation memory beside which --meaning and --model-checks keep what models say, and "
        "find it again; `memory` beside the corpus by default, if it is there",
        "DIR",
    )
    quiet: bool = option(False, "show no progress and no summary")


def _run(options: RevalidateOptions, beam_arguments: Sequence[str]) -> int:
    from pipelines.commands.output import check_new_file, prepare_new_output, read_manifest
    from pipelines.commands.summary import summarise
    from pipelines.corpus.queue import queue_records
    from pipelines.corpus.reread import Corpus
    from pipelines.io.progress import JUDGING, Outlook, Progress
    from pipelines.io.remote import use_options
    from pipelines.report.write import write_report
    from pipelines.revalidate import revalidate
    from pipelines.run import beam_options, run_pipeline

    use_options(beam_options(beam_arguments))
    corpus, output = absolute(options.corpus), absolute(options.output)
    queue = absolute(options.queue) if options.queue else ""
    before = Corpus(corpus, read_manifest(corpus))
    revision = _revision(options, before)
    if queue:
        check_new_file(queue, "--queue")
    retried = [revision.retried.folder] if revision.retried else []
    prepare_new_output(output, [corpus, *retried])
    manifest = before.manifest
    outlook = Outlook(rows=1 + len(manifest.languages), records=manifest.source.groups)
    progress = Progress(JUDGING if revision.meaning else JUDGING[1:], outlook)
    run_pipeline(
        lambda p: revalidate(p, before, revision, output),
        beam_arguments,
        None if options.quiet else progress,
    )
    revised = read_manifest(output)
    write_report(output, revised)
    if queue:
        count = queue_records(output, revised, queue)
        write_error(f"{count:,} records queued in {options.queue}\n")
    if not options.quiet:
        write_out(summarise(revised, output))
    if revised.faults:
        raise FailedRunError(f"the corpus is marked failed: {'; '.join(revised.faults)}")
    return 0


def _revision(options: RevalidateOptions, before: "Corpus") -> "Revision":
    from pipelines.checks.limit_settings import make_limits
    from pipelines.commands.output import read_manifest
    from pipelines.commands.resolve import choose_meaning
    from pipelines.corpus.reread import Corpus
    from pipelines.judge.model_checks import make_model_check
    from pipelines.revalidate import Revision

    retried = absolute(options.retried) if options.retried else ""
    try:
        return Revision(
            limits=make_limits(options.limits),
            model_checks=tuple(make_model_check(*check) for check in options.model_checks),
            meaning=choose_meaning(options),
            memory=_memory(options, before.folder),
            align_answers=options.align_answers,
            retried=_same_licence(Corpus(retried, read_manifest(retried)), before)
            if retried
            else None,
        )
    except UsageError:
        raise
    except ValueError as error:
        raise UsageError(str(error)) from error


def _memory(options: RevalidateOptions, corpus: str) -> str:
    """Return where what models say is kept; empty for nowhere."""
    from pipelines.commands.output import check_kept, is_memory
    from pipelines.io.storage import is_local, join, parent

    beside = join(parent(corpus), "memory")
    if options.memory:
        memory = absolute(options.memory)
    elif is_local(beside) and is_memory(Path(beside)):
        memory = beside
    else:
        return ""
    check_kept(memory)
    return memory


def _same_licence(retried: "Corpus", before: "Corpus") -> "Corpus":
    """Return the retried corpus, if what it holds may be handed on like what it stands in for."""
    ours, theirs = before.manifest.translators, retried.manifest.translators
    for lang in sorted(set(ours) & set(theirs)):
        if ours[lang].license != theirs[lang].license:
            raise UsageError(
                f"--retried {retried.folder}: {lang} was translated by a model under "
                f"{theirs[lang].license or 'an unknown licence'}, here under "
                f"{ours[lang].license or 'an unknown one'}; keep it as a corpus of its own"
            )
    return retried


COMMAND: Final = Command(
    "revalidate",
    "judge a corpus again with other limits; rows move between data and quarantine",
    "tandemqa revalidate corpora/squad --limits passage_spreads=5 --output corpora/squad-wide",
    RevalidateOptions,
    _run,
    takes_beam_options=True,
)
