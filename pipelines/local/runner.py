"""Beam's local runner, with its input in small bundles and its shuffles on disk.

Beam's own gives each stage all of its input at once and holds what comes out in memory. The graph
is the same and so are the results: nothing depends on what is in one bundle.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from functools import partial
from itertools import chain
from queue import SimpleQueue
from typing import Any, Final

from apache_beam.metrics.monitoring_infos import consolidate
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import BundleManager, FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler

from pipelines.local.buffers import Load, SpilledGroups, SpilledList, spilled_buffers
from pipelines.local.forks import Work, run_in_forks
from pipelines.local.processes import as_many_as_fit, bytes_worth_forks
from pipelines.local.stage_times import bundle_bytes, is_paced, timed_bundle, timed_stage
from pipelines.local.state_sampler import no_state_sampler

# Bytes of input in one bundle. What a bundle makes is held until it is finished.
BUNDLE_BYTES: Final = 8 << 20
# Every worker gets some bundles of each stage, so that none waits long for the others.
_BUNDLES_OF_WORKER: Final = 16
_LEAST_BYTES: Final = 64 << 10
# So many more objects than before, and Python searches for garbage.
_NEW_OBJECTS: Final = 20_000

_Bundle = tuple[str, Load]
_Result = tuple["beam_fn_api_pb2.InstructionResponse", list[Any]]


class LocalRunner(FnApiRunner):
    """Runs a pipeline on this machine, in bounded memory.

    Args:
        processes: How many may work at the same time on what takes long.
    """

    def __init__(self, processes: int = 1) -> None:
        super().__init__()
        self._processes = processes
        self._there: set[str] = set()

    def run_pipeline(self, pipeline: Any, options: PipelineOptions) -> Any:  # noqa: ANN401
        """Run a pipeline to its end; forks are ours, other kinds of workers are Beam's."""
        direct = options.view_as(DirectOptions)
        if direct.direct_running_mode == "in_memory":
            direct.direct_num_workers = 1
        else:
            self._processes = 1
        with _little_garbage_collection(), no_state_sampler(), spilled_buffers():
            return super().run_pipeline(pipeline, options)

    def _get_bundle_manager(self, bundle_context_manager: Any) -> Any:  # noqa: ANN401 - as Beam's
        self._wait_for(bundle_context_manager.worker_handlers)
        if bundle_context_manager.stage.is_stateful():
            return super()._get_bundle_manager(bundle_context_manager)
        return _SmallBundles(
            bundle_context_manager,
            self._progress_frequency,
            FnApiRunner.get_cache_token_generator(static=False),
            self._processes,
        )

    def _wait_for(self, handlers: Iterable[Any]) -> None:
        """Go on when all workers in threads and processes of their own have answered once.

        A small bundle may need only one of them, and Beam waits for ever at the end of a run for
        a worker that comes when all is done.
        """
        for handler in handlers:
            is_apart = isinstance(handler, GrpcWorkerHandler)
            if is_apart and handler.worker_id not in self._there:
                question = beam_fn_api_pb2.HarnessMonitoringInfosRequest()
                request = beam_fn_api_pb2.InstructionRequest(harness_monitoring_infos=question)
                handler.control_conn.push(request).get()
                self._there.add(handler.worker_id)


