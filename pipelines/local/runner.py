"""Beam's local runner, with its input in small bundles and its shuffles on disk.

Beam's own gives each stage all of its input at once and holds what comes out in memory. The graph
is the same and so are the results: nothing depends on what is in one bundle.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import partial
from queue import SimpleQueue
from typing import Any, Final

from apache_beam.metrics.monitoring_infos import consolidate
from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import BundleManager, FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler

from pipelines.local.buffers import Load, SpilledGroups, SpilledList, spilled_buffers

# Bytes of input in one bundle. What a bundle makes is held until it is finished.
BUNDLE_BYTES: Final = 8 << 20
# Every worker gets some bundles of each stage, so that none waits long for the others.
_BUNDLES_OF_WORKER: Final = 4
_LEAST_BYTES: Final = 64 << 10

_Result = tuple["beam_fn_api_pb2.InstructionResponse", list[Any]]


class LocalRunner(FnApiRunner):
    """Runs a pipeline on this machine, in bounded memory."""

    def __init__(self) -> None:
        super().__init__()
        self._there: set[str] = set()

    def run_pipeline(self, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as Beam's
        """Run a pipeline to its end."""
        with spilled_buffers():
            return super().run_pipeline(*arguments, **options)

    def _get_bundle_manager(self, bundle_context_manager: Any) -> Any:  # noqa: ANN401 - as Beam's
        self._wait_for(bundle_context_manager.worker_handlers)
        if bundle_context_manager.stage.is_stateful():
            return super()._get_bundle_manager(bundle_context_manager)
        return _SmallBundles(
            bundle_context_manager,
            self._progress_frequency,
            FnApiRunner.get_cache_token_generator(static=False),
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


class _SmallBundles(BundleManager):
    """Gives the input of one stage to the workers, a small bundle at a time."""

    def process_bundle(
        self,
        inputs: Mapping[str, Any],
        expected_outputs: Any,  # noqa: ANN401 - as Beam's
        fired_timers: Mapping[Any, Any],
        expected_output_timers: Any,  # noqa: ANN401 - as Beam's
        dry_run: bool = False,
    ) -> _Result:
        """Process all input of a stage; see Beam's `BundleManager`."""
        handlers = self.bundle_context_manager.worker_handlers
        idle: SimpleQueue[BundleManager] = SimpleQueue()
        for handler in handlers:
            idle.put(self._manager_of(handler))

        def process(bundle: tuple[str, Load]) -> _Result:
            manager = idle.get()
            try:
                content: dict[str, Any] = {name: [] for name in inputs}
                content[bundle[0]] = bundle[1]()
                result: _Result = manager.process_bundle(
                    content, expected_outputs, fired_timers, expected_output_timers, dry_run
                )
                return result
            finally:
                idle.put(manager)

        return _merge(_map(process, self._bundles(inputs, len(handlers)), len(handlers)))

    def _manager_of(self, handler: Any) -> BundleManager:  # noqa: ANN401 - a WorkerHandler
        """Return a bundle manager of Beam's that knows one worker."""
        context = copy(self.bundle_context_manager)
        context._worker_handlers = [handler]
        return BundleManager(context, self._progress_frequency, self._cache_token_generator)

    def _bundles(self, inputs: Mapping[str, Any], workers: int) -> list[tuple[str, Load]]:
        """Return the bundles of every input, or an empty one: a stage is run at least once."""
        bundles = [
            (name, load) for name, buffer in inputs.items() for load in _loads(buffer, workers)
        ]
        return bundles or [(next(iter(inputs)), list)]


def _loads(buffer: Any, workers: int) -> list[Load]:  # noqa: ANN401 - ours or one of Beam's
    if isinstance(buffer, SpilledList | SpilledGroups):
        return buffer.bundles(_bundle_size(buffer.size, workers))
    return [partial(list, buffer)]


def _bundle_size(size: int, workers: int) -> int:
    if workers == 1:
        return BUNDLE_BYTES
    return min(BUNDLE_BYTES, max(_LEAST_BYTES, size // (_BUNDLES_OF_WORKER * workers)))


def _map(
    process: Callable[[tuple[str, Load]], _Result],
    bundles: Sequence[tuple[str, Load]],
    workers: int,
) -> Iterator[_Result]:
    """Yield the results of all bundles, as many at a time as there are workers."""
    if workers == 1:
        yield from map(process, bundles)
        return
    executor = ThreadPoolExecutor(workers)
    try:
        yield from executor.map(process, bundles)
    finally:  # when one has failed, or at Ctrl-C, the others need not be run
        executor.shutdown(wait=False, cancel_futures=True)


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
