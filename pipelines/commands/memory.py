"""`tandemqa memory`: what a translation memory holds, and its many small files made into few."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.commands.options import absolute
from schemas.command import Command, UsageError
from schemas.options import Options, option
from schemas.plain_text import write_error, write_out
from schemas.tables import text_table
from schemas.wording import counted

if TYPE_CHECKING:
    from tqdm import tqdm

    from pipelines.translation.memory_files import Part

_QUICK: Final = 5.0  # seconds in which nothing is shown


class MemoryOptions(Options):
    """The options of `memory`."""

    action: Literal["stats", "compact"] = option(
        ...,
        "stats: how many segments there are; compact: make many small files into few, which "
        "changes no corpus",
        "stats|compact",
        positional=True,
    )
    memory: str = option(..., "the translation memory", "DIR", positional=True)


def _run(options: MemoryOptions, beam_arguments: Sequence[str]) -> int:
    from pipelines.io.remote import use_options
    from pipelines.run import beam_options
    from pipelines.translation.memory_files import list_parts

    use_options(beam_options(beam_arguments))
    memory = absolute(options.memory)
    _check(memory)
    parts = list_parts(memory)
    if not parts:
        raise UsageError(f"{options.memory} holds no translations; name the folder of --memory")
    broken = _compact(parts) if options.action == "compact" else _tell(parts)
    for path in broken:
        write_error(f"{path}: broken; it is not used, and left as it is\n")
    return 0


def _check(memory: str) -> None:
    """Refuse a local folder with links in it, which are not followed."""
    from pipelines.io.storage import is_local

    if not is_local(memory):
        return
    if not Path(memory).is_dir():
        raise UsageError(f"{memory}: there is no such folder")
    for pattern in ("*", "*/*", "*/*/*"):
        for place in Path(memory).glob(pattern):
            if place.is_symlink():
                raise UsageError(f"{place} is a link; links are not followed")


def _tell(parts: Sequence["Part"]) -> list[str]:
    """Write what the parts hold; return what is broken."""
    from pipelines.translation.memory_files import count_segments, model_of

    rows, broken = [], []
    with _bar("count", parts) as bar:
        for part in parts:
            segments, damaged = count_segments(part, bar.update)
            broken += damaged
            files, size = f"{len(part.packets):,}", f"{part.size / 1e6:,.1f} MB"
            rows.append((part.lang, f"{segments:,}", files, size, part.backend, model_of(part)))
    head = ("language", "segments", "files", "size", "translator", "model")
    write_out(text_table(head, rows, "lrrrll") + "\n")
    return broken


def _compact(parts: Sequence["Part"]) -> list[str]:
    """Make many files into few; return what is broken."""
    from pipelines.translation.memory_files import compact

    before, after, broken = 0, 0, []
    with _bar("compact", parts) as bar:
        for part in parts:
            count, damaged = compact(part, bar.update)
            broken += damaged
            before, after = before + len(part.packets), after + count
    write_out(f"{counted(before, 'file')} before, {after:,} now\n")
    return broken


def _bar(task: str, parts: Sequence["Part"]) -> "tqdm[Any]":
    """Return what shows how many files are done, if that takes a while."""
    from schemas.progress import progress_bar

    files = sum(len(part.packets) for part in parts)
    return progress_bar(task=task, unit="files", total=files, delay=_QUICK, leave=False)


COMMAND: Final = Command(
    "memory",
    "tell what a translation memory holds, or make its many small files into few",
    "tandemqa memory compact corpora/memory",
    MemoryOptions,
    _run,
    takes_beam_options=True,
)