@contextmanager
def _little_garbage_collection() -> Iterator[None]:
    """Search less often for objects that refer to each other, of which steps make next to none.

    What is loaded is not searched at all. Otherwise a tenth of the time goes into it.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _SmallBundles(BundleManager):
    """Gives the input of one stage to the workers, a small bundle at a time."""

    def __init__(
        self,
        context: Any,  # noqa: ANN401 - a BundleContextManager
        progress_frequency: float | None,
        cache_tokens: Any,  # noqa: ANN401 - an iterator of Beam's
        processes: int,
    ) -> None:
        super().__init__(context, progress_frequency, cache_tokens)
        self._processes = processes

    def process_bundle(
        self,
        inputs: Mapping[str, Any],
        expected_outputs: Any,  # noqa: ANN401 - as Beam's
        fired_timers: Mapping[Any, Any],
        expected_output_timers: Any,  # noqa: ANN401 - as Beam's
        dry_run: bool = False,
    ) -> _Result:
        """Process all input of a stage; see Beam's `BundleManager`."""

        def process(context: Any, bundle: _Bundle) -> _Result:  # noqa: ANN401
            content: dict[str, Any] = {name: [] for name in inputs}
            with timed_bundle() as sizes:
                content[bundle[0]] = bundle[1].read()
                sizes.extend(map(len, content[bundle[0]]))
                result: _Result = BundleManager(
                    context, self._progress_frequency, self._cache_token_generator
                ).process_bundle(
                    content, expected_outputs, fired_timers, expected_output_timers, dry_run
                )
            return result

        context = self.bundle_context_manager
        nothing: _Bundle = (next(iter(inputs)), Load(0, list))
        worth = bytes_worth_forks(context.stage.transforms)
        size = sum(map(_size, inputs.values()))
        with timed_stage(context.stage.transforms, size, worth):
            if self._processes > 1 and size >= worth:
                bundles = _bundles(inputs, self._processes, least=min(worth, _LEAST_BYTES))
                # Here steps are loaded, and what they load in `setup`: once for all forks.
                prepared = process(context, nothing)
                made = self._run_in_forks(process, bundles)
                return _merge(chain([prepared], made))
            bundles = [nothing] * 2 if is_paced(size) else []
            bundles += _bundles(inputs, len(context.worker_handlers))
            # A stage is run at least once.
            return _merge(_run_in_workers(context, process, bundles or [nothing]))

    def _run_in_forks(
        self, process: Callable[[Any, _Bundle], _Result], bundles: Sequence[_Bundle]
    ) -> Iterator[_Result]:
        """Return the results of all bundles, from as many forks as fit into the memory."""
        fit = as_many_as_fit(max(load.size for _, load in bundles))
        work = Work(self.bundle_context_manager, process, bundles)
        return run_in_forks(work, min(self._processes, fit))


def _bundles(inputs: Mapping[str, Any], workers: int, least: float = _LEAST_BYTES) -> list[_Bundle]:
    """Return the bundles of every input, of at least so many bytes where there are as many."""
    return [
        (name, load) for name, buffer in inputs.items() for load in _loads(buffer, workers, least)
    ]


def _run_in_workers(
    context: Any,  # noqa: ANN401 - a BundleContextManager
    process: Callable[[Any, _Bundle], _Result],
    bundles: Sequence[_Bundle],
) -> Iterator[_Result]:
    """Yield the results of all bundles, as many at a time as Beam has workers."""
    handlers = context.worker_handlers
    if len(handlers) == 1:
        for bundle in bundles:
            yield process(context, bundle)
        return
    idle: SimpleQueue[Any] = SimpleQueue()
    for handler in handlers:
        own = copy(context)
        own._worker_handlers = [handler]
        idle.put(own)

    def process_when_idle(bundle: _Bundle) -> _Result:
        own = idle.get()
        try:
            return process(own, bundle)
        finally:
            idle.put(own)

    executor = ThreadPoolExecutor(len(handlers))
    try:
        yield from executor.map(process_when_idle, bundles)
    finally:  # when one has failed, or at Ctrl-C, the others need not be run
        executor.shutdown(wait=False, cancel_futures=True)


def _size(buffer: Any) -> int:  # noqa: ANN401 - ours or one of Beam's
    return buffer.size if isinstance(buffer, SpilledList | SpilledGroups) else 0


def _loads(buffer: Any, workers: int, least: float) -> list[Load]:  # noqa: ANN401 - as above
    if isinstance(buffer, SpilledList | SpilledGroups):
        return buffer.bundles(_bundle_size(buffer.size, workers, least))
    return [Load(0, partial(list, buffer))]


def _bundle_size(size: int, workers: int, least: float) -> int:
    if workers == 1:
        return bundle_bytes(size, BUNDLE_BYTES)
    return min(BUNDLE_BYTES, max(int(least), size // (_BUNDLES_OF_WORKER * workers)))


def _merge(results: Iterable[_Result]) -> _Result:
    """Return the results of many bundles as those of one."""
    merged, all_splits = beam_fn_api_pb2.InstructionResponse(), []
    for result, splits in results:
        all_splits += splits
        done, new = merged.process_bundle, result.process_bundle
        infos = list(consolidate([*new.monitoring_infos, *done.monitoring_infos]))
        done.residual_roots.extend(new.residual_roots)
        del done.monitoring_infos[:]
        done.monitoring_infos.extend(infos)
    return merged, all_splits
