"""The local runner: small bundles, shuffles on disk, and the results of Beam's own runner."""

import errno
import gc
import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from ast import literal_eval
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path
from threading import Thread

import apache_beam as beam
import psutil
import pytest
from apache_beam import coders
from apache_beam.coders.coders import GlobalWindowCoder, WindowedValueCoder
from apache_beam.metrics.metric import Metrics
from apache_beam.runners.portability.fn_api_runner.execution import GroupingBuffer
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    SubprocessSdkWorkerHandler,
)
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.core import Windowing
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ingest.failure_limit import LimitExceededError
from pipelines.io.progress import Progress, advance, watch
from pipelines.local import buffers, choose, processes, runner, spill
from pipelines.local.buffers import SpilledGroups, SpilledList
from pipelines.local.choose import local_runner
from pipelines.local.forks import run_in_forks
from pipelines.local.processes import in_all_processes, in_one_process
from pipelines.local.runner import LocalRunner
from pipelines.local.spill import InMemory, Spill, SpillFile
from pipelines.run import run_pipeline
from schemas.command import FailedRunError
from schemas.notices import collect_notices

KV = coders.TupleCoder([coders.BytesCoder(), coders.BytesCoder()])
PAIRS = WindowedValueCoder(KV, GlobalWindowCoder())
GROUPS = WindowedValueCoder(
    coders.TupleCoder([coders.BytesCoder(), coders.IterableCoder(coders.BytesCoder())]),
    GlobalWindowCoder(),
)
pairs = st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=300)))


@pytest.fixture
def small(monkeypatch):
    """Everything is spilled and bundles hold a few elements, as if the data were large."""
    monkeypatch.setattr(spill, "KEPT_BYTES", 200)
    monkeypatch.setattr(runner, "BUNDLE_BYTES", 300)
    monkeypatch.setattr(runner, "_LEAST_BYTES", 300)
    monkeypatch.setattr(processes, "FORK_BYTES", 1)


def windowed(value):
    return WindowedValue(value, 0, [GlobalWindow()])


def encoded(elements):
    return PAIRS.get_impl().encode_all([windowed(element) for element in elements])


def decoded(contents, coder):
    return [w.value for content in contents for w in coder.get_impl().decode_all(content)]


def groups_of(buffer, size=1000):
    if isinstance(buffer, SpilledGroups):
        contents = [load.read() for load in buffer.bundles(size)]
    else:
        contents = [list(buffer)]
    found = [group for content in contents for group in decoded(content, GROUPS)]
    assert len({key for key, _ in found}) == len(found)  # no key is in two bundles
    return {key: sorted(values) for key, values in found}


