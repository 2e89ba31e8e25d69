"""Our own local runner where Beam is as it knows it from the inside, else Beam's."""

import logging
from inspect import signature
from typing import Any, Final

import apache_beam as beam

logger = logging.getLogger(__name__)

# What is overridden or called beyond Beam's public interface, with its parameters; all of it was
# the same from 2.72 to 2.77.
_KNOWN: Final = {
    "fn_runner.FnApiRunner._get_bundle_manager": "self bundle_context_manager",
    "fn_runner.FnApiRunner.get_cache_token_generator": "static",
    "fn_runner.BundleManager.__init__": (
        "self bundle_context_manager progress_frequency cache_token_generator split_managers"
    ),
    "fn_runner.BundleManager.process_bundle": (
        "self inputs expected_outputs fired_timers expected_output_timers dry_run"
    ),
    "execution.ListBuffer.__init__": "self coder_impl",
    "execution.ListBuffer.copy": "self",
    "execution.ListBuffer.extend": "self extra",
    "execution.GroupingBuffer.__init__": "self pre_grouped_coder post_grouped_coder windowing",
    "execution.GroupingBuffer.append": "self elements_data",
    "execution.GroupingBuffer.extend": "self input_buffer",
    "execution.GroupingBuffer.partition": "self n",
    "execution.BundleContextManager.get_buffer": "self buffer_id transform_id",
    "statesampler.StateSampler.start": "self",
    "statesampler.StateSampler.stop": "self",
    "worker_handlers.ControlConnection.push": "self req",
    "worker_handlers.ControlFuture.get": "self timeout",
}


def local_runner(processes: int) -> Any:  # noqa: ANN401 - a runner of Beam's, which has no types
    """Return what runs a pipeline on this machine.

    A version of Beam that is not known from the inside has its own runner: the results are the
    same, but everything is held in memory.

    Args:
        processes: How many may work at the same time.
    """
    try:
        unknown = [path for path, names in _KNOWN.items() if _parameters(path) != names]
    except (ImportError, AttributeError) as error:
        unknown = [str(error)]
    if unknown:
        logger.warning(
            "Beam %s is not known from the inside (%s): its local runner holds everything in "
            "memory. For large inputs install a version that constraints.txt names.",
            *(beam.__version__, ", ".join(unknown)),
        )
        return None
    from pipelines.local.runner import LocalRunner  # imports what was looked for above

    return LocalRunner(processes)


def _parameters(path: str) -> str:
    from apache_beam.runners.portability.fn_api_runner import execution, fn_runner, worker_handlers
    from apache_beam.runners.worker import statesampler

    module, kind, name = path.split(".")
    known = (execution, fn_runner, statesampler, worker_handlers)
    modules = {m.__name__.rpartition(".")[2]: m for m in known}
    found = modules[module]
    return " ".join(signature(getattr(getattr(found, kind), name)).parameters)
