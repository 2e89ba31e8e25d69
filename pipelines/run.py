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

from pipelines.errors import FailedRunError, UsageError
from pipelines.finish import ConservationError
from pipelines.limit import LimitExceededError
from pipelines.progress import show_progress
from pipelines.worker import close_translators

# The in-memory runner by its name: `DirectRunner` would first try to download another one.
LOCAL_RUNNER = "FnApiRunner"


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
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
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
    """Turn what made a pipeline fail into one message that a person can act on."""
    try:
        yield
    except (LimitExceededError, ConservationError) as error:
        raise FailedRunError(_first_line(error)) from error
    except OSError as error:
        full = error.errno == errno.ENOSPC
        advice = "Free some space and" if full else "Then"
        raise FailedRunError(
            f"{_first_line(error)}. {advice} run the same command again: finished packets are "
            "in the memory and are not translated twice."
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).split(" [while running", 1)[0].strip()
