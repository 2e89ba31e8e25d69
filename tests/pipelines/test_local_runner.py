"""The local runner: small bundles, shuffles on disk, and the results of Beam's own runner."""

import errno
import random
from collections import defaultdict
from pathlib import Path
from threading import Thread

import apache_beam as beam
import pytest
from apache_beam import coders
from apache_beam.coders.coders import GlobalWindowCoder, WindowedValueCoder
from apache_beam.runners.portability.fn_api_runner.execution import GroupingBuffer
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    SubprocessSdkWorkerHandler,
)
from apache_beam.transforms.core import Windowing
from apache_beam.transforms.window import GlobalWindow, GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue
from hypothesis import given
from hypothesis import strategies as st

from pipelines.local import buffers, choose, runner, spill
from pipelines.local.buffers import SpilledGroups, SpilledList
from pipelines.local.choose import local_runner
from pipelines.local.runner import LocalRunner
from pipelines.local.spill import InMemory, Spill, SpillFile
from pipelines.run import run_pipeline

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


def windowed(value):
    return WindowedValue(value, 0, [GlobalWindow()])


def encoded(elements):
    return PAIRS.get_impl().encode_all([windowed(element) for element in elements])


def decoded(contents, coder):
    return [w.value for content in contents for w in coder.get_impl().decode_all(content)]


def groups_of(buffer, size=1000):
    loads = buffer.bundles(size) if isinstance(buffer, SpilledGroups) else [lambda: list(buffer)]
    found = [group for load in loads for group in decoded(load(), GROUPS)]
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
    assert [e for load in buffer.bundles(size) for e in decoded(load(), PAIRS)] == elements


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
    assert isinstance(local_runner(), LocalRunner)
    monkeypatch.setitem(choose._KNOWN, path, "self other")
    assert local_runner() is None
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


def results(runner, name):
    RESULTS[name].clear()
    with beam.Pipeline(runner) as pipeline:
        construct(pipeline) | "Keep" >> beam.Map(
            lambda e, name: RESULTS[name].append(repr(e)), name
        )
    return sorted(RESULTS[name])


@pytest.mark.usefixtures("small")
def test_a_graph_gives_the_results_of_beams_own_runner():
    assert results(LocalRunner(), "ours") == results(FnApiRunner(), "beam's")


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
