"""Options behind `--`: what is refused, and what a job server is left to judge."""

import logging
import pickle

import pytest
from apache_beam.options.pipeline_options import FlinkRunnerOptions
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability.portable_runner import JobServiceHandle

from pipelines.run import beam_options
from schemas.command import UsageError
from tandemqa import run

JOB_SERVER_RUNNERS = pytest.mark.parametrize("runner", ["PortableRunner", "FlinkRunner"])
# What Beam's job server for Flink knows, besides what Beam knows in Python.
FLINK_OPTIONS = (
    *("auto_watermark_interval", "checkpoint_timeout_millis", "checkpointing_interval"),
    *("checkpointing_mode", "disable_metrics", "execution_mode_for_batch", "faster_copy"),
    *("execution_retry_delay", "externalized_checkpoints_enabled", "fail_on_checkpointing_errors"),
    *("finish_bundle_before_checkpointing", "flink_conf_dir", "latency_tracking_interval"),
    *("max_bundle_size", "max_bundle_time_mills", "min_pause_between_checkpoints"),
    *("num_concurrent_checkpoints", "number_of_execution_retries", "object_reuse"),
    *("operator_chaining", "re_iterable_group_by_key_result", "report_checkpoint_duration"),
    *("retain_externalized_checkpoints_on_cancellation", "savepoint_path", "state_backend"),
    *("shutdown_sources_after_idle_ms", "state_backend_factory", "state_backend_storage_path"),
)


class JobServer:
    """Describes one option of its own, as a running one does when a job is submitted."""

    def DescribePipelineOptions(self, request, timeout):
        option = beam_job_api_pb2.PipelineOptionDescriptor(
            name="max_bundle_size", type=beam_job_api_pb2.PipelineOptionType.INTEGER
        )
        return beam_job_api_pb2.DescribePipelineOptionsResponse(options=[option])


def test_a_mistyped_option_ends_a_build_for_flink_before_any_work(tmp_path, questions, capsys):
    source = questions({"question": "Who?", "passage": "It was Ann."})
    places = ["--input", source, "--output", str(tmp_path / "corpus"), "--languages", "es"]
    with pytest.raises(SystemExit, match="2"):
        run(["build", *places, "--", "--runner=FlinkRunner", "--flink_mastr=localhost:8081"])
    errors = capsys.readouterr().err
    assert "no option --flink_mastr=localhost:8081" in errors
    assert "did you mean --flink_master?" in errors
    assert not (tmp_path / "corpus").exists()


@JOB_SERVER_RUNNERS
@pytest.mark.parametrize(
    ("slip", "meant"),
    [
        ("--paralelism=4", "--parallelism"),
        ("--job_endpont=localhost:8099", "--job_endpoint"),
        ("--enviroment_type=EXTERNAL", "--environment_type"),
        ("--flink_mast=localhost:8081", "--flink_master"),
        ("--flink-master=localhost:8081", "--flink_master"),
        ("--flinkMaster=localhost:8081", "--flink_master"),
        ("-parallelism=4", "--parallelism"),
    ],
)
def test_a_slip_is_refused_with_what_was_meant_where_a_job_server_runs(runner, slip, meant):
    with pytest.raises(UsageError, match=f"{slip} .*did you mean {meant}"):
        beam_options([f"--runner={runner}", slip])


@JOB_SERVER_RUNNERS
@pytest.mark.parametrize("option", FLINK_OPTIONS)
def test_no_option_of_flinks_job_server_is_taken_for_a_slip(runner, option):
    beam_options([f"--runner={runner}", f"--{option}", "1"])


def test_an_option_that_only_the_job_server_knows_reaches_it():
    options = beam_options(["--runner=FlinkRunner", "--max_bundle_size=7", "--parallelism=2"])
    told = JobServiceHandle(JobServer(), options).get_pipeline_options()
    assert told["beam:option:max_bundle_size:v1"] == "7"
    assert told["beam:option:parallelism:v1"] == "2"
    assert options.view_as(FlinkRunnerOptions).parallelism == 2


def test_an_unknown_option_is_refused_where_no_job_server_could_know_it():
    with pytest.raises(UsageError, match=r"no option --max_bundle_size=7 \(behind --\)$"):
        beam_options(["--max_bundle_size=7"])


def test_all_unknown_options_are_told_at_once():
    arguments = ["--direct_num_worker=2", "--nothing", "--max_num_workrs=3"]
    with pytest.raises(UsageError) as refused:
        beam_options(arguments)
    assert all(argument in str(refused.value) for argument in arguments)
    assert "did you mean --direct_num_workers, --max_num_workers?" in str(refused.value)


def test_views_of_options_are_made_once_and_agree():
    options = beam_options(["--flink_version=1.20"])
    view = options.view_as(FlinkRunnerOptions)
    assert options.view_as(FlinkRunnerOptions) is view
    view.flink_version = "2.0"
    assert options.get_all_options()["flink_version"] == "2.0"
    other = pickle.loads(pickle.dumps(options)).view_as(FlinkRunnerOptions)
    assert other.flink_version == "2.0"


def test_waiting_for_a_job_server_is_not_told(caplog):
    assert run(["--version"]) == 0
    for message in ("Waiting for grpc channel to be ready at %s.", "No space left on %s."):
        logging.getLogger().handle(
            logging.LogRecord("root", logging.WARNING, "", 0, message, ("there",), None)
        )
    assert caplog.messages == ["No space left on there."]
