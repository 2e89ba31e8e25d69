"""What made a pipeline fail, in one message that a person can act on."""

import errno
import logging
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

logger = logging.getLogger(__name__)

_GO_ON: Final = (
    "Finished packets are in the memory: run the same command again to go on where it stopped."
)
# Errors of the input or of a rule: running again would end in the same way.
_FINAL: Final = (LimitExceededError, ConservationError, DamagedCorpusError, EvaluationSetError)
_PASSING: Final = (ValueError, TranslationError, OSError)
_REPORT: Final = (
    "Finished packets are in the memory. If the same happens again, it is a fault of tandemqa: add "
    "--verbose and report what is shown."
)
# Beam adds the step, in the middle of the message where the error has several arguments.
_STEP: Final = re.compile(r" ?\[while running '([^'\n]*)'\](?:\n.*)?", re.DOTALL)

# A runner in other processes hands over the text of a traceback; its innermost error comes first.
_RAISED: Final = re.compile(r"^(?:\w+\.)*([A-Z]\w*(?:Error|Exception))(?:: (.+))?$", re.MULTILINE)
_NAMES: Final = {
    **{kind.__name__: kind for kind in (*_FINAL, *_PASSING)},
    **{kind.__name__: OSError for kind in OSError.__subclasses__()},
}
_LOST: Final = re.compile(
    r"Channel closed prematurely|failed in state|worker \S+ (?:is )?(?:lost|disconnected)"
)


@contextmanager
def explain_failures() -> Iterator[None]:
    """Raise a FailedRunError in place of what a run fails with; the traceback is logged.

    Beam wraps what a step raised into an error of the same type or a RuntimeError.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        causes = list(_causes(error))
        explained = (*map(_explain, causes), *map(_explain_text, causes))
        message = next(filter(None, explained), "") or _describe_unexpected(causes)
        logger.info("the run failed", exc_info=error)
        raise FailedRunError(" ".join(message.split())) from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain(cause: BaseException) -> str:
    """Return what to tell the user of a cause; empty when it explains nothing."""
    told = _STEP.sub("", str(cause)).strip()
    if isinstance(cause, KeyboardInterrupt):
        return f"stopped. {_GO_ON}"
    if isinstance(cause, _FINAL):
        return told
    if isinstance(cause, grpc.RpcError):
        return f"the runner does not answer any more. {_GO_ON}"
    if isinstance(cause, MemoryError):
        return f"out of memory. {_GO_ON}"
    if isinstance(cause, OSError):
        return _explain_system(told, cause.errno == errno.ENOSPC)
    return _passing(told) if _is_passing(type(cause)) else ""


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
            return _passing(told)
    if _LOST.search(text):
        last = text.strip().splitlines()[-1]
        return f"the runner gave up, as when a worker or machine is lost ({last}). {_GO_ON}"
    return ""


def _is_passing(kind: type[BaseException]) -> bool:
    return issubclass(kind, _PASSING) and not issubclass(kind, UnicodeError)


def _passing(told: str) -> str:
    return f"{told}{'' if told.endswith(('.', '!', '?')) else '.'} {_GO_ON}" if told else ""


def _describe_unexpected(causes: list[BaseException]) -> str:
    """Return type, place and whole message of an error that nobody has foreseen."""
    found = [(type(cause).__name__, str(cause)) for cause in causes]
    raised = [match for _, text in found for match in _RAISED.findall(text)]
    # The innermost that a worker has told of, else the first that Beam has not wrapped.
    unwrapped = [(name, text) for name, text in found if not _STEP.search(text)]
    name, text = (raised or unwrapped or found)[0]
    step = next((match[1] for _, wrapped in found if (match := _STEP.search(wrapped))), "")
    where = f" in step {step!r}" if step else ""
    told = _STEP.sub("", text).strip().rstrip(".") or "it says nothing more"
    return f"unexpected {name}{where}: {told}. {_REPORT}"


def _explain_system(told: str, disk_full: bool) -> str:
    return f"{told}. {'Free some space. ' if disk_full else ''}{_GO_ON}"