@given(pairs, pairs)
def test_groups_on_disk_are_those_of_beams_own_buffer(first, second):
    arguments = (PAIRS, GROUPS, Windowing(GlobalWindows()))
    ours, other, theirs = (
        SpilledGroups(*arguments),
        SpilledGroups(*arguments),
        GroupingBuffer(*arguments),
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(spill, "KEPT_BYTES", 100)
        ours.append(encoded(first))
        other.append(encoded(second))
        ours.extend(other)
    theirs.append(encoded(first + second))
    assert groups_of(ours) == groups_of(theirs)


def test_what_came_in_many_pieces_goes_on_in_few():
    buffer = SpilledList(PAIRS.get_impl())
    for number in range(300):
        buffer.append(encoded([(b"key %d" % number, b"")]))
    assert len(buffer.bundles(1000)) <= 2 * buffer.size / 1000


def names_of_threads(_):
    return sorted(thread.name.partition(" ")[2] for thread in threading.enumerate())


def test_no_bundle_waits_for_a_thread_that_measures_steps():
    for one, waits in ((LocalRunner(), False), (FnApiRunner(), True)):
        with beam.Pipeline(one) as pipeline:
            names = pipeline | beam.Create([1]) | beam.Map(names_of_threads)
            measured = names | "Measured" >> beam.Map(lambda found: "(run)" in found)
            assert_that(measured, equal_to([waits]))


def test_a_run_leaves_the_search_for_garbage_as_it_was():
    before = gc.get_threshold()
    with beam.Pipeline(LocalRunner()) as pipeline:
        raised = pipeline | beam.Create(before[:1]) | beam.Map(lambda n: gc.get_threshold()[0] > n)
        assert_that(raised, equal_to([True]))
    assert gc.get_threshold() == before


@given(pairs, st.integers(1, 500))
def test_bundles_of_a_list_are_its_elements_in_order(elements, size):
    buffer = SpilledList(PAIRS.get_impl())
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(spill, "KEPT_BYTES", 100)
        for start in range(0, len(elements), 7):
            buffer.append(encoded(elements[start : start + 7]))
    copy = buffer.copy()
    copy.append(encoded([(b"more", b"")]))
    assert decoded(buffer, PAIRS) == elements
    loads = buffer.bundles(size)
    assert [e for load in loads for e in decoded(load.read(), PAIRS)] == elements
    assert sum(load.size for load in loads) == buffer.size


def test_little_stays_in_memory_and_no_file_has_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(spill, "KEPT_BYTES", 10_000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    spilled, kept = Spill(8), []
    for number in range(1000):
        spilled.add(number % 8, random.Random(number).randbytes(1000))
        blocks = [block for part in spilled.blocks() for block in part]
        kept.append(sum(block.size for block in blocks if isinstance(block, InMemory)))
    assert spilled.size == 1_000_000
    assert max(kept) <= 10_000
    assert not list(tmp_path.iterdir())


def test_a_full_disk_names_the_folder_and_what_to_type(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/small")
    monkeypatch.setattr("tempfile.tempdir", "/small")
    with Path("/dev/full").open("r+b", buffering=0) as full:
        monkeypatch.setattr(spill, "TemporaryFile", lambda dir: full)
        with pytest.raises(OSError, match="temporary files in /small; set TMPDIR") as failure:
            SpillFile().write(b"text")
    assert failure.value.errno == errno.ENOSPC


@pytest.mark.parametrize("path", ["execution.ListBuffer.gone", "execution.ListBuffer.copy"])
def test_a_beam_that_is_not_known_runs_with_its_own_runner(path, monkeypatch, caplog):
    assert isinstance(local_runner(1), LocalRunner)
    monkeypatch.setitem(choose._KNOWN, path, "self other")
    assert local_runner(1) is None
    assert "not known" in caplog.text and "in memory" in caplog.text


def construct(pipeline):
    """Add steps with all that our graph has: joins, side inputs, tags, a list read twice."""
    numbers = pipeline | beam.Create(range(500)) | beam.Reshuffle()
    texts = numbers | "Texts" >> beam.Map(lambda n: (n % 50, str(n) * 20))
    total = texts | "Count" >> beam.combiners.Count.Globally()
    tagged = numbers | "Tag" >> beam.FlatMap(
        lambda n, total: [n, beam.pvalue.TaggedOutput("odd", total)] if n % 2 else [n],
        beam.pvalue.AsSingleton(total),
    ).with_outputs("odd", main="all")
    joined = (
        {"texts": texts, "numbers": tagged.all | "Key" >> beam.Map(lambda n: (n % 50, n))}
        | beam.CoGroupByKey()
        | "Sort" >> beam.MapTuple(lambda k, v: (k, sorted(v["texts"]), sorted(v["numbers"])))
    )
    twice = (joined, joined, tagged.odd) | beam.Flatten()
    nothing = (
        pipeline | "Nothing" >> beam.Create([]) | "CountNone" >> beam.combiners.Count.Globally()
    )
    return (twice, nothing) | "All" >> beam.Flatten()


RESULTS: dict[str, list[str]] = defaultdict(list)


def keep(element, name):
    RESULTS[name].append(repr(element))


def results(runner, name, construct=construct):
    RESULTS[name].clear()
    with beam.Pipeline(runner) as pipeline:
        made = construct(pipeline) | "Here" >> beam.Reshuffle()
        with in_one_process():
            made | "Keep" >> beam.Map(keep, name)
    return sorted(RESULTS[name])


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", [1, 3])
def test_a_graph_gives_the_results_of_beams_own_runner(count):
    assert results(LocalRunner(count), "ours") == results(FnApiRunner(), "beam's")


class Which(beam.DoFn):
    """Tell the process that works, and the one in which this step was set up."""

    def setup(self):
        self.set_up_in = os.getpid()

    def process(self, number):
        advance("validate", 1)
        Metrics.counter("test", "processed").inc()
        yield os.getpid(), self.set_up_in


def processes_of(count, mark=nullcontext):
    def construct(pipeline):
        numbers = pipeline | beam.Create(range(200)) | beam.Reshuffle()
        with mark():
            return numbers | "Which" >> beam.ParDo(Which())

    found = results(LocalRunner(count), "which", construct)
    assert len(found) == 200
    return set(map(literal_eval, found))


HERE = {(os.getpid(), os.getpid())}


@pytest.mark.usefixtures("small")
def test_steps_run_in_forks_but_not_those_that_must_be_here():
    done = Progress()
    with watch(done):
        forks = processes_of(3)
    assert os.getpid() not in {pid for pid, _ in forks}
    assert len(forks) <= 3
    assert {set_up_in for _, set_up_in in forks} == {os.getpid()}
    assert "200 records" in done.line()
    assert processes_of(3, in_one_process) == HERE
    assert processes_of(1) == HERE


def test_little_input_is_shared_only_if_it_is_much_work():
    assert processes_of(3) == HERE
    assert os.getpid() not in {pid for pid, _ in processes_of(3, in_all_processes)}


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("free", "together"), [(None, 3), (40 << 30, 8), (8 << 30, 3), (4 << 30, 2), (1 << 30, 1)]
)
def test_no_more_processes_work_at_a_time_than_fit_into_the_memory(free, together, monkeypatch):
    started = []
    monkeypatch.setattr(processes, "_MEMORY_OF_ONE", 1_000_000_000)
    monkeypatch.setattr(processes, "available_memory", lambda: free)
    monkeypatch.setattr(
        runner, "run_in_forks", lambda work, most: started.append(most) or run_in_forks(work, most)
    )
    with beam.Pipeline(LocalRunner(8)) as pipeline:
        numbers = pipeline | beam.Create(range(100)) | beam.Map(lambda n: (n % 9, n))
        numbers | beam.GroupByKey() | beam.Map(len)
    assert set(started) == {together}


def test_a_large_shard_is_written_by_fewer_processes(monkeypatch):
    monkeypatch.setattr(processes, "available_memory", lambda: 8 << 30)
    assert 1 <= processes.as_many_as_fit(40 << 20) < processes.as_many_as_fit(8 << 20)
    assert processes.as_many_as_fit(1 << 40) == 1


@pytest.mark.usefixtures("small")
def test_counters_of_forks_are_counted():
    with beam.Pipeline(LocalRunner(3)) as pipeline:
        pipeline | beam.Create(range(200)) | beam.Reshuffle() | beam.ParDo(Which())
    (counter,) = pipeline.result.metrics().query()["counters"]
    assert counter.result == 200


def warn(number):
    try:
        raise LimitExceededError(f"{number} records failed")
    except LimitExceededError as error:
        logging.getLogger("test").warning("%d: %s", number, error, exc_info=True)


@pytest.mark.usefixtures("small")
def test_what_forks_log_is_told_by_the_process_that_was_started(caplog):
    with collect_notices() as notices:
        run_on_numbers(warn, 2)
    assert len(caplog.records) == 200
    assert "7: 7 records failed\nTraceback" in caplog.text
    (line,) = notices.lines()
    assert line.endswith("records failed (and 199 more like it)")


@pytest.fixture
def no_forks_left():
    before = psutil.Process().children()
    yield
    assert psutil.Process().children() == before


def be_killed(number):
    os.kill(os.getpid(), signal.SIGKILL)


def fill_disk(number):
    raise OSError(errno.ENOSPC, "no space left in /data")


def find_no_number(number):
    raise LimitExceededError("3 of 5 records failed")


def find_a_fault(number):
    raise KeyError("no such number")


def run_on_numbers(step, processes):
    def construct(pipeline):
        numbers = pipeline | beam.Create(range(200)) | beam.Reshuffle()
        return numbers | "Step" >> beam.Map(step)

    run_pipeline(construct, [f"--direct_num_workers={processes}"])


@pytest.mark.usefixtures("small", "no_forks_left")
@pytest.mark.parametrize("step", [fill_disk, find_no_number, find_a_fault])
def test_a_failure_in_a_fork_is_explained_as_in_one_process(step):
    with pytest.raises(FailedRunError) as told:
        run_on_numbers(step, 1)
    with pytest.raises(FailedRunError) as told_by_fork:
        run_on_numbers(step, 2)
    assert str(told_by_fork.value) == str(told.value)


@pytest.mark.usefixtures("small", "no_forks_left")
def test_a_fork_that_was_killed_ends_the_run_with_how_to_go_on():
    told = r"worker .* is lost: signal 9.*--direct_num_workers=1.*run the same command"
    with pytest.raises(FailedRunError, match=told):
        run_on_numbers(be_killed, 2)


@pytest.mark.usefixtures("small", "no_forks_left")
def test_a_machine_without_room_for_another_process_says_so(monkeypatch):
    fork, started = os.fork, []

    def fork_once():
        if started:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        started.append(fork())
        return started[0]

    monkeypatch.setattr(os, "fork", fork_once)
    with pytest.raises(FailedRunError, match="Cannot allocate memory"):
        run_on_numbers(str, 2)
    assert started


WAIT_FOR_EVER = """
import os, sys, time
import apache_beam as beam
from pipelines.local import processes
from pipelines.run import run_pipeline
from schemas.command import FailedRunError
from schemas.notices import collect_notices

def wait(number):
    open(f"{sys.argv[1]}/{os.getpid()}", "w").close()
    time.sleep(10_000)

processes.FORK_BYTES = 1
run_pipeline(
    lambda p: p | beam.Create(range(200)) | beam.Reshuffle() | beam.Map(wait),
    ["--direct_num_workers=2"],
)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_forks_end_with_the_process_that_was_started(number, tmp_path):
    command = [sys.executable, "-c", WAIT_FOR_EVER, str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: list(tmp_path.iterdir()))
        process.send_signal(number)
        errors = process.communicate()[1]
    forks = [int(path.name) for path in tmp_path.iterdir()]
    wait_until(lambda: not any(map(psutil.pid_exists, forks)))
    assert ("stopped. Finished packets" in errors) == (number == signal.SIGINT)


def wait_until(true):
    while not true():
        time.sleep(0.05)


@pytest.mark.usefixtures("small")
def test_bundles_are_small_however_much_there_is(monkeypatch):
    sizes = []
    load = buffers.SpilledGroups._group

    def group(self, blocks):
        sizes.append(spill.total_size(blocks))
        return load(self, blocks)

    monkeypatch.setattr(buffers.SpilledGroups, "_group", group)
    for count in (1_000, 4_000):
        sizes.clear()
        with beam.Pipeline(LocalRunner()) as pipeline:
            numbers = pipeline | beam.Create(range(count)) | beam.Map(lambda n: (n, "text" * 20))
            numbers | beam.GroupByKey()
        assert sum(sizes) > 80 * count
        assert max(sizes) < 3 * sum(sizes) / buffers.PARTS + 300


def test_a_worker_that_comes_late_is_waited_for_before_the_work_is_done(monkeypatch):
    """It is not needed for so little; Beam would wait for it at the end, and it for Beam."""
    start = SubprocessSdkWorkerHandler.start_worker
    late: list[bool] = []

    def start_late(self):
        if late:
            self._worker_command_line = b"sleep 3 && " + self._worker_command_line
        late.append(True)
        start(self)

    monkeypatch.setattr(SubprocessSdkWorkerHandler, "start_worker", start_late)
    options = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    run = Thread(target=run_pipeline, args=(lambda p: p | beam.Create([1]), options), daemon=True)
    run.start()
    run.join(120)
    assert not run.is_alive()
    assert len(late) == 2
