"""Run a pipeline: choose the runner and refuse unknown options."""

import argparse
import logging
from collections.abc import Callable, Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    PipelineOptions,
    SetupOptions,
    _BeamArgumentParser,
)

from pipelines.cluster_progress import follow
from pipelines.failures import explain_failures
from pipelines.progress import show_progress
from pipelines.worker import close_translators
from schemas.command import UsageError

# The in-memory runner by its name: `DirectRunner` would first try to download another one.
LOCAL_RUNNER = "FnApiRunner"


def run_pipeline(
    construct: Callable[[beam.Pipeline], object],
    arguments: Sequence[str],
    progress: bool,
    memory: Sequence[str] = (),
) -> None:
    """Construct a pipeline, run it and wait for its end.

    Args:
        construct: Adds the steps.
        arguments: Beam's own options, as given behind `--`.
        progress: Whether to show progress on standard error.
        memory: Folders in which the run saves packets, to be watched when it runs elsewhere.

    Raises:
        UsageError: If an option is unknown to Beam.
        FailedRunError: If the run failed; the message says why and how to go on.
    """
    options = beam_options(arguments)
    with show_progress(progress), explain_failures():
        pipeline = beam.Pipeline(options=options)
        construct(pipeline)
        try:
            result = pipeline.run()
            with follow(result, memory, progress):
                result.wait_until_finish()
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
