"""What a whole build takes is told from what the stages of a small one took."""

import pytest

from pipelines.io.progress import advance, watch
from pipelines.local.speed import Speed, measure_gain
from pipelines.local.stage_times import StageTime, StageTimes, time_stages
from pipelines.plan import Work, forecast
from pipelines.rehearsal import Rehearsal
from pipelines.run import run_pipeline
from schemas.wording import duration


@pytest.fixture
def stages():
    return (
        StageTime("Read", 100, 1e6, bundles=[(0, 0.5), (0, 0.1), (50, 0.9), (50, 0.2)]),
        StageTime("Check", 20_000, 1e6, bundles=[(0, 0.1), (0, 0.1), (9000, 9.0), (11_000, 2.3)]),
        StageTime("Write", 0, 1e6, bundles=[(0, 0.3)]),
    )


@pytest.fixture
def rehearsal(stages):
    times = StageTimes(paced=True)
    times.stages += stages
    times.between = 1.0
    return Rehearsal(times, records=4, characters=1000, data=5000, anyhow=300)


def work(characters, stages):
    return Work(10, characters, 50, {}, (), {}, stages)


def test_a_stage_takes_some_time_anyhow_and_some_for_its_input_once_all_is_loaded(stages):
    read, check, write = stages
    assert (read.loading, read.anyhow) == (pytest.approx(0.4), 0.1)
    assert read.for_input == pytest.approx(0.2)
    assert check.for_input == pytest.approx(4.0)
    assert (write.loading, write.anyhow, write.for_input) == (0.0, 0.3, 0.0)


def test_the_whole_grows_with_the_text_and_processes_share_what_has_much_input(rehearsal):
    few = forecast(work(10_000, {}), rehearsal, Speed(one=1.0, all=2.0), processes=2)
    assert few.seconds == pytest.approx(0.5 + 10 * 0.2 + 0.1 + 10 * 4.0 + 0.3 + 1.0)
    many = forecast(work(100_000, {}), rehearsal, Speed(one=1.0, all=2.0), processes=2)
    assert many.seconds == pytest.approx(0.5 + 100 * 0.2 + 0.1 + 100 * 4.0 / 2 + 0.3 + 1.0)
    busy = forecast(work(10_000, {}), rehearsal, Speed(one=0.5, all=1.0), processes=2)
    assert busy.seconds == pytest.approx(2 * few.seconds)
    assert few.disk == 50_300
    assert many.memory - few.memory == pytest.approx(200_000_000 + 11 * 2 * 100_000 - 11 * 10_000)


def test_what_was_done_already_with_all_records_is_known_better_than_from_some(rehearsal):
    seen = work(10_000, {"Read": 7.0})
    whole = forecast(seen, rehearsal, Speed(), starting=2.0, translating=60.0)
    assert (whole.reading, whole.translating) == (9.0, 60.0)
    assert whole.writing == pytest.approx(0.1 + 10 * 4.0 + 0.3 + 1.0)


def test_the_outlook_of_a_build_has_the_pace_of_every_step_without_loading(rehearsal, stages):
    read, check, _ = stages
    read.done, check.done = {"read": 4}, {"validate": 4}
    outlook = rehearsal.outlook(3, 50, 10_000, Speed())
    assert outlook.paces["read"] == pytest.approx((0.1 + 10 * 0.2) / 50)
    assert outlook.paces["validate"] == pytest.approx((0.1 + 10 * 4.0) / 50)
    assert outlook.ending == 0.3


def test_stages_of_a_run_are_timed_in_some_bundles_behind_two_without_input():
    def construct(pipeline):
        import apache_beam as beam

        numbers = pipeline | beam.Create(range(400)) | "Once" >> beam.Reshuffle()
        return numbers | "Count" >> beam.Map(lambda _: advance("read", 1))

    with time_stages(paced=True) as times, watch(times.counts):
        run_pipeline(construct, ["--direct_num_workers=1"])
    (stage,) = [stage for stage in times.stages if stage.done]
    assert stage.name.startswith("Once/")
    assert stage.done == {"read": 400}
    sizes = [size for size, _ in stage.bundles]
    assert sizes[:2] == [0, 0] and len(sizes) >= 4
    assert min(sizes[2:]) > 0
    assert times.between > 0


def test_nothing_is_timed_where_nobody_asks():
    def construct(pipeline):
        import apache_beam as beam

        return pipeline | beam.Create(range(4))

    with time_stages() as times:
        pass
    run_pipeline(construct, [])
    assert times.stages == []


def test_the_speed_is_what_this_process_had_of_a_processor_times_what_others_add(rehearsal, stages):
    read, check, _ = stages
    read.wall, read.processor = 2.0, 1.0
    check.wall, check.processor = 2.0, 2.0
    assert rehearsal.speed(gain=1.8) == Speed(0.75, pytest.approx(1.35))


def test_processes_gain_something_over_one_or_nothing():
    assert measure_gain(1) == 1.0
    assert 1.0 <= measure_gain(2) <= 2.0


def test_times_are_told_as_a_person_says_them():
    told = [duration(seconds) for seconds in (59.4, 80, 660, 7500)]
    assert told == ["59 s", "1 min 20 s", "11 min", "2 h 05 min"]
