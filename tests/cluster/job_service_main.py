"""Beam's local job service, except that a job gets as many workers as it asks for."""

import argparse
import signal
import sys

from apache_beam.options.pipeline_options import DirectOptions
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.runners.portability.local_job_service import BeamJob, LocalJobServicer
from apache_beam.runners.runner import PipelineResult


class ManyWorkersJob(BeamJob):
    """A job on `--direct_num_workers` workers; Beam's own job service gives each job one."""

    def _invoke_runner(self) -> PipelineResult:
        self.set_state(beam_job_api_pb2.JobState.RUNNING)
        options = self.pipeline_options()
        runner = FnApiRunner(provision_info=self._provision_info)
        runner._num_workers = int(options.view_as(DirectOptions).direct_num_workers)
        return runner.run_via_runner_api(self._pipeline_proto, options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where jobs are taken")
    parser.add_argument("--staging_dir", required=True, help="folder for staged files")
    options = parser.parse_args()
    service = LocalJobServicer(options.staging_dir, ManyWorkersJob)
    service.start_grpc_server(options.port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pause()


if __name__ == "__main__":
    import logging

    logging.basicConfig(level=logging.INFO)
    main()
