"""Upload of a corpus to the Hugging Face hub; what is there already is looked at first."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from pipelines.corpus.output_folder import is_ours
from schemas.corpus_layout import FOLDERS, TOP_FILES, is_parquet_name
from schemas.errors import FailedRunError, UsageError
from schemas.manifest import Manifest
from schemas.ownership import MARKER_NAME, Entry, name_some
from schemas.plain_text import one_line

_OF_THE_HUB: Final = ".gitattributes"
_PAGES: Final = [name for name in TOP_FILES if name != MARKER_NAME]
_LOGIN: Final = "log in with `hf auth login`, or set HF_TOKEN to a token that may write"


class HubFile(NamedTuple):
    """A file that goes to the hub, with its size in bytes."""

    path: str
    size: int


def files_to_push(folder: Path, manifest: Manifest) -> list[HubFile]:
    """Return the files of a corpus in the order in which they are uploaded."""
    pages = [name for name in _PAGES if (folder / name).exists()]
    names = [*sorted(entry.path for entry in manifest.files), *pages]
    return [HubFile(name, (folder / name).stat().st_size) for name in names]


def check_name(name: str) -> None:
    """Refuse what cannot be the name of a data set on the hub.

    Raises:
        UsageError: If it is none.
    """
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # lazily

    if name.count("/") != 1:
        raise UsageError(f"{name}: wanted user/name, as in ada/squad-es")
    try:
        validate_repo_id(name)
    except HFValidationError as error:
        raise UsageError(f"{name}: {str(error).rstrip('.')}") from None


def check_card(card: Path) -> None:
    """Refuse a card whose head the hub's own library cannot read.

    Raises:
        FailedRunError: If so.
    """
    from huggingface_hub import DatasetCard

    try:
        DatasetCard.load(card)
    except ValueError as error:
        raise FailedRunError(f"{card}: {error}") from error


def push_corpus(
    folder: Path, manifest: Manifest, name: str, *, public: bool, tell: Callable[[str], None]
) -> str:
    """Upload a corpus and return its address; an interrupted upload goes on where it was.

    The manifest goes last, with card and report: its presence means that all is there.

    Args:
        folder: The corpus, already verified.
        manifest: Its manifest.
        name: `user/name` on the hub; made when it is not there.
        public: Whether everybody may see it.
        tell: Is given sentences about what happens.

    Raises:
        UsageError: If the name holds other files, or is public without `public`.
        FailedRunError: If the hub refuses or cannot be reached.
    """
    from huggingface_hub import HfApi, get_token

    if not get_token():
        raise UsageError(f"pushing needs a token: {_LOGIN}")
    api = HfApi()
    with _hub_errors(name):
        address = api.create_repo(
            name, repo_type="dataset", visibility="public" if public else "private", exist_ok=True
        )
        info = api.dataset_info(name)
        remote = [file.rfilename for file in info.siblings or []]
        _check_repository(name, remote, private=bool(info.private), public=public)
        if info.private and public:
            tell(f"{name} is there already, and private; it stays private\n")
        kept = {entry.path for entry in manifest.files}
        outdated = [path for path in remote if is_parquet_name(path) and path not in kept]
        shards = [f"{part}/*" for part in FOLDERS]
        for allowed, deleted in ((shards, outdated), (_PAGES, [])):
            api.upload_folder(
                repo_id=name,
                repo_type="dataset",
                folder_path=folder,
                allow_patterns=allowed,
                delete_patterns=deleted or None,
                commit_message=f"Corpus of tandemqa {manifest.tandemqa_version}",
            )
    return str(address)


def _check_repository(name: str, remote: list[str], *, private: bool, public: bool) -> None:
    foreign = [Entry(path) for path in remote if not is_ours(path) and path != _OF_THE_HUB]
    if foreign:
        raise UsageError(
            f"{name} is there already, and contains files that tandemqa did not write: "
            f"{name_some(foreign)}; choose another name"
        )
    if not private and not public:
        raise UsageError(
            f"{name} is there already, and everybody can see it; add --public to upload it all "
            "the same, or choose another name"
        )


@contextmanager
def _hub_errors(name: str) -> Iterator[None]:
    """Turn what the hub's library raises into a message that says what to do."""
    from huggingface_hub.errors import HfHubHTTPError

    again = "give the same command again: what is uploaded already is not uploaded again"
    try:
        yield
    except UsageError:
        raise
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        todo = _LOGIN if status in (401, 403) else again
        raise FailedRunError(f"{name}: {one_line(str(error)).rstrip('.')}; {todo}") from error
    except Exception as error:  # those of the library's network library, which has changed before
        raise FailedRunError(f"{name}: {one_line(str(error)).rstrip('.')}; {again}") from error
