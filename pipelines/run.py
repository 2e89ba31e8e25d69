"""Run a pipeline: choose the runner and refuse unknown options."""

import argparse
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from difflib import get_close_matches
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    PipelineOptions,
    SetupOptions,
    StandardOptions,
    _BeamArgumentParser,
)

from pipelines.cluster_progress import follow
from pipelines.failures import explain_failures
from pipelines.io.loopback import only_loopback
from pipelines.io.progress import Progress, show_progress
from pipelines.local.choose import local_runner
from pipelines.local.processes import usable_cores
from pipelines.translation.worker import close_translators
from schemas.command import UsageError

# The in-memory runner by its name: `DirectRunner` would first try to download another one.
LOCAL_RUNNER = "FnApiRunner"
_LOCAL_RUNNERS: Final = frozenset({LOCAL_RUNNER, "DirectRunner", "BundleBasedDirectRunner"})
# These hand options on to a job server, which knows some that no class of Beam's in Python has.
_JOB_SERVER_RUNNERS: Final = frozenset({"PortableRunner", "FlinkRunner"})
_View = TypeVar("_View", bound=PipelineOptions)
# A slip of one or two letters is nearer to its option than this; what Flink's job server knows
# (`--max_bundle_size`) is further from every one of Beam's, and may not be taken for a slip.
_NEAR: Final = 0.9


class _Options(PipelineOptions):
    """Remembers its views: for each step of a pipeline Beam asks for some, and parses them anew."""

    def view_as(self, cls: type[_View]) -> _View:
        views = _views.setdefault(self, {})
        if cls not in views:
            views[cls] = super().view_as(cls)
        view: _View = views[cls]
        return view


# Beside the options, as what is in them goes to the workers.
_views: Final[WeakKeyDictionary[_Options, dict[type, Any]]] = WeakKeyDictionary()


def run_pipeline(
    construct: Callable[[beam.Pipeline], object],
    arguments: Sequence[str],
    progress: Progress | None = None,
    memory: Sequence[str] = (),
    keep_translators: bool = False,
) -> None:
    """Construct a pipeline, run it and wait for its end.

    Args:
        construct: Adds the steps.
        arguments: Beam's own options, as given behind `--`.
        progress: What to show on standard error while it runs; None for nothing.
        memory: Folders in which the run saves packets, to be watched when it runs elsewhere.
        keep_translators: Whether another run follows, which needs them.

    Raises:
        UsageError: If an option is unknown; see `beam_options`.
        FailedRunError: If the run failed; the message says why and how to go on.
    """
    options = beam_options(arguments)
    is_here = runs_here(options)
    is_ours = options.view_as(StandardOptions).runner == LOCAL_RUNNER
    with show_progress(progress), explain_failures(), only_loopback() if is_here else nullcontext():
        runner = local_runner(local_processes(arguments)) if is_ours else None
        pipeline = beam.Pipeline(runner, options=options)
        construct(pipeline)
        try:
            result = pipeline.run()
            with follow(result, memory, progress is not None):
                result.wait_until_finish()
        finally:
            if not keep_translators:
                close_translators()


def runs_here(options: PipelineOptions) -> bool:
    """Return whether a pipeline with these options runs on this machine."""
    return options.view_as(StandardOptions).runner in _LOCAL_RUNNERS


def beam_options(arguments: Sequence[str]) -> PipelineOptions:
    """Return Beam's options; the local in-memory runner unless another is named.

    Raises:
        UsageError: If an option is unknown to Beam. One that a job server may know is handed on,
            unless it looks like a slip.
    """
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--runner", default=LOCAL_RUNNER)
    runner = parser.parse_known_args(arguments)[0].runner
    _refuse_unknown(arguments, job_server=runner in _JOB_SERVER_RUNNERS)
    options = _Options([*arguments, f"--runner={runner}"])
    options.view_as(SetupOptions).save_main_session = False
    return options


def local_processes(arguments: Sequence[str]) -> int:
    """Return how many processes a local run may use: all cores, unless a number was given."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--direct_num_workers", type=int, default=0)
    return parser.parse_known_args(arguments)[0].direct_num_workers or usable_cores()


def _refuse_unknown(arguments: Sequence[str], job_server: bool) -> None:
    parser = _BeamArgumentParser(add_help=False, allow_abbrev=False, conflict_handler="resolve")
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    unknown = parser.parse_known_args(list(arguments))[1]
    meant = {argument: _nearest(argument, parser._option_string_actions) for argument in unknown}
    refused = [argument for argument in unknown if meant[argument] or not job_server]
    if refused:
        nearest = ", ".join(meant[argument] for argument in refused if meant[argument])
        hint = f"; did you mean {nearest}?" if nearest else ""
        raise UsageError(f"Beam has no option {' '.join(refused)} (behind --){hint}")


def _nearest(argument: str, known: Iterable[str]) -> str:
    """Return the option that was meant, or nothing where none is near."""
    if not argument.startswith("-"):
        return ""  # a value
    name = argument.partition("=")[0].lstrip("-").lower().replace("-", "_")
    return next(iter(get_close_matches(f"--{name}", known, n=1, cutoff=_NEAR)), "")
