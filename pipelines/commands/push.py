"""`tandemqa push`: upload a corpus to the Hugging Face hub."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.commands.options import absolute
from schemas.command import Command
from schemas.errors import FailedRunError, UsageError
from schemas.options import Options, option
from schemas.plain_text import one_line, write_error, write_out
from schemas.wording import counted

if TYPE_CHECKING:
    from schemas.manifest import Manifest


class PushOptions(Options):
    """The options of `push`."""

    corpus: str = option(..., "the corpus directory", "DIR", positional=True)
    name: str = option(
        ..., "its name on the hub, such as ada/squad-es", "USER/NAME", positional=True
    )
    public: bool = option(False, "let everybody see it; without, only you do")
    dry_run: bool = option(False, "show what would be uploaded; nothing is, and no token is needed")
    quiet: bool = option(False, "show no progress")


def _run(options: PushOptions, _: Sequence[str]) -> int:
    folder = _local(options.corpus)
    try:
        from pipelines.corpus.hub import check_card, check_name, files_to_push, push_corpus
        from schemas.corpus_layout import CARD_NAME

        check_name(options.name)
    except ImportError as error:
        raise UsageError("push needs huggingface_hub: pip install 'tandemqa[hub]'") from error
    manifest = _whole(folder)
    check_card(folder / CARD_NAME)
    files = files_to_push(folder, manifest)
    size = sum(file.size for file in files)
    seen_by = "public" if options.public else "private"
    told = f"{counted(len(files), 'file')}, {size / 1e6:,.1f} MB"
    if options.dry_run:
        write_out("".join(f"{file.size:>13,}  {file.path}\n" for file in files))
        write_out(f"would go to {options.name} ({seen_by}): {told}; nothing was uploaded\n")
        return 0
    write_error("" if options.quiet else f"{told} go to {options.name}\n")
    _show_progress(not options.quiet)
    address = push_corpus(folder, manifest, options.name, public=options.public, tell=write_error)
    write_out(f'{address}\nload it with: load_dataset("{options.name}")\n')
    return 0


def _local(corpus: str) -> Path:
    if "://" in corpus:
        raise UsageError(f"{corpus}: push reads a corpus on this machine; copy it here first")
    folder = Path(absolute(corpus))
    if (folder / "training.json").exists():
        raise UsageError(
            f"{corpus} is a model; its own command uploads it: tandemqa train ... --push-to-hub"
        )
    return folder


def _whole(folder: Path) -> "Manifest":
    """Return the manifest of a corpus that `verify` finds whole."""
    from pipelines.commands.output import read_manifest
    from pipelines.corpus.verify import verify

    manifest = read_manifest(str(folder))
    if faults := [one_line(fault) for fault in verify(str(folder), manifest)]:
        write_error("".join(f"{fault}\n" for fault in faults))
        raise FailedRunError(
            f"{counted(len(faults), 'fault')} found in {folder}, so nothing was uploaded; "
            f"check it with: tandemqa verify {folder}"
        )
    return manifest


def _show_progress(shown: bool) -> None:
    from huggingface_hub import utils

    utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    if not shown:
        utils.disable_progress_bars()  # type: ignore[attr-defined]  # loaded lazily


COMMAND: Final = Command(
    "push",
    "upload a corpus to the Hugging Face hub, private unless told otherwise",
    "tandemqa push corpora/squad ada/squad-es --dry-run",
    PushOptions,
    _run,
)
