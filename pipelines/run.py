"""Run a pipeline: choose the runner, refuse unknown options, explain what failed."""

import argparse
import errno
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    PipelineOptions,
    SetupOptions,
    _BeamArgumentParser,
)

from pipelines.evaluation_sets import EvaluationSetError
from pipelines.finish import ConservationError
from pipelines.limit import LimitExceededError
from pipelines.progress import show_progress
from pipelines.worker import close_translators
from schemas.command import FailedRunError, UsageError
from translators.translator import TranslationError

# The in-memory runner by its name: `DirectRunner` would first try to download another one.
LOCAL_RUNNER = "FnApiRunner"

_GO_ON = "Finished packets are in the memory: run the same command again to go on where it stopped."


def run_pipeline(
    construct: Callable[[beam.Pipeline], object], arguments: Sequence[str], progress: bool
) -> None:
    """Construct a pipeline, run it and wait for its end.

    Args:
        construct: Adds the steps.
        arguments: Beam's own options, as given behind `--`.
        progress: Whether to show progress on standard error.

    Raises:
        UsageError: If an option is unknown to Beam.
        FailedRunError: If the run failed; the message says why and how to go on.
    """
    options = beam_options(arguments)
    with show_progress(progress), explain_failures():
        pipeline = beam.Pipeline(options=options)
        construct(pipeline)
        try:
            pipeline.run().wait_until_finish()
        finally:
            close_translators()


def beam_options(arguments: Sequence[str]) -> PipelineOptions:
    """Return Beam's options; the local in-memory runner unless another is named."""
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--runner", default=LOCAL_RUNNER)
    runner = parser.parse_known_args(arguments)[0].runner
    unknown = [] if runner in {"PortableRunner", "FlinkRunner"} else _unknown(arguments)
    if unknown:
        raise UsageError(f"Beam has no option {' '.join(unknown)} (behind --)")
    options = PipelineOptions([*arguments, f"--runner={runner}"])
    options.view_as(SetupOptions).save_main_session = False
    return options


def _unknown(arguments: Sequence[str]) -> list[str]:
    """Return arguments no option class of Beam knows; a cluster may know more than we can see."""
    parser = _BeamArgumentParser(add_help=False, conflict_handler="resolve")
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    return parser.parse_known_args(list(arguments))[1]


@contextmanager
def explain_failures() -> Iterator[None]:
    """Turn what made a pipeline fail into one message that a person can act on.

    Beam wraps what a step raised into a RuntimeError; what is not foreseen here stays as it is,
    with its traceback.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        for cause in _causes(error):
            message = _explain(cause)
            if message:
                raise FailedRunError(message) from error
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _explain(cause: BaseException) -> str:
    """Return what to tell the user of a cause; empty when it explains nothing."""
    told = str(cause).split(" [while running", 1)[0]  # Beam adds the step
    if isinstance(cause, KeyboardInterrupt):
        return f"stopped. {_GO_ON}"
    if isinstance(cause, LimitExceededError | ConservationError | EvaluationSetError):
        return told
    if isinstance(cause, OSError):
        space = "Free some space. " if cause.errno == errno.ENOSPC else ""
        return f"{told}. {space}{_GO_ON}"
    if isinstance(cause, ValueError | TranslationError):
        return f"{told} {_GO_ON}"
    return ""
