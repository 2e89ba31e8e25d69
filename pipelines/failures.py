"""What made a pipeline fail, in one message that a person can act on."""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc  # type: ignore[import-untyped]

from pipelines.corpus.corpus_file import DamagedCorpusError
from pipelines.corpus.finish import ConservationError
from pipelines.ingest.failure_limit import LimitExceededError
from pipelines.leaks.evaluation_sets import EvaluationSetError
from schemas.command import FailedRunError
from translators.translator import TranslationError

_GO_ON: Final = (
    "Finished packets are in the memory: run the same command again to go on where it stopped."
)
# Errors of the input or of a rule: running again would end in the same way.
_FINAL: Final = (LimitExceededError, ConservationError, DamagedCorpusError, EvaluationSetError)
_PASSING: Final = (ValueError, TranslationError, OSError)
_STEP: Final = re.compile(r" \[while running .*", re.DOTALL)  # Beam adds it

# A runner in other processes hands over the text of a traceback; its innermost error comes first.
_RAISED: Final = re.compile(r"^(?:[a-z_]+\.)*([A-Z]\w*Error): (.+)$", re.MULTILINE)
_NAMES: Final = {
    **{kind.__name__: kind for kind in (*_FINAL, *_PASSING)},
    **{kind.__name__: OSError for kind in OSError.__subclasses__()},
}
_LOST: Final = re.compile(
    r"Channel closed prematurely|failed in state|worker \S+ (?:is )?(?:lost|disconnected)"
)


@contextmanager
def explain_failures() -> Iterator[None]:
    """Raise a FailedRunError in place of what a run is foreseen to fail with.

    Beam wraps what a step raised into a RuntimeError; what is not foreseen here stays as it is,
    with its traceback.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        causes = list(_causes(error))
        for message in (*map(_explain, causes), *map(_explain_text, causes)):
            if message:
                raise FailedRunError(message) from error
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain(cause: BaseException) -> str:
    """Return what to tell the user of a cause; empty when it explains nothing."""
    told = _STEP.sub("", str(cause))
    if isinstance(cause, KeyboardInterrupt):
        return f"stopped. {_GO_ON}"
    if isinstance(cause, _FINAL):
        return told
    if isinstance(cause, grpc.RpcError):
        return f"the runner does not answer any more. {_GO_ON}"
    if isinstance(cause, OSError):
        return _explain_system(told, cause.errno == errno.ENOSPC)
    return f"{told} {_GO_ON}" if isinstance(cause, _PASSING) else ""


def _explain_text(cause: BaseException) -> str:
    """Return what to tell of an error that came from another process as text."""
    if not isinstance(cause, RuntimeError):
        return ""
    text = str(cause)
    for name, told in _RAISED.findall(text):
        kind = _NAMES.get(name)
        told = _STEP.sub("", told)
        if kind in _FINAL:
            return str(told)
        if kind is OSError:
            return _explain_system(told, f"Errno {errno.ENOSPC}]" in told)
        if kind:
            return f"{told} {_GO_ON}"
    if _LOST.search(text):
        last = text.strip().splitlines()[-1]
        return f"the runner gave up, as when a worker or machine is lost ({last}). {_GO_ON}"
    return ""


def _explain_system(told: str, disk_full: bool) -> str:
    return f"{told}. {'Free some space. ' if disk_full else ''}{_GO_ON}"
