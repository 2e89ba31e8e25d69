"""Failures are told in one line, whichever process they come from."""

import errno
import traceback

import apache_beam as beam
import grpc
import pytest

from pipelines.failures import explain_failures
from pipelines.ingest.failure_limit import LimitExceededError
from pipelines.run import run_pipeline
from schemas.command import FailedRunError
from translators.translator import TranslationError

AGAIN = "run the same command again"


def told(error: BaseException) -> str:
    with pytest.raises(FailedRunError) as failure, explain_failures():
        raise error
    return str(failure.value)


def from_a_worker(error: Exception, wrapped: str = "Error received from SDK harness: {}") -> str:
    """Return the text a runner hands over when a step in another process raised."""
    try:
        try:
            raise error
        except Exception as cause:
            raise type(error)(f"{error} [while running 'Read/Parse-ptransform-42']") from cause
    except Exception:
        return wrapped.format(traceback.format_exc())


CASES = [
    (LimitExceededError("30 of 40 items are malformed"), "30 of 40 items are malformed", False),
    (ValueError("a.parquet: not a readable packet."), "a.parquet: not a readable packet.", True),
    (TranslationError("none of 90 segments"), "none of 90 segments", True),
    (ChildProcessError("marian does not work"), "marian does not work", True),
]


@pytest.mark.parametrize(("error", "message", "again"), CASES)
@pytest.mark.parametrize("remote", [False, True], ids=["here", "in a worker"])
def test_the_cause_is_told_and_whether_another_run_helps(error, message, again, remote):
    answer = told(RuntimeError(from_a_worker(error)) if remote else error)
    assert answer.startswith(message)
    assert (AGAIN in answer) == again
    assert "while running" not in answer and "\n" not in answer


@pytest.mark.parametrize("remote", [False, True], ids=["here", "in a worker"])
def test_a_full_disk_asks_for_space(remote):
    error = OSError(errno.ENOSPC, "No space left on device")
    text = f'Traceback (most recent call last):\n  File "x.py"\nOSError: {error}\n'
    assert "Free some space" in told(RuntimeError(text) if remote else error)


def test_a_lost_worker_is_told_with_how_to_go_on():
    error = RuntimeError("Traceback ...:\nRuntimeError: Channel closed prematurely.")
    assert "a worker or machine is lost" in told(error) and AGAIN in told(error)
    error = RuntimeError("Pipeline job-1 failed in state FAILED: worker-3 gone")
    assert "worker-3 gone" in told(error)


def test_a_runner_that_is_gone_is_told_as_that():
    with grpc.insecure_channel("localhost:1") as channel:
        call = channel.unary_unary("/beam/Run")
        with pytest.raises(FailedRunError, match="does not answer") as failure, explain_failures():
            call(b"", timeout=5)
    assert AGAIN in str(failure.value)


def test_stopping_is_not_a_failure_of_the_program():
    assert told(KeyboardInterrupt()).startswith("stopped.")


def encode_surrogate():
    "\ud800".encode()


def go_wrong():
    raise RecursionError


UNEXPECTED = [
    (lambda: {}["a key"], "unexpected KeyError", "'a key'"),
    (lambda: 1 / 0, "unexpected ZeroDivisionError", "division by zero"),
    (go_wrong, "unexpected RecursionError", "it says nothing more"),
    (encode_surrogate, "unexpected UnicodeEncodeError", "'utf-8' codec can't encode character"),
]


@pytest.mark.parametrize(("act", "name", "message"), UNEXPECTED)
def test_what_is_not_foreseen_is_told_whole_and_with_its_step(act, name, message):
    def step(element):
        act()

    with pytest.raises(FailedRunError) as failure:
        run_pipeline(lambda p: p | beam.Create([1]) | "My step" >> beam.Map(step), [])
    told = str(failure.value)
    assert told.startswith(f"{name} in step 'My step': {message}")
    assert "--verbose" in told and "while running" not in told and AGAIN not in told


def test_what_is_not_foreseen_in_a_worker_is_told_without_its_traceback():
    text = "Error: Traceback:\n  File x\nTypeError: a bug of ours\n\nDuring handling:\nTypeError: b"
    assert told(RuntimeError(text)).startswith("unexpected TypeError: a bug of ours. ")


def test_the_traceback_is_logged(caplog):
    caplog.set_level("INFO")
    told(KeyError("x"))
    assert "Traceback" in caplog.text


def test_an_error_that_says_nothing_is_named():
    assert told(ValueError()).startswith("unexpected ValueError: it says nothing more.")
